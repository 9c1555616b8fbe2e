"""A contrast: how bright each tissue of the base head is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from defacto.anatomy.compile import compiled
from defacto.simulate.base import EYE_CENTERS_MM, EYE_RADIUS_MM, Base
from defacto.types import FloatVolume

TISSUES = ("air", "csf", "grey", "white", "muscle", "fat", "eye")
"""What has a brightness of its own."""

_BRAIN_LEVELS = np.array([10.0, 68.0, 118.0, 162.0])
_OTHER_LEVELS = np.array([8.0, 85.0, 185.0])
_NOISE_SIZE = 96


class Contrast(StrEnum):
    """A kind of scan."""

    T1W = "T1w"
    T2W = "T2w"
    PDW = "PDw"
    FLAIR = "FLAIR"
    T1W_GADOLINIUM = "T1w with gadolinium"


_BRIGHTNESS: Mapping[Contrast, tuple[float, ...]] = {
    Contrast.T1W: (0.03, 0.22, 0.60, 0.88, 0.48, 1.15, 0.25),
    Contrast.T2W: (0.03, 1.25, 0.72, 0.52, 0.34, 0.85, 1.30),
    Contrast.PDW: (0.03, 0.80, 0.98, 0.80, 0.62, 0.95, 0.85),
    Contrast.FLAIR: (0.03, 0.14, 0.82, 0.64, 0.42, 0.95, 0.22),
    Contrast.T1W_GADOLINIUM: (0.03, 0.22, 0.62, 0.88, 0.66, 1.20, 0.30),
}
"""By tissue, in the order of `TISSUES`; about 1 is bright."""


@dataclass(frozen=True)
class Lesion:
    """A round lesion with a rim, base world."""

    center_mm: tuple[float, float, float]
    radius_mm: float
    core: float
    rim: float


@dataclass(frozen=True)
class ContrastParameters:
    """All that makes a contrast; JSON values only.

    Parameters
    ----------
    brightness : tuple of float
        By tissue, in the order of `TISSUES`.
    texture : float
        Spread of the mottling within tissues, as a share of their brightness.
    texture_width_mm : float
        Over what it changes.
    folds : float
        How strongly cortex and the tissue around it are folded.
    lesions : tuple of Lesion
        What is brighter or darker than its surroundings.
    seed : int
        Of the texture.
    """

    brightness: tuple[float, ...]
    texture: float
    texture_width_mm: float
    folds: float
    lesions: tuple[Lesion, ...]
    seed: int


def draw_contrast(rng: np.random.Generator, kind: Contrast) -> ContrastParameters:
    """Draw a contrast of a kind.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    kind : Contrast
        What is brighter than what.
    """
    varied = np.array(_BRIGHTNESS[kind]) * (1 + 0.06 * rng.standard_normal(len(TISSUES)).clip(-2, 2))
    lesions = tuple(_draw_lesion(rng) for _ in range(2)) if kind is Contrast.T1W_GADOLINIUM else ()
    return ContrastParameters(
        brightness=tuple(float(v) for v in varied),
        texture=float(rng.uniform(0.03, 0.06)),
        texture_width_mm=float(rng.uniform(1.5, 2.5)),
        folds=float(rng.uniform(9, 14)),
        lesions=lesions,
        seed=int(rng.integers(2**31)),
    )


def _draw_lesion(rng: np.random.Generator) -> Lesion:
    side = rng.choice([-1.0, 1.0])
    center = (float(side * rng.uniform(18, 45)), float(rng.uniform(-60, 40)), float(rng.uniform(0, 45)))
    return Lesion(
        center, float(rng.uniform(4, 9)), float(rng.uniform(0.25, 0.45)), float(rng.uniform(1.2, 1.5))
    )


def paint(base: Base, parameters: ContrastParameters) -> FloatVolume:
    """Return the base head in a contrast, on its own grid; what is outside of the skin is not darkened yet.

    Parameters
    ----------
    base : Base
        The head.
    parameters : ContrastParameters
        As drawn.

    Returns
    -------
    ndarray of float32, shape ``base.grid.shape``
        About 0 (air) to 1.3.
    """
    rng = np.random.default_rng(parameters.seed)
    texture = _noise_cube(rng, parameters.texture_width_mm) * np.float32(parameters.texture)
    folds = _noise_cube(rng, 3.0) * np.float32(parameters.folds)
    air, csf, grey, white, muscle, fat, eye = parameters.brightness
    brain_values, other_values = np.array([air, csf, grey, white]), np.array([air, muscle, fat])
    out: FloatVolume = _paint(base.t1, base.brain, texture, folds, brain_values, other_values)
    origin = base.grid.affine[:3, 3]
    for center in EYE_CENTERS_MM:
        _paint_ball(out, np.array(center) - origin, EYE_RADIUS_MM, eye, eye)
    for lesion in parameters.lesions:
        _paint_ball(out, np.array(lesion.center_mm) - origin, lesion.radius_mm, lesion.core, lesion.rim)
    return out


def _noise_cube(rng: np.random.Generator, width_mm: float) -> FloatVolume:
    """Return smooth noise of unit spread that goes on at its borders, 1 mm."""
    white = rng.standard_normal((_NOISE_SIZE,) * 3, dtype=np.float32)
    wave = np.fft.fftfreq(_NOISE_SIZE).astype(np.float32)
    low = np.exp(-2 * (np.pi * width_mm * wave) ** 2)
    half = low[: _NOISE_SIZE // 2 + 1]
    spectrum = np.fft.rfftn(white) * low[:, None, None] * low[None, :, None] * half[None, None, :]
    noise = np.fft.irfftn(spectrum, s=white.shape, axes=(0, 1, 2)).astype(np.float32)
    return np.asarray(noise / noise.std(), dtype=np.float32)


@compiled
def _look_up(level: float, levels: Any, values: Any) -> float:
    last = len(values) - 1
    if level <= levels[0]:
        return float(values[0])
    for n in range(last):
        if level < levels[n + 1]:
            share = (level - levels[n]) / (levels[n + 1] - levels[n])
            return float(values[n] + share * (values[n + 1] - values[n]))
    return float(values[last])


@compiled
def _paint(t1: Any, brain: Any, texture: Any, folds: Any, brain_values: Any, other_values: Any) -> Any:
    size = texture.shape[0]
    out = np.empty(t1.shape, dtype=np.float32)
    for i in range(t1.shape[0]):
        for j in range(t1.shape[1]):
            for k in range(t1.shape[2]):
                a, b, c = i % size, j % size, k % size
                level, share = t1[i, j, k], brain[i, j, k]
                value = 0.0
                if share < 1:
                    value += (1 - share) * _look_up(level, _OTHER_LEVELS, other_values)
                if share > 0:
                    deep = 1.0 - min(1.0, abs(level - 115.0) / 60.0)
                    value += share * _look_up(level + folds[a, b, c] * deep, _BRAIN_LEVELS, brain_values)
                out[i, j, k] = value * (1 + texture[a, b, c])
    return out


@compiled
def _paint_ball(volume: Any, center: Any, radius: float, core: float, rim: float) -> None:
    for i in range(max(0, int(center[0] - radius) - 1), min(volume.shape[0], int(center[0] + radius) + 3)):
        for j in range(
            max(0, int(center[1] - radius) - 1), min(volume.shape[1], int(center[1] + radius) + 3)
        ):
            for k in range(
                max(0, int(center[2] - radius) - 1), min(volume.shape[2], int(center[2] + radius) + 3)
            ):
                distance = np.sqrt((i - center[0]) ** 2 + (j - center[1]) ** 2 + (k - center[2]) ** 2)
                weight = min(1.0, max(0.0, radius - distance + 0.5))
                value = rim if distance > 0.7 * radius else core
                volume[i, j, k] += np.float32(weight) * (np.float32(value) - volume[i, j, k])
