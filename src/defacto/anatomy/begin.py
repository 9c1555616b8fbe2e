"""The first step of a registration: it can be begun while the rest of the program is still being loaded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from defacto.anatomy.niimath import Task, allineate
from defacto.anatomy.shrink import shrink
from defacto.errors import RegistrationError
from defacto.types import FloatVolume, Grid

_VOXEL_MM = 2.0
_LEAST_MM, _MOST_MM = 40.0, 1000.0
_LEAST_VOXELS = 5


@dataclass(frozen=True, eq=False)
class Begun:
    """A scan ready to be registered.

    Parameters
    ----------
    volume : ndarray of float32, shape ``grid.shape``
        Intensities, in voxels of about 2 mm or more.
    grid : Grid
        Where they lie.
    plain : Task or None
        niimath's plain registration, at work already.
    """

    volume: FloatVolume
    grid: Grid
    plain: Task | None

    def stop(self) -> None:
        """Stop niimath where nobody waited for it."""
        if self.plain is not None:
            self.plain.stop()


def begin(volume: FloatVolume, grid: Grid, *, plain: bool = True) -> Begun:
    """Make a scan ready, and set niimath to work on it.

    Parameters
    ----------
    volume : ndarray of float32, shape ``grid.shape``
        Intensities.
    grid : Grid
        Where its voxels lie.
    plain : bool
        Whether to start niimath.

    Raises
    ------
    RegistrationError
        If there can be no head: the field of view is smaller than a brain or larger than a scanner, has
        hardly any voxels along an axis, or shows the same intensity everywhere.
    """
    size_mm = np.array(grid.shape) * grid.voxel_size_mm
    if size_mm.min() < _LEAST_MM or size_mm.max() > _MOST_MM or min(grid.shape) < _LEAST_VOXELS:
        seen = " x ".join(f"{length:.0f}" for length in size_mm)
        voxels = " x ".join(str(count) for count in grid.shape)
        raise RegistrationError(
            f"Expected a head, got a field of view of {seen} mm in {voxels} voxels; look at the scan and its"
            f" voxel size (each side {_LEAST_MM:.0f} to {_MOST_MM:.0f} mm, {_LEAST_VOXELS} voxels or more)."
        )
    if volume.min() == volume.max():
        raise RegistrationError("Expected a head, got the same intensity everywhere; look at the scan.")
    small, small_grid = shrink(volume, grid, _VOXEL_MM)
    return Begun(small, small_grid, allineate(small, small_grid) if plain else None)
