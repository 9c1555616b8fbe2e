"""Volumes carried from grid to grid by one matrix, trilinear, in numba."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled_parallel
from defacto.types import Affine, FloatVolume, Grid


@compiled_parallel
def _sample(source: Any, matrix: Any, shape: Any, fill: float, clamp: bool) -> Any:
    ni, nj, nk = source.shape
    out = np.empty(shape, dtype=np.float32)
    for i in numba.prange(shape[0]):
        for j in range(shape[1]):
            x0 = np.float32(matrix[0, 0] * i + matrix[0, 1] * j + matrix[0, 3])
            y0 = np.float32(matrix[1, 0] * i + matrix[1, 1] * j + matrix[1, 3])
            z0 = np.float32(matrix[2, 0] * i + matrix[2, 1] * j + matrix[2, 3])
            for k in range(shape[2]):
                x = x0 + np.float32(matrix[0, 2]) * np.float32(k)
                y = y0 + np.float32(matrix[1, 2]) * np.float32(k)
                z = z0 + np.float32(matrix[2, 2]) * np.float32(k)
                outside = x < -0.5 or y < -0.5 or z < -0.5 or x > ni - 0.5 or y > nj - 0.5 or z > nk - 0.5
                if outside and not clamp:
                    out[i, j, k] = fill
                    continue
                x = min(max(x, np.float32(0.0)), np.float32(ni - 1))
                y = min(max(y, np.float32(0.0)), np.float32(nj - 1))
                z = min(max(z, np.float32(0.0)), np.float32(nk - 1))
                a, b, c = int(x), int(y), int(z)
                a1, b1, c1 = min(a + 1, ni - 1), min(b + 1, nj - 1), min(c + 1, nk - 1)
                u, v, w = x - a, y - b, z - c
                low = (source[a, b, c] * (1 - u) + source[a1, b, c] * u) * (1 - v) + (
                    source[a, b1, c] * (1 - u) + source[a1, b1, c] * u
                ) * v
                high = (source[a, b, c1] * (1 - u) + source[a1, b, c1] * u) * (1 - v) + (
                    source[a, b1, c1] * (1 - u) + source[a1, b1, c1] * u
                ) * v
                out[i, j, k] = low * (1 - w) + high * w
    return out


def carry(
    volume: npt.NDArray[Any],
    source: Grid,
    target: Grid,
    target_to_source: Affine,
    *,
    fill: float | None = 0.0,
) -> FloatVolume:
    """Resample a volume onto another grid, trilinear.

    Parameters
    ----------
    volume : ndarray, shape ``source.shape``
        Intensities or a smooth field; float32.
    source, target : Grid
        Where its voxels lie, and where the result's shall lie.
    target_to_source : ndarray, shape (4, 4)
        World mm of the target to world mm of the source.
    fill : float or None
        Value outside the source; None continues the value at the border.

    Returns
    -------
    ndarray of float32, shape ``target.shape``
    """
    matrix = np.ascontiguousarray(source.to_voxel @ target_to_source @ target.affine)
    values = np.ascontiguousarray(volume, dtype=np.float32)
    result: FloatVolume = _sample(
        values, matrix, target.shape, 0.0 if fill is None else float(fill), fill is None
    )
    return result


def straight_grid(grid: Grid, voxel_mm: float) -> Grid:
    """Return an isotropic RAS grid that covers the whole of a grid's field of view."""
    corners = np.array([[i, j, k, 1.0] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    corners[:, :3] = corners[:, :3] * grid.shape - 0.5
    world = (grid.affine @ corners.T)[:3]
    low, high = world.min(axis=1), world.max(axis=1)
    shape = np.maximum(np.ceil((high - low) / voxel_mm), 1).astype(int)
    affine = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    affine[:3, 3] = low + voxel_mm / 2
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)
