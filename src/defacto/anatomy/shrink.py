"""Volumes made smaller by averaging blocks of voxels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from defacto.types import FloatVolume, Grid


def shrink(volume: FloatVolume, grid: Grid, voxel_mm: float) -> tuple[FloatVolume, Grid]:
    """Average whole blocks of voxels until none is smaller than about ``voxel_mm``.

    Voxels that fill no block are left out at both ends alike, an odd one at the end that lies in the world's
    positive direction: so the same head gives the same blocks in whatever order it is stored.

    Returns
    -------
    volume : ndarray of float32
    grid : Grid
    """
    factors = np.maximum(np.floor(voxel_mm / np.array(grid.voxel_size_mm) + 0.25), 1).astype(int)
    factors = np.minimum(factors, grid.shape)
    if (factors == 1).all():
        return volume, grid
    first = _first_voxels(grid, factors)
    part = volume[tuple(slice(int(n), None) for n in first)]
    small = _block_mean(part, (int(factors[0]), int(factors[1]), int(factors[2])))
    affine = grid.affine.copy()
    affine[:3, :3] *= factors
    affine[:3, 3] += grid.affine[:3, :3] @ (first + (factors - 1) / 2)
    i, j, k = small.shape
    return small, Grid((i, j, k), affine)


def _first_voxels(grid: Grid, factors: npt.NDArray[np.int_]) -> npt.NDArray[np.int_]:
    """Return where the first block begins along each axis."""
    over = np.array(grid.shape) % factors
    axes = grid.affine[:3, :3]
    main = axes[np.abs(axes).argmax(axis=0), range(3)]
    return np.asarray(over // 2 + (over % 2) * (main < 0))


def _block_mean(volume: FloatVolume, factors: tuple[int, int, int]) -> FloatVolume:
    """Average blocks; in numpy, so that nothing waits for a compiler."""
    counts = [n // f for n, f in zip(volume.shape, factors, strict=True)]
    total = np.zeros(counts, dtype=np.float32)
    for first in np.ndindex(*factors):
        total += volume[tuple(slice(a, n * f, f) for a, n, f in zip(first, counts, factors, strict=True))]
    total *= np.float32(1.0 / np.prod(factors))
    return total
