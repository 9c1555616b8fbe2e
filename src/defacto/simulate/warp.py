"""The smooth deformation that makes one head of another: bumps in places, and random waves."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled
from defacto.types import FloatVolume, Grid

STEP_MM = 2.5
"""Spacing of a deformation's nodes."""
_TAPS = 6
NOISE_SIZE = 64
_CRANIUM_MM = ((0.0, -12.0, 8.0), (74.0, 94.0, 78.0))
_VENTRICLE_MM = (16.0, 0.0, 8.0)
_VENTRICLE_WIDTH_MM = (13.0, 26.0, 15.0)

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
    counts = np.ceil(np.array(shape) * STEP_MM / step).astype(int) + _TAPS
    field: FloatVolume = rng.standard_normal(tuple(counts), dtype=np.float32)
    for axis in range(3):
        place = np.arange(shape[axis]) * (STEP_MM / step) + _TAPS / 2 - 0.5
        first = np.floor(place).astype(np.int64) - _TAPS // 2 + 1
        bells = np.exp(-0.5 * (place[:, None] - first[:, None] - np.arange(_TAPS)) ** 2)
        bells /= np.sqrt((bells**2).sum(axis=1, keepdims=True))
        along = np.ascontiguousarray(np.moveaxis(field, axis, 0))
        field = np.moveaxis(_blend(along, first, bells.astype(np.float32)), 0, axis)
    return np.ascontiguousarray(field)


@compiled
def _blend(field: Any, first: Any, weights: Any) -> Any:
    """Make each section a weighted sum of sections; by hand, since BLAS rounds as its threads fall."""
    out = np.zeros((first.shape[0], field.shape[1], field.shape[2]), dtype=np.float32)
    for n in range(first.shape[0]):
        for tap in range(weights.shape[1]):
            weight = weights[n, tap]
            for j in range(field.shape[1]):
                for k in range(field.shape[2]):
                    out[n, j, k] += weight * field[first[n] + tap, j, k]
    return out


def noise_cube(rng: np.random.Generator, width_mm: float) -> FloatVolume:
    """Return smooth noise of unit spread that goes on at its borders, 1 mm."""
    white = rng.standard_normal((NOISE_SIZE,) * 3, dtype=np.float32)
    wave = np.fft.fftfreq(NOISE_SIZE).astype(np.float32)
    low = np.exp(-2 * (np.pi * width_mm * wave) ** 2)
    half = low[: NOISE_SIZE // 2 + 1]
    spectrum = np.fft.rfftn(white) * low[:, None, None] * low[None, :, None] * half[None, None, :]
    noise = np.fft.irfftn(spectrum, s=white.shape, axes=(0, 1, 2)).astype(np.float32)
    return np.asarray(noise / noise.std(), dtype=np.float32)


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


def swell_ventricles(shift: Shift, nodes: Grid, share: float) -> None:
    """Make both lateral ventricles larger by a share, and what is around them thinner, in place."""
    for side in (-1.0, 1.0):
        center = np.array(_VENTRICLE_MM) * (side, 1, 1)
        place = [a - c for a, c in zip(_places(nodes), center, strict=True)]
        square = sum((p / w) ** 2 for p, w in zip(place, _VENTRICLE_WIDTH_MM, strict=True))
        bell = np.float32(-share) * np.exp(np.float32(-0.5) * square)
        for axis in range(3):
            shift[..., axis] += bell * place[axis]


def thicken_skull(shift: Shift, nodes: Grid, by_mm: float) -> None:
    """Move the inside of the cranium inwards, and leave the scalp where it is, in place."""
    center, radii = (np.array(values) for values in _CRANIUM_MM)
    place = [a - c for a, c in zip(_places(nodes), center, strict=True)]
    radius = np.sqrt(sum((p / r) ** 2 for p, r in zip(place, radii, strict=True)))
    above = 1 / (1 + np.exp(-(place[2] + 5) / 8))
    outwards = np.float32(by_mm) * above * np.exp(-(((radius - 0.8) / 0.13) ** 2)) / np.maximum(radius, 0.3)
    for axis in range(3):
        shift[..., axis] += (outwards * place[axis] / radii[axis]).astype(np.float32)


def _places(nodes: Grid) -> list[FloatVolume]:
    ticks = np.ogrid[: nodes.shape[0], : nodes.shape[1], : nodes.shape[2]]
    return [(o + STEP_MM * t).astype(np.float32) for t, o in zip(ticks, nodes.affine[:3, 3], strict=True)]


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
