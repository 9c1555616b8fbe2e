"""How a head lies, from the places of its regions."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from defacto.anatomy.regions import Region
from defacto.anatomy.template import data_path
from defacto.types import Affine, Grid, LabelVolume

PLACES = "region_places.json"
USUAL_DEG = 30.0
"""Heads are turned by less in a scanner whose header is right."""
_LEAST_VOXELS = 20
_LEAST_REGIONS = 4
_MOST_WEIGHT = 400.0
_FITTED_MM = 15.0


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
    fitted : int
        How many of them lie within 15 mm of where they lie in an average head, so turned.
    support : float
        How much speaks for the pose: the more, and the larger, regions are fitted.
    """

    to_upright: npt.NDArray[np.float64]
    center_mm: npt.NDArray[np.float64]
    regions: int
    fitted: int
    support: float

    @classmethod
    def of(cls, to_template: Affine) -> Pose:
        """Return the pose that a registration means, shape (4, 4), world mm to template mm."""
        left, _, right = np.linalg.svd(to_template[:3, :3])
        center = np.linalg.inv(to_template) @ [*head_middle_mm(), 1.0]
        return cls(left @ right, center[:3], 0, 0, 0.0)

    @property
    def turn(self) -> Affine:
        """What sets the head upright, world mm, shape (4, 4); nothing where it lies as heads lie."""
        matrix = np.eye(4)
        if angle_deg(self.to_upright) > USUAL_DEG:
            matrix[:3, :3] = self.to_upright
        return matrix

    def after(self, turn: npt.NDArray[np.float64]) -> Pose:
        """Return the pose before a turn about the world's origin after which this one was found."""
        return replace(self, to_upright=self.to_upright @ turn, center_mm=turn.T @ self.center_mm)


def angle_deg(rotation: npt.NDArray[np.float64]) -> float:
    """Return by how much a rotation matrix turns, degrees."""
    return float(np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1))))


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
        return Pose(np.eye(3), middle[:3], len(here), 0, 0.0)
    one, other, weight = np.array(here), np.array(there), np.array(weights)[:, None]
    one_mean, other_mean = ((v * weight).sum(axis=0) / weight.sum() for v in (one, other))
    left, _, right = np.linalg.svd((weight * (one - one_mean)).T @ (other - other_mean))
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = (left @ sign @ right).T
    center = one_mean + rotation.T @ (np.array(head_middle_mm()) - other_mean)
    away = (one - one_mean) @ rotation.T - (other - other_mean)
    fitted = np.sqrt((away**2).sum(axis=1)) < _FITTED_MM
    return Pose(rotation, center, len(here), int(fitted.sum()), float(weight[fitted].sum()))


def head_middle_mm() -> tuple[float, float, float]:
    """Return the place of the template that comes into the middle of what the network sees."""
    return 0.0, 2.0, -30.0


@cache
def region_places() -> dict[Region, npt.NDArray[np.float64]]:
    """Return where the regions are in an average head, template world mm."""
    stored = json.loads(data_path(PLACES).read_text())
    return {Region[name.upper()]: np.array(place) for name, place in stored.items()}
