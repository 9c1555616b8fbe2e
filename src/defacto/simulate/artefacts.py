"""What goes wrong in a scanner: uneven gain, noise, ghosts, wrap-around, the hole that a filling makes."""

from __future__ import annotations

import numpy as np

from defacto.types import Affine, FloatVolume, Grid

_RIM = 0.35


def bias_field(rng: np.random.Generator, grid: Grid, strength: float) -> FloatVolume:
    """Return a smooth gain of mean about 1: a product of one parabola along each axis.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    grid : Grid
        Of the scan.
    strength : float
        How much brighter the brightest place is made than the mean, as a share.
    """
    gain = np.ones((1, 1, 1), dtype=np.float32)
    for axis, count in enumerate(grid.shape):
        place = np.linspace(-1, 1, count, dtype=np.float32)
        slope, bend = rng.uniform(-1, 1), rng.uniform(-1, 1)
        curve = np.exp(np.float32(strength) * (slope * place + bend * (place**2 - 1 / 3)) * np.float32(0.6))
        shape = [1, 1, 1]
        shape[axis] = count
        gain = gain * curve.reshape(shape).astype(np.float32)
    return gain


def add_noise(rng: np.random.Generator, signal: FloatVolume, noise: float) -> FloatVolume:
    """Add Gaussian noise to both parts of the complex signal and take its magnitude (Rician)."""
    imaginary = rng.standard_normal(signal.shape, dtype=np.float32)
    imaginary *= np.float32(noise)
    signal += np.float32(noise) * rng.standard_normal(signal.shape, dtype=np.float32)
    imaginary *= imaginary
    imaginary += signal * signal
    return np.sqrt(imaginary, out=imaginary)


def add_ghosts(signal: FloatVolume, axis: int, strength: float, period: float) -> FloatVolume:
    """Add faint copies of a moving head, shifted to both sides along the phase-encoding axis.

    Parameters
    ----------
    signal : ndarray of float32
        Of the head at rest.
    axis : int
        Along which phase is encoded.
    strength : float
        Of the copies, as a share.
    period : float
        Their shift as a share of the field of view.
    """
    shift = max(1, round(period * signal.shape[axis]))
    copies = np.roll(signal, shift, axis) + np.roll(signal, -shift, axis)
    return np.asarray(signal + np.float32(strength) * copies)


def fold(signal: FloatVolume, axis: int, beyond: int) -> FloatVolume:
    """Wrap what lies beyond the field of view around to its other side.

    Parameters
    ----------
    signal : ndarray of float32
        Of a field of view that is longer by ``beyond`` voxels at both ends of the axis.
    axis : int
        Along which phase is encoded.
    beyond : int
        Not more than half of the field of view that is left.
    """
    along = np.moveaxis(signal, axis, 0)
    core = along[beyond:-beyond].copy()
    core[-beyond:] += along[:beyond]
    core[:beyond] += along[-beyond:]
    return np.ascontiguousarray(np.moveaxis(core, 0, axis))


def hole(grid: Grid, to_base: Affine, center_mm: tuple[float, float, float], radius_mm: float) -> FloatVolume:
    """Return where metal in the teeth takes the signal away: 0 nowhere to 1 wholly, soft at its edge."""
    matrix = to_base @ grid.affine
    out = np.zeros(grid.shape, dtype=np.float32)
    reach = radius_mm * 1.3 / float(np.sqrt((matrix[:3, :3] ** 2).sum(axis=0)).min())
    middle = np.linalg.inv(matrix) @ (*center_mm, 1.0)
    low = np.clip(np.floor(middle[:3] - reach), 0, grid.shape).astype(int)
    high = np.clip(np.ceil(middle[:3] + reach) + 1, 0, grid.shape).astype(int)
    i, j, k = np.ogrid[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    square = np.zeros((1, 1, 1))
    for row, center in zip(matrix[:3], center_mm, strict=True):
        square = square + (row[0] * i + row[1] * j + row[2] * k + row[3] - center) ** 2
    part = np.clip((radius_mm - np.sqrt(square)) / 3 + 0.5, 0, 1)
    out[low[0] : high[0], low[1] : high[1], low[2] : high[2]] = part
    return out


def take_away(signal: FloatVolume, gone: FloatVolume) -> FloatVolume:
    """Apply a hole; at its edge the signal that went astray piles up."""
    return np.asarray(signal * (1 - gone) * (1 + np.float32(4 * _RIM) * gone * (1 - gone)), dtype=np.float32)
