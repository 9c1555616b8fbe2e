"""What is kept of a sample: renders, volumes, planes; as arrays of bytes that training maps into memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from defacto import render
from defacto.anatomy.resample import carry
from defacto.render.looks import to_bytes
from defacto.simulate.group import Sample
from defacto.simulate.nearest import carry_labels
from defacto.simulate.outcome import result_of
from defacto.simulate.recipe import Recipe
from defacto.simulate.scene import Scene
from defacto.types import FloatVolume, Grid

Arrays = dict[str, npt.NDArray[np.uint8]]
_PLANE_PX = 256


def arrays_of(recipe: Recipe, scene: Scene, sample: Sample) -> Arrays:
    """Return what a recipe keeps of a sample, by name.

    ``renders``: ``shade`` and ``depth``, shape (views, rows, columns), by the codes of
    `defacto.render.surface`; ``slice``, the plane through the middle of the head, front to the left.
    ``volumes``: ``volume``, 0 to 255, along right, anterior, superior; with labels also ``structures`` and
    ``features`` of the intact head and ``removed``.
    ``planes``: ``planes``, shape (6, 256, 256), the mean and the middle slice along each axis.

    Parameters
    ----------
    recipe : Recipe
        What is wanted.
    scene : Scene
        The made head.
    sample : Sample
        One of its outcomes.
    """
    return _STORES[recipe.store](recipe, scene, sample)


def _renders(recipe: Recipe, scene: Scene, sample: Sample) -> Arrays:
    scan = result_of(scene, sample.made)
    looks = render.look(
        scan.volume,
        scan.grid,
        views=recipe.views,
        rows=recipe.size_px,
        columns=recipe.columns_px,
        slice_px=recipe.slice_px,
    )
    return {"shade": looks.shade, "depth": looks.depth, "slice": looks.slice}


def _volumes(recipe: Recipe, scene: Scene, sample: Sample) -> Arrays:
    scan = result_of(scene, sample.made)
    grid = _frame(scan.grid, recipe.voxel_mm, recipe.shape)
    found = {"volume": to_bytes(carry(scan.volume, scan.grid, grid, np.eye(4)), scan.volume)}
    if recipe.labels:
        maps: Mapping[str, Any] = {
            "structures": scene.head.structures,
            "features": np.where(np.abs(scene.head.surface_mm) < 6, scene.head.features, 0),
            "removed": sample.made.mask,
        }
        for name, values in maps.items():
            found[name] = carry_labels(values.astype(np.uint8), scan.grid, grid)
    return found


def _frame(grid: Grid, voxel_mm: float, shape: tuple[int, int, int]) -> Grid:
    """Return an even grid in the middle of a field of view."""
    middle = grid.affine @ [*(np.array(grid.shape) - 1) / 2, 1.0]
    affine = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    affine[:3, 3] = middle[:3] - voxel_mm * (np.array(shape) - 1) / 2
    return Grid(shape, affine)


def _planes(recipe: Recipe, scene: Scene, sample: Sample) -> Arrays:
    scan = result_of(scene, sample.made)
    grid = _frame(scan.grid, recipe.voxel_mm, recipe.shape)
    volume = carry(scan.volume, scan.grid, grid, np.eye(4))
    planes = [
        to_bytes(_enlarged(np.flipud(plane.T)), plane)
        for axis in range(3)
        for plane in (volume.mean(axis=axis), volume.take(volume.shape[axis] // 2, axis=axis))
    ]
    return {"planes": np.stack(planes)}


def _enlarged(plane: FloatVolume) -> FloatVolume:
    source = Grid((1, *plane.shape), np.eye(4))
    scale = max(plane.shape) / _PLANE_PX
    affine = np.diag([1.0, scale, scale, 1.0])
    affine[1:3, 3] = (np.array(plane.shape) - 1) / 2 - scale * (_PLANE_PX - 1) / 2
    larger = carry(plane[None], source, Grid((1, _PLANE_PX, _PLANE_PX), affine), np.eye(4))
    return np.asarray(larger[0])


_STORES: Mapping[str, Callable[[Recipe, Scene, Sample], Arrays]] = {
    "renders": _renders,
    "volumes": _volumes,
    "planes": _planes,
}
