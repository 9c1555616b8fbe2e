"""What is kept of a sample: renders, volumes, planes; as arrays of bytes that training maps into memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from defacto.anatomy.resample import carry
from defacto.render.head import Head, find_head
from defacto.render.surface import VIEWS, to_codes, to_depth_codes
from defacto.render.view import cast
from defacto.simulate.group import Sample
from defacto.simulate.nearest import carry_labels
from defacto.simulate.outcome import result_of
from defacto.simulate.recipe import Recipe
from defacto.simulate.scene import Scene
from defacto.types import FloatVolume, Grid, Scan

Arrays = dict[str, npt.NDArray[np.uint8]]
_SLICE_MM = 252.0
"""Height and width of what the slice through the middle shows."""
_PLANE_PX = 256
_BRIGHT = 99.8


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


def render_arrays(scan: Scan, recipe: Recipe) -> Arrays:
    """Return the renders of any scan, as a classifier is given them.

    Parameters
    ----------
    scan : Scan
        Intact or defaced.
    recipe : Recipe
        Which views, and how large.
    """
    head = find_head(scan.volume, scan.grid)
    seen = [cast(head, VIEWS[name], recipe.size_px) for name in recipe.views]
    start = (recipe.size_px - recipe.columns_px) // 2
    kept = slice(start, start + recipe.columns_px)
    return {
        "shade": np.stack([to_codes(each)[:, kept] for each in seen]),
        "depth": np.stack([to_depth_codes(each)[:, kept] for each in seen]),
        "slice": middle_slice(scan, head, recipe.slice_px),
    }


def _renders(recipe: Recipe, scene: Scene, sample: Sample) -> Arrays:
    return render_arrays(result_of(scene, sample.made), recipe)


def middle_slice(scan: Scan, head: Head, size: int) -> npt.NDArray[np.uint8]:
    """Return the plane through the middle of the cranium, superior up, anterior to the left; 0 to 255."""
    step = _SLICE_MM / size
    affine = np.diag([1.0, -step, -step, 1.0])
    x, y, z = (float(v) for v in head.top_mm)
    affine[:3, 3] = (x, y + _SLICE_MM / 2, z + 8.0)
    grid = Grid((1, size, size), affine)
    plane = carry(scan.volume, scan.grid, grid, np.eye(4))[0].T
    return _to_bytes(plane, scan.volume)


def _volumes(recipe: Recipe, scene: Scene, sample: Sample) -> Arrays:
    scan = result_of(scene, sample.made)
    grid = _frame(scan.grid, recipe.voxel_mm, recipe.shape)
    found = {"volume": _to_bytes(carry(scan.volume, scan.grid, grid, np.eye(4)), scan.volume)}
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
        _to_bytes(_enlarged(np.flipud(plane.T)), plane)
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


def _to_bytes(values: FloatVolume, of: FloatVolume) -> npt.NDArray[np.uint8]:
    """Scale the darkest voxel to 0 and nearly the brightest to 255."""
    sample = of.ravel(order="K")[:: max(1, of.size // 200_000)]
    low, high = float(sample.min()), float(np.percentile(sample, _BRIGHT))
    return np.asarray(np.clip((values - low) * (255.0 / max(high - low, 1e-6)) + 0.5, 0, 255), np.uint8)


_STORES: Mapping[str, Callable[[Recipe, Scene, Sample], Arrays]] = {
    "renders": _renders,
    "volumes": _volumes,
    "planes": _planes,
}
