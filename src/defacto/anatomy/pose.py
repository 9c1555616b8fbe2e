"""How a head lies, from the places of its regions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from defacto.anatomy.regions import Region
from defacto.anatomy.template import data_path
from defacto.types import Grid, LabelVolume

PLACES = "region_places.json"
_LEAST_VOXELS = 20
_LEAST_REGIONS = 4
_MOST_WEIGHT = 400.0


@dataclass(frozen=True, eq=False)
class Pose:
    """How a head lies.

    Parameters
    ----------
    to_upright : ndarray, shape (3, 3)
        Rotation from the scan's world to a head that lies as the template does.
    center_mm : ndarray, shape (3,)
        Where the middle of the template's head is, world mm.
    regions : int
        How many regions were found; with fewer than four the head is taken to lie as its header says.
    """

    to_upright: npt.NDArray[np.float64]
    center_mm: npt.NDArray[np.float64]
    regions: int


def find_pose(labels: LabelVolume, grid: Grid) -> Pose:
    """Fit the places of the regions to those of an average head: rotation and shift, by least squares.

    By Kabsch's method (doi:10.1107/S0567739476001873); a region counts by the root of its size.

    Parameters
    ----------
    labels : ndarray of uint8, shape ``grid.shape``
        By `Region`.
    grid : Grid
        Where they lie.
    """
    here, there, weights = [], [], []
    for region, place in region_places().items():
        index = np.argwhere(labels == region)
        if len(index) < _LEAST_VOXELS:
            continue
        here.append(grid.affine[:3, :3] @ index.mean(axis=0) + grid.affine[:3, 3])
        there.append(place)
        weights.append(min(len(index), _MOST_WEIGHT) ** 0.5)
    if len(here) < _LEAST_REGIONS:
        middle = grid.affine @ [*(np.array(grid.shape) - 1) / 2, 1.0]
        return Pose(np.eye(3), middle[:3], len(here))
    one, other, weight = np.array(here), np.array(there), np.array(weights)[:, None]
    one_mean, other_mean = ((v * weight).sum(axis=0) / weight.sum() for v in (one, other))
    left, _, right = np.linalg.svd((weight * (one - one_mean)).T @ (other - other_mean))
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = (left @ sign @ right).T
    center = one_mean + rotation.T @ (np.array(head_middle_mm()) - other_mean)
    return Pose(rotation, center, len(here))


def head_middle_mm() -> tuple[float, float, float]:
    """Return the place of the template that comes into the middle of what the network sees."""
    return 0.0, 2.0, -30.0


@cache
def region_places() -> dict[Region, npt.NDArray[np.float64]]:
    """Return where the regions are in an average head, template world mm."""
    stored = json.loads(data_path(PLACES).read_text())
    return {Region[name.upper()]: np.array(place) for name, place in stored.items()}
