"""The base head: the template with a sharp skin, jaw and neck, from which persons are made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import nibabel as nib
import numpy as np

from defacto.anatomy.resample import carry
from defacto.anatomy.template import data_path
from defacto.types import FloatVolume, Grid

SURFACE_FILE = resources.files("defacto.simulate") / "data" / "surface.npz"
SURFACE_UNIT_MM = 0.1
"""Step of the stored distance to the skin; it reaches from 6 mm inside to 2.5 mm outside."""
BELOW_MM = 64
"""How far the base head goes on below the template."""
FLOOR_MM = -103.0
"""Lowest section of the template that is whole, template world mm."""
EYE_CENTERS_MM = ((-30.0, 76.0, -33.0), (30.0, 76.0, -33.0))
EYE_RADIUS_MM = 12.0
_NECK_MM = -18.0
_SKIN_MM = 5.0
_SKIN_LEVEL = 105.0


@dataclass(frozen=True, eq=False)
class Base:
    """A head to make persons from; 1 mm, RAS, template world.

    Parameters
    ----------
    grid : Grid
        Where the voxels of all volumes lie.
    t1 : ndarray of float32
        T1w intensities, 0 (air, bone) over about 118 (grey matter) and 162 (white matter) to 255 (fat).
    surface_mm : ndarray of float32
        Distance to the skin, mm; negative inside.
    brain : ndarray of float32
        How much of a place is brain or fluid around it, 0 to 1.
    """

    grid: Grid
    t1: FloatVolume
    surface_mm: FloatVolume
    brain: FloatVolume


@cache
def load_base() -> Base:
    """Read the template and its skin, and join them; once a process."""
    with np.load(str(SURFACE_FILE)) as stored:
        surface = stored["distance"] * np.float32(SURFACE_UNIT_MM)
        origin = stored["origin_mm"]
    affine = np.eye(4)
    affine[:3, 3] = origin
    grid = Grid(surface.shape, affine)
    brain_image = nib.load(data_path("p_brain_2mm.nii.gz"))
    brain_grid = Grid(brain_image.shape, np.asarray(brain_image.affine))
    p_brain = carry(brain_image.get_fdata(dtype=np.float32), brain_grid, grid, np.eye(4))
    return Base(grid, _with_skin(_extended(grid), surface), surface, np.clip(4 * p_brain, 0, 1))


def below(x: Any, y: Any, z: Any) -> tuple[Any, Any, Any]:
    """Return the place in the template whose tissue a place below its last whole section gets.

    Jaw, chin and neck are that section carried down, ever narrower towards the neck.
    """
    depth = np.maximum(FLOOR_MM - z, 0)
    front = 1 + 0.75 * _step(depth, 20.0, 46.0)
    side = 1 + 0.16 * _step(depth, 6.0, 40.0)
    forward = y - _NECK_MM
    return x * side, _NECK_MM + np.where(forward > 0, forward * front, forward), np.maximum(z, FLOOR_MM)


def _step(value: Any, low: float, high: float) -> Any:
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _extended(grid: Grid) -> FloatVolume:
    """Return the template on the larger grid, its lowest good section carried down."""
    image = nib.load(data_path("template.nii.gz"))
    head = image.get_fdata(dtype=np.float32)
    t1 = carry(head, Grid(head.shape, np.asarray(image.affine)), grid, np.eye(4))
    floor = int(FLOOR_MM - grid.affine[2, 3])
    section = t1[:, :, floor : floor + 8].mean(axis=2)
    x = np.arange(grid.shape[0]) + grid.affine[0, 3]
    y = np.arange(grid.shape[1]) + grid.affine[1, 3]
    for k in range(floor):
        from_x, from_y, _ = below(x, y, k + grid.affine[2, 3])
        i = np.clip(np.rint(from_x - grid.affine[0, 3]).astype(int), 0, grid.shape[0] - 1)
        j = np.clip(np.rint(from_y - grid.affine[1, 3]).astype(int), 0, grid.shape[1] - 1)
        t1[:, :, k] = section[np.ix_(i, j)]
    return t1


def _with_skin(t1: FloatVolume, surface: FloatVolume) -> FloatVolume:
    """Make up under the skin for what averaging blurred away."""
    weight = np.clip(1 + surface / np.float32(_SKIN_MM), 0, 1)
    t1 += weight * np.maximum(np.float32(_SKIN_LEVEL) - t1, 0)
    return t1
