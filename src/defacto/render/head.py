"""The head's surface: a level set on an even grid, free of noise, with the place where to look at it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled
from defacto.errors import StepError
from defacto.render.contrast import SURFACE_LEVEL, find_contrast, to_levels
from defacto.render.islands import Factors, Levels, block_means, clear_outside, find_pieces, grow
from defacto.render.raycast import block_maxima
from defacto.render.resample import resample_axis, spline_weights
from defacto.render.shape import to_distances
from defacto.types import Affine, FloatVolume, Grid, Mask

STEP_MM = 1.0
"""Voxel size of the even grid, about."""
THICK_MM = 2.2
"""Slices thicker than this are interpolated by their shape."""
ROUGH = 0.3
"""Scans with more noise than this, as a share of the step from air to skin, are smoothed first."""
LEAST_CONTRAST = 4.0
"""A rough scan holds a head only if tissue is so many times the noise brighter than air, once smoothed."""
NO_HEAD = "Expected a head in the scan, got nothing but noise; look at the scan."
CRANIUM_MM = 90.0
"""So much below its top the head is taken for cranium, which no defacing moves."""
SHOWN_MM = 250.0
"""So far below its top the head is shown; shoulders are left away."""
TOP_MM3 = 2000.0
"""So much of a head lies above its top, and before its front: hair and noise do not move them."""


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

    @cached_property
    def maxima(self) -> FloatVolume:
        """Largest level of each block of voxels, by which empty space is skipped."""
        return block_maxima(self.levels)


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
    found = _find(volume, grid)
    levels, affine = _clean_and_crop(found)
    size_mm = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    even, affine = _even(levels, affine, size_mm, 1 + min(found.roughness, 0.5))
    _hide_below(even, affine, float(found.top_mm[2]) - SHOWN_MM)
    return Head(even, affine, found.top_mm, found.front_mm)


def find_place(volume: FloatVolume, grid: Grid) -> tuple[npt.NDArray[np.float64], float]:
    """Find a head's `Head.top_mm` and `Head.front_mm` only, in a fraction of the time.

    Parameters
    ----------
    volume : ndarray, shape (i, j, k)
        Intensities.
    grid : Grid
        Where its voxels lie.

    Raises
    ------
    StepError
        If there is no head.
    """
    found = _find(volume, grid)
    return found.top_mm, found.front_mm


@dataclass(frozen=True, eq=False)
class _Found:
    """A head in its own voxels, axes as in RAS; `kept` says which blocks of `factors` voxels are of it."""

    levels: Levels
    affine: Affine
    kept: Mask
    factors: Factors
    roughness: float
    top_mm: npt.NDArray[np.float64]
    front_mm: float


def _find(volume: FloatVolume, grid: Grid) -> _Found:
    volume, affine = to_ras(volume, grid.affine)
    size_mm = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    contrast = find_contrast(volume)
    if contrast.roughness > ROUGH:
        volume = _smooth(volume, size_mm)
        contrast = find_contrast(volume)
        if contrast.tissue - contrast.air < LEAST_CONTRAST * contrast.noise:
            raise StepError(NO_HEAD)
    levels = np.ascontiguousarray(to_levels(volume, contrast))
    i, j, k = (max(1, round(2.0 / float(size))) for size in size_mm)
    factors = (i, j, k)
    largest, kept = find_pieces(block_means(levels, factors), size_mm * factors)
    if not largest.any():
        raise StepError(NO_HEAD)
    top_mm, front_mm = _place(largest, affine @ _scaling(factors))
    return _Found(levels, affine, grow(kept, (1, 1, 1)), factors, contrast.roughness, top_mm, front_mm)


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


def _smooth(volume: FloatVolume, size_mm: npt.NDArray[np.float64]) -> FloatVolume:
    """Take most of the noise out, along the thin axes of the voxels."""
    out = np.ascontiguousarray(np.nan_to_num(volume, posinf=0, neginf=0), dtype=np.float32)
    for axis in np.flatnonzero(size_mm < 1.5 * size_mm.min()):
        out = resample_axis(out, int(axis), spline_weights(out.shape[axis], 1.0, 1.0, 1.5))
    return out


def _scaling(factors: Factors) -> Affine:
    """Affine from blocks to the voxels that they are made of."""
    scaling = np.diag([*map(float, factors), 1.0])
    scaling[:3, 3] = [(f - 1) / 2 for f in factors]
    return scaling


def _clean_and_crop(found: _Found) -> tuple[Levels, Affine]:
    """Set to air what is not kept, and cut the grid down to what is."""
    levels, kept, factors = found.levels, found.kept, found.factors
    box = []
    for axis in range(3):
        used = np.flatnonzero(kept.any(axis=tuple(other for other in range(3) if other != axis)))
        low = max(0, (int(used[0]) - 1) * factors[axis])
        high = min(levels.shape[axis], (int(used[-1]) + 2) * factors[axis])
        box.append((low, high))
    blocks = tuple(slice(low // f, -(-high // f)) for (low, high), f in zip(box, factors, strict=True))
    cropped = np.ascontiguousarray(levels[tuple(slice(low, high) for low, high in box)])
    clear_outside(cropped, np.ascontiguousarray(kept[blocks]), factors)
    moved = found.affine.copy()
    moved[:3, 3] += moved[:3, :3] @ [low for low, _ in box]
    return cropped, moved


def _even(
    levels: Levels, affine: Affine, size_mm: npt.NDArray[np.float64], smoothness: float
) -> tuple[FloatVolume, Affine]:
    """Resample to nearly even voxels, the smoother the more noise there is; 0 is the skin afterwards."""
    out = levels.astype(np.float32) - np.float32(SURFACE_LEVEL)
    step_mm = np.array([_step(float(size)) for size in size_mm])
    thick = int(np.argmax(size_mm))
    by_shape = size_mm[thick] > THICK_MM
    for axis in np.argsort(size_mm):
        if by_shape and axis == thick:
            out = _to_shape(out, axis, step_mm)
        size, step = float(size_mm[axis]), float(step_mm[axis])
        out = resample_axis(
            out, int(axis), spline_weights(out.shape[axis], size, step, smoothness * max(size, step))
        )
    ratio = step_mm / size_mm
    fine = np.diag([*ratio, 1.0])
    old, new = np.array(levels.shape), np.array(out.shape)
    fine[:3, 3] = (old - 1) / 2 - ratio * (new - 1) / 2
    return out, np.asarray(affine @ fine)


def _step(size_mm: float) -> float:
    """About `STEP_MM`: a whole number of voxels, or of parts of one, so that no moire comes in."""
    if size_mm < STEP_MM:
        return size_mm * round(STEP_MM / size_mm)
    return size_mm / round(size_mm / STEP_MM)


def _to_shape(levels: FloatVolume, axis: int, step_mm: npt.NDArray[np.float64]) -> FloatVolume:
    """Turn slices across an axis into distances from the outline, a little smoothed within the slice."""
    slices = np.ascontiguousarray(np.moveaxis(levels, axis, 0))
    j, k = np.delete(step_mm, axis)
    out = to_distances(slices, (float(j), float(k)))
    for within in (1, 2):
        out = resample_axis(out, within, spline_weights(out.shape[within], 1.0, 1.0, 1.0))
    return np.ascontiguousarray(np.moveaxis(out, 0, axis))


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
    z = _along(head, affine[2], affine[2], -np.inf)
    count = min(z.size // 2, max(1, round(TOP_MM3 / abs(float(np.linalg.det(affine[:3, :3]))))))
    top = float(np.partition(z, -count)[-count])
    x, y = (_along(head, row, affine[2], top - CRANIUM_MM) for row in affine[:2])
    middle = np.array([x.mean(), y.mean(), top])
    return middle, float(np.partition(y, -count)[-count])


@compiled
def _along(
    head: Mask, row: npt.NDArray[np.float64], upwards: npt.NDArray[np.float64], above: float
) -> npt.NDArray[np.float64]:
    """One world coordinate, from its row of the affine, of the voxels of a mask above a height."""
    found = np.empty(np.count_nonzero(head))
    count = 0
    for i in range(head.shape[0]):
        for j in range(head.shape[1]):
            for k in range(head.shape[2]):
                if head[i, j, k] and upwards[0] * i + upwards[1] * j + upwards[2] * k + upwards[3] > above:
                    found[count] = row[0] * i + row[1] * j + row[2] * k + row[3]
                    count += 1
    return found[:count]
