"""An acquisition: field of view, voxels, pose, noise, and how the file stores it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from defacto.io.volume import scan_from_arrays
from defacto.simulate.artefacts import add_ghosts, add_noise, bias_field, fold, hole, take_away
from defacto.simulate.base import Base
from defacto.simulate.contrast import Lesion, Palette
from defacto.simulate.person import Person
from defacto.simulate.sample import Sampled, add_lesions, sample
from defacto.types import Affine, FloatVolume, Grid, Scan

HEAD_CENTER_MM = (0.0, 2.0, -30.0)
"""Middle of the base head, base world: this comes to lie in the middle of the field of view."""
_WRAPPED = 0.15
_PAIRS = ("RL", "AP", "SI")
_FULL_SCALE = {"uint8": 170.0, "int16": 900.0, "uint16": 2200.0, "float32": 400.0}


@dataclass(frozen=True)
class AcquisitionParameters:
    """All that makes an acquisition; JSON values only.

    Parameters
    ----------
    shape : tuple of int
        Voxels along right, anterior, superior.
    voxel_mm : tuple of float
        Their size along the same axes.
    storage : str
        Order and direction in which the file stores the axes, as ``"RAS"`` or ``"PSR"``.
    tilt_deg : tuple of float
        How the head lies: turned about the axes right (nod), anterior (tilt), superior (turn).
    offset_mm : tuple of float
        Of the head from the middle of the field of view.
    noise : float
        Spread of the noise, as a share of the brightness of fat.
    air : {"noise", "zero"}
        Rician noise in the air, or air set to zero, as some scanners do.
    bias : float
        How much brighter the brightest place is made than the mean by the coil, as a share.
    dtype : {"uint8", "int16", "uint16", "float32"}
        How voxels are stored.
    seed : int
        Of noise and bias field.
    oblique_deg : tuple of float
        How the field of view is turned against the world, about the same axes; the header says so.
    ghost : float
        Strength of motion ghosts, as a share.
    ghost_period : float
        Their shift as a share of the field of view.
    phase_axis : int
        Along which ghosts and wrap-around go: 0 right, 1 anterior, 2 superior.
    wrap : bool
        What lies beyond the field of view along the phase axis appears on its other side.
    hole_mm : float
        Radius of the hole that metal in the teeth makes; 0 for none.
    hole_center_mm : tuple of float
        Its middle, base world.
    lie : str
        The storage order that the header claims, where it is not the true one.
    """

    shape: tuple[int, int, int]
    voxel_mm: tuple[float, float, float]
    storage: str = "RAS"
    tilt_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    offset_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    noise: float = 0.02
    air: Literal["noise", "zero"] = "noise"
    bias: float = 0.2
    dtype: Literal["uint8", "int16", "uint16", "float32"] = "int16"
    seed: int = 0
    oblique_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    ghost: float = 0.0
    ghost_period: float = 0.5
    phase_axis: int = 1
    wrap: bool = False
    hole_mm: float = 0.0
    hole_center_mm: tuple[float, float, float] = (0.0, 78.0, -92.0)
    lie: str = ""


def draw_acquisition(rng: np.random.Generator, like: AcquisitionParameters) -> AcquisitionParameters:
    """Vary an acquisition as it varies from person to person: pose, offset, noise, coil.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    like : AcquisitionParameters
        The protocol; what it says of pose is the mean.
    """
    return replace(
        like,
        tilt_deg=_near(rng, like.tilt_deg, 4.0),
        offset_mm=_near(rng, like.offset_mm, 4.0),
        noise=float(like.noise * rng.uniform(0.8, 1.25)),
        bias=float(like.bias * rng.uniform(0.7, 1.3)),
        seed=int(rng.integers(2**31)),
    )


@dataclass(frozen=True, eq=False)
class Acquired:
    """A scan and what is known of it.

    Parameters
    ----------
    scan : Scan
        As its file says; world is the scanner's, the middle of the field of view near 0.
    true_grid : Grid
        Where its voxels really lie.
    sampled : Sampled
        The person on the true grid.
    to_base : ndarray, shape (4, 4)
        True world mm to base world mm, before the deformation.
    """

    scan: Scan
    true_grid: Grid
    sampled: Sampled
    to_base: Affine


def acquire(
    base: Base,
    person: Person,
    palette: Palette,
    parameters: AcquisitionParameters,
    lesions: Sequence[Lesion] = (),
) -> Acquired:
    """Scan a person.

    Parameters
    ----------
    base : Base
        The base head.
    person : Person
        Who is scanned.
    palette : Palette
        The contrast.
    parameters : AcquisitionParameters
        As drawn.
    lesions : sequence of Lesion
        Of the brain.
    """
    straight = replace(parameters, storage="RAS")
    beyond = round(_WRAPPED * parameters.shape[parameters.phase_axis]) if parameters.wrap else 0
    wide = scan_grid(straight, beyond)
    to_base = np.asarray(person.to_base @ _to_person(person, parameters))
    made = sample(base, person, palette, to_base, wide)
    if lesions:
        add_lesions(made, wide, to_base, lesions)
    signal = fold(made.signal, parameters.phase_axis, beyond) if beyond else made.signal
    made = _cut(made, parameters.phase_axis, beyond)
    signal = _scanned(signal, made, scan_grid(straight), to_base, parameters)
    stored = replace(made, signal=signal).each(lambda volume: in_order(volume, parameters.storage))
    true_grid = scan_grid(parameters)
    told = (
        scan_grid(replace(parameters, storage=parameters.lie), like=true_grid)
        if parameters.lie
        else true_grid
    )
    scan = _along_rows(scan_from_arrays(stored.signal, told.affine, dtype=parameters.dtype))
    return Acquired(scan, true_grid, stored, to_base)


def _along_rows(scan: Scan) -> Scan:
    """Return a scan with its voxels in C order in memory, as masks and anatomy have theirs."""
    voxels = np.ascontiguousarray(scan.stored)
    voxels.flags.writeable = False
    return replace(scan, stored=voxels)


def _scanned(
    signal: FloatVolume, made: Sampled, grid: Grid, to_base: Affine, parameters: AcquisitionParameters
) -> FloatVolume:
    """Let the scanner do its worst to the signal, and forget the features that it swallows."""
    rng = np.random.default_rng(parameters.seed)
    if parameters.hole_mm > 0:
        gone = hole(grid, to_base, parameters.hole_center_mm, parameters.hole_mm)
        signal = take_away(signal, gone)
        made.features[gone > 0.5] = 0
    if parameters.ghost > 0:
        signal = add_ghosts(signal, parameters.phase_axis, parameters.ghost, parameters.ghost_period)
    signal *= bias_field(rng, grid, parameters.bias)
    signal = add_noise(rng, signal, parameters.noise)
    if parameters.air == "zero":
        signal[made.inside < 0.02] = 0
    signal *= np.float32(_FULL_SCALE[parameters.dtype])
    return signal


def _cut(made: Sampled, axis: int, beyond: int) -> Sampled:
    """Leave away what lies beyond the field of view."""
    if not beyond:
        return made
    part = tuple(slice(beyond, -beyond) if n == axis else slice(None) for n in range(3))
    return made.each(lambda volume: np.ascontiguousarray(volume[part]))


def in_order(volume: Any, storage: str) -> Any:
    """Return a view of a volume along right, anterior, superior in another order of storage."""
    order = [next(n for n, pair in enumerate(_PAIRS) if letter in pair) for letter in storage]
    view = volume.transpose(order)
    return view[tuple(slice(None, None, 1 if letter in "RAS" else -1) for letter in storage)]


def scan_grid(parameters: AcquisitionParameters, beyond: int = 0, *, like: Grid | None = None) -> Grid:
    """Return the grid on which an acquisition stores its voxels.

    Parameters
    ----------
    parameters : AcquisitionParameters
        As drawn.
    beyond : int
        Voxels more at both ends of the phase axis.
    like : Grid, optional
        Keep its shape and the voxel sizes of its axes, and turn it: what a header says that lies.
    """
    shape, columns = [], []
    for n, letter in enumerate(parameters.storage):
        axis = next(a for a, pair in enumerate(_PAIRS) if letter in pair)
        size = like.voxel_size_mm[n] if like else parameters.voxel_mm[axis]
        direction = np.zeros(3)
        direction[axis] = size * (1 if letter in "RAS" else -1)
        columns.append(direction)
        count = like.shape[n] if like else parameters.shape[axis]
        shape.append(count + (2 * beyond if axis == parameters.phase_axis else 0))
    affine = np.eye(4)
    affine[:3, :3] = rotation(parameters.oblique_deg) @ np.stack(columns, axis=1)
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid((shape[0], shape[1], shape[2]), affine)


def _to_person(person: Person, parameters: AcquisitionParameters) -> Affine:
    """World of the scanner to world of the person."""
    center = np.linalg.inv(person.to_base) @ (*HEAD_CENTER_MM, 1.0)
    turn = rotation(parameters.tilt_deg)
    matrix = np.eye(4)
    matrix[:3, :3] = turn.T
    matrix[:3, 3] = center[:3] - turn.T @ parameters.offset_mm
    return matrix


def rotation(degrees: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    """Return a turn about the axes right, anterior, superior, one after the other, shape (3, 3)."""
    turn = np.eye(3)
    for axis, angle in enumerate(np.deg2rad(degrees)):
        one = np.eye(3)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        one[a, a] = one[b, b] = np.cos(angle)
        one[b, a] = np.sin(angle)
        one[a, b] = -one[b, a]
        turn = one @ turn
    return turn


def _near(
    rng: np.random.Generator, mean: tuple[float, float, float], spread: float
) -> tuple[float, float, float]:
    x, y, z = (float(m + spread * d) for m, d in zip(mean, rng.uniform(-1, 1, 3), strict=True))
    return x, y, z
