"""A person: the base head, made larger or smaller, and deformed, most of all in the face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from defacto.simulate.base import EYE_CENTERS_MM
from defacto.simulate.warp import (
    STEP_MM,
    Shift,
    add_bump,
    face_weight,
    least_jacobian,
    node_grid,
    smooth_noise,
    swell_ventricles,
    thicken_skull,
)
from defacto.types import Affine, Grid

MIN_JACOBIAN = 0.25
"""No place is squeezed to less than this share of its volume."""

_EYE = EYE_CENTERS_MM[1]
_SHAPES: tuple[tuple[str, tuple[float, float, float], float, tuple[float, float, float]], ...] = (
    ("nose_tip", (0, 112, -66), 11, (1.0, 5.5, 3.5)),
    ("nose_bridge", (0, 103, -45), 10, (0.8, 4.0, 2.0)),
    ("nostril", (13, 100, -68), 8, (2.8, 1.5, 2.0)),
    ("brow", (25, 97, -12), 13, (2.5, 3.5, 2.5)),
    ("eye", _EYE, 13, (2.5, 2.0, 1.5)),
    ("cheek", (42, 82, -60), 18, (4.5, 4.5, 3.0)),
    ("lips", (0, 98, -94), 11, (0.8, 3.0, 2.5)),
    ("mouth_corner", (24, 88, -95), 10, (3.0, 1.5, 2.5)),
    ("chin", (0, 88, -122), 18, (1.5, 7.0, 5.5)),
    ("jaw", (48, 40, -112), 22, (6.0, 4.0, 5.0)),
    ("ear", (78, 2, -48), 14, (4.0, 3.0, 4.0)),
    ("forehead", (0, 95, 15), 28, (1.0, 5.0, 4.0)),
)
"""Name, place (right or middle), width, and largest shift along right, anterior, superior; mm."""


@dataclass(frozen=True)
class Bump:
    """A shift of one place and what is near it."""

    center_mm: tuple[float, float, float]
    width_mm: float
    shift_mm: tuple[float, float, float]


@dataclass(frozen=True)
class PersonParameters:
    """All that makes a person; JSON values only, so that any person can be made again.

    Parameters
    ----------
    scale : tuple of float
        Size along right, anterior, superior, as a share of the base head's.
    shear : tuple of float
        Of anterior over superior, right over superior, right over anterior.
    mirrored : bool
        Left and right exchanged.
    bumps : tuple of Bump
        The face.
    field_mm, field_width_mm : float
        Size and width of the smooth random deformation of the whole head.
    face_field_mm, face_field_width_mm : float
        The same of the finer one in the face.
    seed : int
        Of both random deformations.
    years : float
        Age; it tells what was drawn and changes nothing.
    ventricles : float
        By what share the lateral ventricles are wider than the base head's.
    skull_mm : float
        By how much the skull is thicker.
    """

    scale: tuple[float, float, float]
    shear: tuple[float, float, float]
    mirrored: bool
    bumps: tuple[Bump, ...]
    field_mm: float
    field_width_mm: float
    face_field_mm: float
    face_field_width_mm: float
    seed: int
    years: float = 30.0
    ventricles: float = 0.0
    skull_mm: float = 0.0


@dataclass(frozen=True, eq=False)
class Person:
    """A deformation of the base head.

    Parameters
    ----------
    parameters : PersonParameters
        What made it.
    to_base : ndarray, shape (4, 4)
        World mm of the person to those of the base head, before the deformation.
    shift_mm : ndarray of float32, shape (i, j, k, 3)
        What is then added, at the nodes of `grid`.
    grid : Grid
        Base world.
    """

    parameters: PersonParameters
    to_base: Affine
    shift_mm: Shift
    grid: Grid


def size_at(years: float) -> float:
    """Return the mean size of a head as a share of the base heads', after tables of head circumference.

    The base heads, brought to the template's size, are 4 % smaller than grown-up people measured.
    """
    return float(np.interp(years, (0.5, 1.0, 3.0, 6.0, 12.0, 18.0), (0.81, 0.86, 0.92, 0.955, 1.0, 1.04)))


def draw_person(
    rng: np.random.Generator, *, size: float | None = None, years: float = 30.0
) -> PersonParameters:
    """Draw a person.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    size : float, optional
        Mean size as a share of the base head's; by default that of the age.
    years : float
        Age. The old have wider ventricles, children a thinner skull.
    """
    size = size_at(years) if size is None else size
    overall = size * rng.uniform(0.95, 1.05)
    scale = overall * rng.uniform(0.95, 1.05, 3)
    bumps: list[Bump] = []
    for _, center, width, reach in _SHAPES:
        shift = np.clip(0.6 * rng.standard_normal(3), -1, 1) * reach * size
        if center[0] == 0:
            bumps.append(_bump(center, width, shift))
            continue
        for side in (1, -1):
            uneven = 1 + 0.15 * rng.standard_normal(3)
            mirror = np.array([side, 1, 1])
            bumps.append(_bump(center * mirror, width, shift * uneven * mirror))
    return PersonParameters(
        scale=_three(scale),
        shear=_three(rng.uniform(-0.04, 0.04, 3) * (1.0, 0.4, 0.4)),
        mirrored=bool(rng.integers(2)),
        bumps=tuple(bumps),
        field_mm=float(rng.uniform(1.0, 2.0)),
        field_width_mm=float(rng.uniform(30, 44)),
        face_field_mm=float(rng.uniform(0.4, 0.8)),
        face_field_width_mm=float(rng.uniform(12, 18)),
        seed=int(rng.integers(2**31)),
        years=float(years),
        ventricles=float(np.interp(years, (5, 30, 55, 90), (-0.12, 0, 0.05, 0.3)) + rng.uniform(-0.08, 0.1)),
        skull_mm=float(np.interp(years, (1, 8, 20), (-2.0, -0.8, 0)) + rng.uniform(-1, 1.2)),
    )


def make_person(parameters: PersonParameters, base: Grid) -> Person:
    """Make the deformation; it is shrunk until no place is squeezed below `MIN_JACOBIAN`.

    Parameters
    ----------
    parameters : PersonParameters
        As drawn.
    base : Grid
        Of the base head.
    """
    nodes = node_grid(base)
    shift = _random_shift(nodes, parameters)
    for bump in parameters.bumps:
        add_bump(shift, nodes, bump.center_mm, bump.width_mm, -np.array(bump.shift_mm))
    swell_ventricles(shift, nodes, parameters.ventricles)
    thicken_skull(shift, nodes, parameters.skull_mm)
    while least_jacobian(shift, STEP_MM) < MIN_JACOBIAN:
        shift *= np.float32(0.85)
    return Person(parameters, np.asarray(np.linalg.inv(_size_matrix(parameters))), shift, nodes)


def _random_shift(nodes: Grid, parameters: PersonParameters) -> Shift:
    """Draw both random deformations, the finer one in the face alone."""
    rng = np.random.default_rng(parameters.seed)
    face = face_weight(nodes) * np.float32(parameters.face_field_mm)
    shift = np.empty((*nodes.shape, 3), dtype=np.float32)
    for axis in range(3):
        whole = smooth_noise(rng, nodes.shape, parameters.field_width_mm)
        fine = smooth_noise(rng, nodes.shape, parameters.face_field_width_mm)
        shift[..., axis] = np.float32(parameters.field_mm) * whole + face * fine
    return shift


def _bump(center: Any, width: float, shift: Any) -> Bump:
    return Bump(_three(center), float(width), _three(shift))


def _three(values: Any) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in values)
    return x, y, z


def _size_matrix(parameters: PersonParameters) -> Affine:
    matrix = np.diag([*parameters.scale, 1.0])
    matrix[1, 2], matrix[0, 2], matrix[0, 1] = parameters.shear
    if parameters.mirrored:
        matrix[:, 0] *= -1
    return matrix
