"""An acquisition: field of view, voxels, pose, noise, and how the file stores it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from defacto.io.volume import scan_from_arrays
from defacto.simulate.base import Base
from defacto.simulate.contrast import Palette
from defacto.simulate.person import Person
from defacto.simulate.sample import Sampled, sample
from defacto.types import Affine, FloatVolume, Grid, Scan

HEAD_CENTER_MM = (0.0, 2.0, -30.0)
"""Middle of the base head, base world: this comes to lie in the middle of the field of view."""
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


def acquire(base: Base, person: Person, palette: Palette, parameters: AcquisitionParameters) -> Acquired:
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
    """
    grid = scan_grid(replace(parameters, storage="RAS"))
    to_base = np.asarray(person.to_base @ _to_person(person, parameters))
    made = sample(base, person, palette, to_base, grid)
    signal = made.signal
    rng = np.random.default_rng(parameters.seed)
    signal *= _bias_field(rng, grid, parameters.bias)
    signal = _add_noise(rng, signal, parameters.noise)
    if parameters.air == "zero":
        signal[made.inside < 0.02] = 0
    signal *= np.float32(_FULL_SCALE[parameters.dtype])
    stored = Sampled(
        *(
            in_order(volume, parameters.storage)
            for volume in (signal, made.inside, made.structures, made.features, made.surface_mm)
        )
    )
    true_grid = scan_grid(parameters)
    scan = scan_from_arrays(stored.signal, true_grid.affine, dtype=parameters.dtype)
    return Acquired(scan, true_grid, stored, to_base)


def in_order(volume: npt.NDArray[Any], storage: str) -> npt.NDArray[Any]:
    """Return a view of a volume along right, anterior, superior in another order of storage."""
    order = [next(n for n, pair in enumerate(_PAIRS) if letter in pair) for letter in storage]
    view = volume.transpose(order)
    return view[tuple(slice(None, None, 1 if letter in "RAS" else -1) for letter in storage)]


def scan_grid(parameters: AcquisitionParameters) -> Grid:
    """Return the grid on which an acquisition stores its voxels."""
    shape, columns = [], []
    for letter in parameters.storage:
        axis = next(n for n, pair in enumerate(_PAIRS) if letter in pair)
        direction = np.zeros(3)
        direction[axis] = parameters.voxel_mm[axis] * (1 if letter in "RAS" else -1)
        columns.append(direction)
        shape.append(parameters.shape[axis])
    affine = np.eye(4)
    affine[:3, :3] = np.stack(columns, axis=1)
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid((shape[0], shape[1], shape[2]), affine)


def _to_person(person: Person, parameters: AcquisitionParameters) -> Affine:
    """World of the scanner to world of the person."""
    center = np.linalg.inv(person.to_base) @ (*HEAD_CENTER_MM, 1.0)
    turn = _rotation(parameters.tilt_deg)
    matrix = np.eye(4)
    matrix[:3, :3] = turn.T
    matrix[:3, 3] = center[:3] - turn.T @ parameters.offset_mm
    return matrix


def _rotation(degrees: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    turn = np.eye(3)
    for axis, angle in enumerate(np.deg2rad(degrees)):
        one = np.eye(3)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        one[a, a] = one[b, b] = np.cos(angle)
        one[b, a] = np.sin(angle)
        one[a, b] = -one[b, a]
        turn = one @ turn
    return turn


def _bias_field(rng: np.random.Generator, grid: Grid, strength: float) -> FloatVolume:
    """Return a smooth gain of mean about 1: a product of one parabola along each axis."""
    gain = np.ones((1, 1, 1), dtype=np.float32)
    for axis, count in enumerate(grid.shape):
        place = np.linspace(-1, 1, count, dtype=np.float32)
        slope, bend = rng.uniform(-1, 1), rng.uniform(-1, 1)
        curve = np.exp(np.float32(strength) * (slope * place + bend * (place**2 - 1 / 3)) * np.float32(0.6))
        shape = [1, 1, 1]
        shape[axis] = count
        gain = gain * curve.reshape(shape).astype(np.float32)
    return gain


def _add_noise(rng: np.random.Generator, signal: FloatVolume, noise: float) -> FloatVolume:
    """Add Gaussian noise to both parts of the complex signal and take its magnitude (Rician)."""
    imaginary = rng.standard_normal(signal.shape, dtype=np.float32)
    imaginary *= np.float32(noise)
    signal += np.float32(noise) * rng.standard_normal(signal.shape, dtype=np.float32)
    return np.hypot(signal, imaginary)


def _near(
    rng: np.random.Generator, mean: tuple[float, float, float], spread: float
) -> tuple[float, float, float]:
    x, y, z = (float(m + spread * d) for m, d in zip(mean, rng.uniform(-1, 1, 3), strict=True))
    return x, y, z
