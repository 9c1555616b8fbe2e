"""What can be said of one scan alone, as of one that arrives defaced: no original, no registration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from defacto.anatomy.head import find_head
from defacto.anatomy.morphology import closed, distance_mm, largest_piece, skin
from defacto.anatomy.network import Segmentation
from defacto.anatomy.regions import Region
from defacto.anatomy.resample import carry, straight_grid
from defacto.types import Mask, Scan

_VOXEL_MM = 2.0
_BARE_MM = 3.0
_SKULL_MM = 12.0
"""A dark skull, or a hollow of half this depth, is no air."""
LEAST_ML: Mapping[Region, float] = {
    Region.EYES: 4.0,
    Region.NOSE: 1.0,
    Region.MOUTH: 2.0,
    Region.LEFT_EAR: 0.5,
    Region.RIGHT_EAR: 0.5,
}
"""Of less than this, nothing of a feature is there."""


@dataclass(frozen=True)
class Arrival:
    """What the network sees of a scan.

    Parameters
    ----------
    features : tuple of Region
        Eyes, nose, mouth and ears that are there.
    bare_cm2 : float
        Surface of the brain with less than 3 mm between it and the air, cm2: none in a whole head, all of it
        after skull-stripping, some where a cut came to the brain. Not where the field of view ends.
    brain_ml, head_ml : float
        Volume of the brain, and of all else that is not air.
    """

    features: tuple[Region, ...]
    bare_cm2: float
    brain_ml: float
    head_ml: float


def look_at(scan: Scan, seen: Segmentation) -> Arrival:
    """Say which features a scan shows, and whether its brain lies bare.

    Parameters
    ----------
    scan : Scan
        Intact, defaced or skull-stripped.
    seen : Segmentation
        What the networks say of it, on any grid.
    """
    volumes = seen.volumes_ml()
    grid = straight_grid(scan.grid, _VOXEL_MM)
    small = carry(scan.volume, scan.grid, grid, np.eye(4))
    head = find_head(small, grid)
    brain = carry(seen.tissue.astype(np.float32), seen.grid, grid, np.eye(4)) > 0.5
    bare = 0.0
    if head.any() and brain.any():
        around = _around(brain, round((_SKULL_MM + 2 * _BARE_MM) / _VOXEL_MM))
        head, brain = closed(head[around], _SKULL_MM / _VOXEL_MM), brain[around]
        depth = -distance_mm(np.pad(head, 1, mode="edge"))[1:-1, 1:-1, 1:-1]
        surface = skin(largest_piece(brain))
        bare = float(np.count_nonzero(surface & (depth < _BARE_MM)) * _VOXEL_MM**2 / 100)
    there = tuple(region for region, least in LEAST_ML.items() if volumes[region] >= least)
    brain_ml = float(np.count_nonzero(seen.tissue) * seen.grid.voxel_ml)
    return Arrival(there, bare, brain_ml, sum(volumes.values()) - brain_ml)


def _around(mask: Mask, voxels: int) -> tuple[slice, ...]:
    """Return the box of a mask, wider by so many voxels."""
    box = []
    for axis in range(mask.ndim):
        used = np.flatnonzero(mask.any(axis=tuple(n for n in range(mask.ndim) if n != axis)))
        box.append(slice(max(0, int(used[0]) - voxels), int(used[-1]) + voxels + 1))
    return tuple(box)
