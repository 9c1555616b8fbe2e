"""Gaussian smoothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np

from defacto.anatomy.compile import compiled_parallel
from defacto.types import FloatVolume

_REACH, _LEAST = 3.5, 0.1


def smooth(volume: FloatVolume, width: Sequence[float]) -> FloatVolume:
    """Convolve a volume with a Gaussian, cut off at 3.5 widths; beyond the border its value goes on.

    Parameters
    ----------
    volume : ndarray of float32, shape (i, j, k)
        Intensities.
    width : sequence of float
        Standard deviation along i, j, k, in voxels; less than 0.1 leaves an axis alone.
    """
    result = np.ascontiguousarray(volume, dtype=np.float32)
    for axis, sigma in enumerate(width):
        if sigma > _LEAST:
            places = np.arange(-int(np.ceil(_REACH * sigma)), int(np.ceil(_REACH * sigma)) + 1)
            taps = np.exp(-0.5 * (places / sigma) ** 2)
            taps = (taps / taps.sum()).astype(np.float32)
            before = int(np.prod(result.shape[:axis]))
            flat = result.reshape(before, result.shape[axis], -1)
            result = _convolved(flat, taps).reshape(result.shape)
    return result


@compiled_parallel
def _convolved(volume: Any, taps: Any) -> Any:
    """Convolve along the middle axis."""
    outer, count, inner = volume.shape
    reach = len(taps) // 2
    out = np.zeros(volume.shape, dtype=np.float32)
    for job in numba.prange(outer * count):
        i, j = job // count, job % count
        for t in range(len(taps)):
            source = min(max(j + t - reach, 0), count - 1)
            tap = taps[t]
            for k in range(inner):
                out[i, j, k] += tap * volume[i, source, k]
    return out
