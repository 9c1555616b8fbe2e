"""What the networks of anatomy are shown: the head in a box of coarse voxels, intensities from 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from defacto.anatomy.resample import carry
from defacto.anatomy.shrink import shrink
from defacto.types import FloatVolume, Grid


@dataclass(frozen=True)
class View:
    """A box of isotropic voxels around a head.

    Parameters
    ----------
    voxel_mm : float
        Their size.
    shape : tuple of int
        Voxels along right, anterior, superior; multiples of 16.
    """

    voxel_mm: float
    shape: tuple[int, int, int]


COARSE = View(5.0, (48, 48, 48))
"""240 mm: a head, however it lies."""
UPRIGHT = View(2.5, (80, 96, 96))
"""200 x 240 x 240 mm: a head that was set upright."""
_AIR_PERCENT, _BRIGHT_PERCENT = 1.0, 99.5
_HEAD_SHARE = 0.15


def prepare(
    volume: FloatVolume, grid: Grid, view: View, center_mm: npt.NDArray[np.float64] | None = None
) -> tuple[FloatVolume, Grid]:
    """Show a scan as a network sees it.

    Parameters
    ----------
    volume : ndarray of float32, shape ``grid.shape``
        Intensities; any contrast, voxel size and storage order.
    grid : Grid
        Where its voxels lie.
    view : View
        What the network looks at.
    center_mm : ndarray, shape (3,), optional
        World place for the middle of the view; by default `find_center`.

    Returns
    -------
    volume : ndarray of float32, shape ``view.shape``
        0 (air, or outside the field of view) to 1.
    grid : Grid
        Of the view; RAS.
    """
    small, small_grid = shrink(volume, grid, view.voxel_mm)
    scaled = _scaled(small)
    center = find_center(scaled, small_grid) if center_mm is None else center_mm
    affine = np.diag([view.voxel_mm, view.voxel_mm, view.voxel_mm, 1.0])
    affine[:3, 3] = np.asarray(center) - view.voxel_mm * (np.array(view.shape) - 1) / 2
    box = Grid(view.shape, affine)
    return carry(scaled, small_grid, box, np.eye(4)), box


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
