"""The head's surface: a level set on an even grid, free of noise, with the place where to look at it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from defacto.errors import StepError
from defacto.render.contrast import SURFACE_LEVEL, find_contrast, to_levels
from defacto.render.islands import Factors, Levels, block_means, clear_outside, find_pieces, grow
from defacto.render.resample import resample_axis, spline_weights
from defacto.render.shape import to_distances
from defacto.types import Affine, FloatVolume, Grid, Mask

STEP_MM = 1.0
"""Voxel size of the even grid."""
THICK_MM = 2.2
"""Slices thicker than this are interpolated by their shape."""
CRANIUM_MM = 90.0
"""So much below its top the head is taken for cranium, which no defacing moves."""
SHOWN_MM = 250.0
"""So far below its top the head is shown; shoulders are left away."""
LEAST_AREA_MM2 = 400.0
"""The vertex lies where a cross-section of the head is as large as this."""


@dataclass(frozen=True, eq=False)
class Head:
    """The surface of a head, ready to be looked at.

    Parameters
    ----------
    levels : ndarray of float32, shape (i, j, k)
        Positive in the head, negative in air, 0 on the skin.
    affine : ndarray, shape (4, 4)
        Its voxel indices to world mm.
    top_mm : ndarray, shape (3,)
        World point at the height of the vertex, over the middle of the cranium.
    front_mm : float
        World coordinate, along the anterior axis, of the cranium's front.
    """

    levels: FloatVolume
    affine: Affine
    top_mm: npt.NDArray[np.float64]
    front_mm: float


def find_head(volume: FloatVolume, grid: Grid) -> Head:
    """Find the surface of the head in a scan of any contrast, voxel size and storage order.

    Parameters
    ----------
    volume : ndarray, shape (i, j, k)
        Intensities.
    grid : Grid
        Where its voxels lie.

    Raises
    ------
    StepError
        If there is no head: the same intensity everywhere, or nothing but noise.
    """
    volume, affine = to_ras(volume, grid.affine)
    contrast = find_contrast(volume)
    levels = np.ascontiguousarray(to_levels(volume, contrast))
    size_mm = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    i, j, k = (max(1, round(2.0 / float(size))) for size in size_mm)
    factors = (i, j, k)
    coarse = block_means(levels, factors)
    coarse_affine = affine @ _scaling(factors)
    head, kept = find_pieces(coarse, size_mm * factors)
    if not head.any():
        raise StepError("Expected a head in the scan, got nothing but noise; look at the scan.")
    kept = grow(kept, (1, 1, 1))
    top, front = _place(head, coarse_affine)
    levels, affine = _clean_and_crop(levels, affine, kept, factors)
    even, affine = _even(levels, affine, size_mm, 1 + min(contrast.roughness, 0.5))
    _hide_below(even, affine, float(top[2]) - SHOWN_MM)
    return Head(even, affine, top, front)


def to_ras(volume: FloatVolume, affine: Affine) -> tuple[FloatVolume, Affine]:
    """View a volume with its axes nearest to right, anterior, superior; and the affine that goes with it."""
    cosines = affine[:3, :3] / np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    order = max(itertools.permutations(range(3)), key=lambda p: sum(abs(cosines[w, p[w]]) for w in range(3)))
    turned = np.eye(4)
    turned[:3, :3] = np.eye(3)[:, order]
    view = volume.transpose(order)
    for axis in range(3):
        if cosines[axis, order[axis]] < 0:
            view = np.flip(view, axis)
            flip = np.eye(4)
            flip[axis, axis], flip[axis, 3] = -1, view.shape[axis] - 1
            turned = turned @ flip
    return view, np.asarray(affine @ turned)


def _scaling(factors: Factors) -> Affine:
    """Affine from blocks to the voxels that they are made of."""
    scaling = np.diag([*map(float, factors), 1.0])
    scaling[:3, 3] = [(f - 1) / 2 for f in factors]
    return scaling


def _clean_and_crop(levels: Levels, affine: Affine, kept: Mask, factors: Factors) -> tuple[Levels, Affine]:
    """Set to air what is not kept, and cut the grid down to what is."""
    box = []
    for axis in range(3):
        used = np.flatnonzero(kept.any(axis=tuple(other for other in range(3) if other != axis)))
        low = max(0, (int(used[0]) - 1) * factors[axis])
        high = min(levels.shape[axis], (int(used[-1]) + 2) * factors[axis])
        box.append((low, high))
    blocks = tuple(slice(low // f, -(-high // f)) for (low, high), f in zip(box, factors, strict=True))
    cropped = np.ascontiguousarray(levels[tuple(slice(low, high) for low, high in box)])
    clear_outside(cropped, np.ascontiguousarray(kept[blocks]), factors)
    moved = affine.copy()
    moved[:3, 3] += affine[:3, :3] @ [low for low, _ in box]
    return cropped, moved


def _even(
    levels: Levels, affine: Affine, size_mm: npt.NDArray[np.float64], smoothness: float
) -> tuple[FloatVolume, Affine]:
    """Resample to even voxels of `STEP_MM`, the smoother the more noise there is."""
    out = levels.astype(np.float32) - np.float32(SURFACE_LEVEL)
    thick = int(np.argmax(size_mm))
    order = np.argsort(size_mm)
    for axis in order:
        size = float(size_mm[axis])
        if axis == thick and size > THICK_MM:
            out = _by_shape(out, axis)
        weights = spline_weights(out.shape[axis], size, STEP_MM, smoothness * max(size, STEP_MM))
        out = resample_axis(out, int(axis), weights)
    if size_mm[thick] > THICK_MM:
        for axis in range(3):
            out = resample_axis(out, axis, spline_weights(out.shape[axis], STEP_MM, STEP_MM, STEP_MM))
    ratio = STEP_MM / size_mm
    fine = np.diag([*ratio, 1.0])
    old, new = np.array(levels.shape), np.array(out.shape)
    fine[:3, 3] = (old - 1) / 2 - ratio * (new - 1) / 2
    return out, np.asarray(affine @ fine)


def _by_shape(levels: FloatVolume, axis: int) -> FloatVolume:
    slices = np.ascontiguousarray(np.moveaxis(levels, axis, 0))
    shaped = to_distances(slices, STEP_MM)
    return np.ascontiguousarray(np.moveaxis(shaped, 0, axis))


def _hide_below(levels: FloatVolume, affine: Affine, floor_mm: float) -> None:
    """Set to air, in place, what lies below a height."""
    i, j, k = (np.arange(length) for length in levels.shape)
    lowest = min(0.0, affine[2, 0] * i[-1]) + min(0.0, affine[2, 1] * j[-1]) + affine[2, 3]
    count = int(np.count_nonzero(lowest + affine[2, 2] * k < floor_mm + 0.5))
    slope = affine[2, 0] * i[:, None, None] + affine[2, 1] * j[:, None] + affine[2, 2] * k[:count]
    shown = SURFACE_LEVEL * (slope + affine[2, 3] - floor_mm)
    levels[:, :, :count] = np.minimum(levels[:, :, :count], shown)


def _place(head: Mask, affine: Affine) -> tuple[npt.NDArray[np.float64], float]:
    """World point at the vertex's height over the middle of the cranium, and the cranium's front."""
    i, j, k = np.unravel_index(np.flatnonzero(head), head.shape)
    x, y, z = (row[0] * i + row[1] * j + row[2] * k + row[3] for row in affine[:3])
    layer_mm = max(2.0, float(np.abs(affine[2, :3]).max()))
    layer = np.floor(z / layer_mm).astype(np.intp)
    area_mm2 = np.bincount(layer - layer.min()) * abs(np.linalg.det(affine[:3, :3])) / layer_mm
    filled = np.flatnonzero(area_mm2 >= min(LEAST_AREA_MM2, area_mm2.max()))
    top = float((layer.min() + filled[-1] + 1) * layer_mm)
    cranium = z > top - CRANIUM_MM
    middle = np.array([x[cranium].mean(), y[cranium].mean(), top])
    return middle, float(np.percentile(y[cranium], 99.5))
