"""Carrying levels to a fine, even grid, with cubic B-splines."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled
from defacto.types import FloatVolume


@lru_cache(maxsize=64)
def spline_weights(length: int, spacing: float, step: float, width: float) -> npt.NDArray[np.float32]:
    """Weights that resample a line of voxels with a cubic B-spline.

    Parameters
    ----------
    length : int
        Voxels in the line.
    spacing, step : float
        Distance of voxels before and after, mm.
    width : float
        Distance of the spline's knots, mm; the wider the smoother.

    Returns
    -------
    ndarray, shape (length after, length)
        Rows sum to 1. The new line is centred on the old one.
    """
    count = max(1, math.ceil(length * spacing / step - 1e-6))
    centres = (np.arange(count) - (count - 1) / 2) * step
    voxels = (np.arange(length) - (length - 1) / 2) * spacing
    away = np.abs(centres[:, None] - voxels[None, :]) / width
    near = 2 / 3 - away**2 * (1 - away / 2)
    far = np.clip(2 - away, 0, None) ** 3 / 6
    weights = np.where(away < 1, near, far)
    weights[weights.sum(axis=1) < 1e-6] = (away == away.min(axis=1, keepdims=True))[
        weights.sum(axis=1) < 1e-6
    ]
    scaled = np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)
    scaled.flags.writeable = False
    return scaled


def resample_axis(volume: FloatVolume, axis: int, weights: npt.NDArray[np.float32]) -> FloatVolume:
    """Apply weights, shape (length after, length before), along one axis of a volume."""
    shape = volume.shape
    before = math.prod(shape[:axis])
    after = math.prod(shape[axis + 1 :])
    used = weights > 0
    first = used.argmax(axis=1)
    taps = int((weights.shape[1] - used[:, ::-1].argmax(axis=1) - first).max())
    first = np.minimum(first, weights.shape[1] - taps)
    banded = np.take_along_axis(weights, first[:, None] + np.arange(taps), axis=1)
    out = np.empty((before, weights.shape[0], after), dtype=np.float32)
    if after == 1:
        _apply_to_last(volume.reshape(before, -1), first, banded, out.reshape(before, -1))
    else:
        _apply(volume.reshape(before, -1, after), first, banded, out)
    return out.reshape(*shape[:axis], weights.shape[0], *shape[axis + 1 :])


@compiled
def _apply(
    lines: FloatVolume, first: npt.NDArray[np.int64], weights: npt.NDArray[np.float32], out: FloatVolume
) -> None:
    """Weighted sums along the middle axis."""
    for a in range(lines.shape[0]):
        for m in range(out.shape[1]):
            row = out[a, m]
            row[:] = 0
            for t in range(weights.shape[1]):
                weight = weights[m, t]
                source = lines[a, first[m] + t]
                for n in range(row.size):
                    row[n] += weight * source[n]


@compiled
def _apply_to_last(
    lines: FloatVolume, first: npt.NDArray[np.int64], weights: npt.NDArray[np.float32], out: FloatVolume
) -> None:
    """Weighted sums along the last axis, all at once where sums move on voxel by voxel."""
    low, high = _steady(first)
    across = np.ascontiguousarray(weights[low:high].T)
    for a in range(lines.shape[0]):
        row = out[a, low:high]
        row[:] = 0
        for t in range(across.shape[0]):
            weight = across[t]
            source = lines[a, first[low] + t : first[low] + t + row.size]
            for n in range(row.size):
                row[n] += weight[n] * source[n]
    _apply_one_by_one(lines, first[:low], weights[:low], out[:, :low])
    _apply_one_by_one(lines, first[high:], weights[high:], out[:, high:])


@compiled
def _steady(first: npt.NDArray[np.int64]) -> tuple[int, int]:
    """Longest part over which numbers count up by one: its begin and its end."""
    low, high, begin = 0, 0, 0
    for n in range(first.size):
        if n > 0 and first[n] != first[n - 1] + 1:
            begin = n
        if n + 1 - begin > high - low:
            low, high = begin, n + 1
    return low, high


@compiled
def _apply_one_by_one(
    lines: FloatVolume, first: npt.NDArray[np.int64], weights: npt.NDArray[np.float32], out: FloatVolume
) -> None:
    """Weighted sums along the last axis, four lines at once."""
    for start in range(0, lines.shape[0], 4):
        a, b = start, min(start + 1, lines.shape[0] - 1)
        c, d = min(start + 2, lines.shape[0] - 1), min(start + 3, lines.shape[0] - 1)
        for m in range(out.shape[1]):
            one, two = np.float32(0.0), np.float32(0.0)
            three, four = np.float32(0.0), np.float32(0.0)
            for t in range(weights.shape[1]):
                weight, n = weights[m, t], first[m] + t
                one += weight * lines[a, n]
                two += weight * lines[b, n]
                three += weight * lines[c, n]
                four += weight * lines[d, n]
            out[a, m], out[b, m], out[c, m], out[d, m] = one, two, three, four
