"""What the anatomy network is shown: the head at 2.5 mm in a cube, its intensities from 0 to 1."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from defacto.anatomy.resample import carry
from defacto.anatomy.shrink import shrink
from defacto.types import FloatVolume, Grid

VOXEL_MM = 2.5
SIDE = 96
"""Voxels along a side of the cube: 240 mm, a head."""
_AIR_PERCENT, _BRIGHT_PERCENT = 1.0, 99.5
_HEAD_SHARE = 0.15


def prepare(
    volume: FloatVolume, grid: Grid, center_mm: npt.NDArray[np.float64] | None = None
) -> tuple[FloatVolume, Grid]:
    """Show a scan as the network sees it.

    Parameters
    ----------
    volume : ndarray of float32, shape ``grid.shape``
        Intensities; any contrast, voxel size and storage order.
    grid : Grid
        Where its voxels lie.
    center_mm : ndarray, shape (3,), optional
        World place for the middle of the cube; by default `find_center`.

    Returns
    -------
    volume : ndarray of float32, shape (96, 96, 96)
        0 (air, or outside the field of view) to 1.
    grid : Grid
        2.5 mm, RAS.
    """
    small, small_grid = shrink(volume, grid, VOXEL_MM)
    scaled = _scaled(small)
    center = find_center(scaled, small_grid) if center_mm is None else center_mm
    affine = np.diag([VOXEL_MM, VOXEL_MM, VOXEL_MM, 1.0])
    affine[:3, 3] = np.asarray(center) - VOXEL_MM * (SIDE - 1) / 2
    cube = Grid((SIDE, SIDE, SIDE), affine)
    return carry(scaled, small_grid, cube, np.eye(4)), cube


def find_center(scaled: FloatVolume, grid: Grid) -> npt.NDArray[np.float64]:
    """Return the world place in the middle of what is brighter than air, mm."""
    bright = scaled > _HEAD_SHARE
    if not bright.any():
        bright = np.ones_like(bright)
    place = []
    for axis in range(3):
        counts = np.count_nonzero(bright, axis=tuple(n for n in range(3) if n != axis))
        place.append(float(np.arange(len(counts)) @ counts) / float(counts.sum()))
    return np.asarray((grid.affine @ [*place, 1.0])[:3])


def _scaled(volume: FloatVolume) -> FloatVolume:
    low, high = (float(value) for value in np.percentile(volume, (_AIR_PERCENT, _BRIGHT_PERCENT)))
    scaled = (volume - np.float32(low)) / np.float32(max(high - low, 1e-30))
    return np.asarray(np.clip(scaled, 0, 1), dtype=np.float32)
