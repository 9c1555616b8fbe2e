"""What fills a face under its skin: cavities, bone and fat, which label maps leave out and cuts lay open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from defacto.simulate.base import LEVEL_STEP, TEMPLATE, Base
from defacto.simulate.structures import Structure
from defacto.simulate.warp import NOISE_SIZE, noise_cube
from defacto.types import FloatVolume, Mask

Indices = npt.NDArray[np.int32]
_SOFT = (Structure.MUSCLE, Structure.FAT, Structure.NOSE_INSIDE)
_KINDS = (Structure.AIR, Structure.SKULL, Structure.FAT)
_TEMPLATE_LEVELS = (0.0, 8.0, 185.0)
"""Brightness of these in the template."""
_LEAST_MM = 3.5
_BELOW_MM = 45.0
_BEFORE_MM = -30.0


@dataclass(frozen=True)
class Filling:
    """What is put into the soft tissue of the face and neck; JSON values only.

    Parameters
    ----------
    shares : tuple of float
        Of the tissue that becomes cavity, bone and fat, about.
    widths_mm : tuple of float
        Size of the pieces of each.
    deep_mm : float
        Nothing changes nearer to the skin.
    seed : int
        Of the pieces.
    """

    shares: tuple[float, float, float]
    widths_mm: tuple[float, float, float]
    deep_mm: float
    seed: int


def draw_filling(rng: np.random.Generator) -> Filling:
    """Draw what fills a face."""
    air, bone, fat = rng.uniform((0.04, 0.05, 0.05), (0.25, 0.25, 0.3))
    widths = tuple(float(width) for width in rng.uniform((2.0, 1.5, 2.0), (5.0, 4.0, 5.0)))
    return Filling(
        (float(air), float(bone), float(fat)),
        (widths[0], widths[1], widths[2]),
        float(rng.uniform(_LEAST_MM, 7.0)),
        int(rng.integers(2**31)),
    )


def fill(base: Base, filling: Filling) -> Base:
    """Return a base head whose face is filled so; its structures are still called soft tissue.

    Parameters
    ----------
    base : Base
        A head with uniform soft tissue; one from a scan has cavities of its own, and stays as it is.
    filling : Filling
        As drawn.
    """
    if base.scanned:
        return base
    soft = _soft_places(base)
    deep = soft.surface_mm < -filling.deep_mm
    place, within = soft.place[deep], soft.within_cube[deep]
    codes, rng = base.codes.copy(), np.random.default_rng(filling.seed)
    for number, (share, width) in enumerate(zip(filling.shares, filling.widths_mm, strict=True)):
        here = noise_cube(rng, width).ravel()[within] > NormalDist().inv_cdf(1 - share)
        codes.reshape(-1)[place[here]] = _code(base, number)
    filled = replace(base, codes=codes)
    vars(filled)["box"] = base.box  # worked out already: the surface is the same
    return filled


def _code(base: Base, number: int) -> int:
    if base.name == TEMPLATE:
        return round(_TEMPLATE_LEVELS[number] / LEVEL_STEP)
    return int(_KINDS[number])


@dataclass(frozen=True, eq=False)
class _Soft:
    """Places of soft tissue in the face and neck: flat indices, those in a cube of noise, and the depth."""

    place: Indices
    within_cube: Indices
    surface_mm: FloatVolume


@lru_cache(maxsize=2)
def _soft_places(base: Base) -> _Soft:
    index = np.nonzero((base.surface_mm < -_LEAST_MM) & np.isin(base.structures, _SOFT) & _face(base))
    place = np.ravel_multi_index(index, base.codes.shape)
    within = np.ravel_multi_index(tuple(axis % NOISE_SIZE for axis in index), (NOISE_SIZE,) * 3)
    return _Soft(place.astype(np.int32), within.astype(np.int32), base.surface_mm[index])


def _face(base: Base) -> Mask:
    """Return what lies in front of the ears and below the forehead."""
    y, z = (base.grid.affine[axis, 3] + np.arange(base.grid.shape[axis]) for axis in (1, 2))
    return np.asarray((y > _BEFORE_MM)[None, :, None] & (z < _BELOW_MM)[None, None, :])
