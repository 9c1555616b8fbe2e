"""The smooth deformation that makes one head of another: bumps in places, and random waves."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled
from defacto.types import FloatVolume, Grid

STEP_MM = 2.0
"""Spacing of a deformation's nodes."""

Shift = npt.NDArray[np.float32]
"""(i, j, k, 3) shift in mm along right, anterior, superior, at the nodes."""


def node_grid(base: Grid) -> Grid:
    """Return the nodes of a deformation that covers a straight RAS grid."""
    extent = np.array(base.shape) * base.voxel_size_mm
    shape = np.ceil(extent / STEP_MM).astype(int) + 1
    affine = np.diag([STEP_MM] * 3 + [1.0])
    affine[:3, 3] = base.affine[:3, 3]
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int, int], width_mm: float) -> FloatVolume:
    """Return noise of about unit spread that changes over about ``width_mm``.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    shape : tuple of int
        Nodes along each axis, `STEP_MM` apart.
    width_mm : float
        Not less than 4 mm.
    """
    step = width_mm / 1.6
    counts = np.ceil(np.array(shape) * STEP_MM / step).astype(int) + 6
    field = rng.standard_normal(tuple(counts), dtype=np.float32)
    for axis, (fine, coarse) in enumerate(zip(shape, counts, strict=True)):
        distance = np.arange(fine)[:, None] * (STEP_MM / step) - (np.arange(coarse)[None, :] - 2.5)
        bells = np.exp(-0.5 * distance**2)
        bells /= np.sqrt((bells**2).sum(axis=1, keepdims=True))
        field = np.moveaxis(np.tensordot(bells.astype(np.float32), field, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(field)


def face_weight(nodes: Grid) -> FloatVolume:
    """Return 1 in the face and 0 behind and above it, shape ``(1, j, k)``."""
    y = nodes.affine[1, 3] + STEP_MM * np.arange(nodes.shape[1])
    z = nodes.affine[2, 3] + STEP_MM * np.arange(nodes.shape[2])
    weight = 1 / ((1 + np.exp((45 - y)[:, None] / 8)) * (1 + np.exp(z / 10)))
    return np.asarray(weight[None], dtype=np.float32)


def add_bump(shift: Shift, nodes: Grid, center_mm: Any, width_mm: float, bump_mm: Any) -> None:
    """Add a bell-shaped shift to a deformation, in place."""
    reach = 3.5 * width_mm
    place = nodes.affine[:3, 3]
    low = np.maximum(((np.array(center_mm) - reach - place) / STEP_MM).astype(int), 0)
    high = np.minimum(((np.array(center_mm) + reach - place) / STEP_MM).astype(int) + 2, nodes.shape)
    bells = [
        np.exp(-0.5 * ((place[n] + STEP_MM * np.arange(low[n], high[n]) - center_mm[n]) / width_mm) ** 2)
        for n in range(3)
    ]
    bell = bells[0][:, None, None] * bells[1][:, None] * bells[2]
    shift[low[0] : high[0], low[1] : high[1], low[2] : high[2]] += (
        bell[..., None] * np.asarray(bump_mm)
    ).astype(np.float32)


@compiled
def least_jacobian(shift: Any, step: float) -> float:
    """Return the least share of its volume to which a place is squeezed; above 0, the shift can be undone."""
    least = 1e30
    for i in range(shift.shape[0] - 1):
        for j in range(shift.shape[1] - 1):
            for k in range(shift.shape[2] - 1):
                x, y, z = shift[i, j, k, 0], shift[i, j, k, 1], shift[i, j, k, 2]
                ax, ay, az = shift[i + 1, j, k, 0] - x, shift[i + 1, j, k, 1] - y, shift[i + 1, j, k, 2] - z
                bx, by, bz = shift[i, j + 1, k, 0] - x, shift[i, j + 1, k, 1] - y, shift[i, j + 1, k, 2] - z
                cx, cy, cz = shift[i, j, k + 1, 0] - x, shift[i, j, k + 1, 1] - y, shift[i, j, k + 1, 2] - z
                determinant = (
                    (step + ax) * ((step + by) * (step + cz) - bz * cy)
                    - ay * (bx * (step + cz) - bz * cx)
                    + az * (bx * cy - (step + by) * cx)
                )
                least = min(least, determinant)
    return float(least / step**3)
