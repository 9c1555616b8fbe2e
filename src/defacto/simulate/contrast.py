"""A contrast: how bright each structure of a head is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from defacto.simulate.base import BRAIN_CODE, BRAIN_LEVEL_STEP, EYE_CODE, LEVEL_STEP, TEMPLATE, Base
from defacto.simulate.structures import Structure
from defacto.simulate.warp import noise_cube
from defacto.types import FloatVolume

S = Structure

_BRAIN_LEVELS = (10.0, 68.0, 118.0, 162.0)
_OTHER_LEVELS = (8.0, 85.0, 185.0)


class Contrast(StrEnum):
    """A kind of scan."""

    T1W = "T1w"
    T2W = "T2w"
    PDW = "PDw"
    FLAIR = "FLAIR"
    T1W_GADOLINIUM = "T1w with gadolinium"
    RANDOM = "random"


_TISSUES = ("fluid", "grey", "deep", "white", "bone", "muscle", "skin", "fat", "eye", "blood", "mucosa")
_BRIGHTNESS: Mapping[Contrast, tuple[float, ...]] = {
    Contrast.T1W: (0.22, 0.60, 0.68, 0.88, 0.07, 0.48, 0.62, 1.15, 0.25, 0.25, 0.48),
    Contrast.T2W: (1.25, 0.72, 0.60, 0.52, 0.06, 0.34, 0.50, 0.85, 1.30, 0.10, 0.95),
    Contrast.PDW: (0.80, 0.98, 0.90, 0.80, 0.08, 0.62, 0.72, 0.95, 0.85, 0.30, 0.80),
    Contrast.FLAIR: (0.14, 0.82, 0.74, 0.64, 0.06, 0.42, 0.60, 0.95, 0.22, 0.12, 0.75),
    Contrast.T1W_GADOLINIUM: (0.22, 0.62, 0.70, 0.88, 0.07, 0.62, 0.72, 1.20, 0.30, 1.05, 0.90),
}
"""By tissue, in the order of `_TISSUES`; about 1 is bright."""
_OF: Mapping[str, tuple[S, ...]] = {
    "fluid": (S.VENTRICLES, S.CSF),
    "grey": (S.CEREBRAL_GM, S.CEREBELLAR_GM, S.LIMBIC),
    "deep": (S.CAUDATE, S.PUTAMEN, S.THALAMUS, S.PALLIDUM),
    "white": (S.CEREBRAL_WM, S.CEREBELLAR_WM, S.BRAINSTEM, S.VENTRAL_DC, S.SPINAL_CORD),
    "bone": (S.SKULL,),
    "muscle": (S.MUSCLE,),
    "skin": (S.SKIN,),
    "fat": (S.FAT, S.MARROW, S.BEHIND_EYE),
    "eye": (S.EYE,),
    "blood": (S.VESSEL, S.SINUS, S.BRAIN_VESSEL, S.CHOROID),
    "mucosa": (S.NOSE_INSIDE,),
}


@dataclass(frozen=True)
class Lesion:
    """A round lesion of the brain with a rim; before the person's deformation, base world.

    Parameters
    ----------
    center_mm : tuple of float
        Its middle.
    radius_mm : float
        To its edge.
    core, rim : float
        Brightness within, and of the outer third.
    """

    center_mm: tuple[float, float, float]
    radius_mm: float
    core: float
    rim: float


@dataclass(frozen=True)
class ContrastParameters:
    """All that makes a contrast; JSON values only.

    Parameters
    ----------
    kind : str
        A `Contrast`; tells what was drawn, changes nothing.
    means, spreads : tuple of float
        Brightness of each structure, and the spread of the mottling within it, in the order of `Structure`.
    texture_width_mm : float
        Over what the mottling changes.
    lesions : tuple of Lesion
        What is brighter or darker than its surroundings.
    seed : int
        Of the mottling.
    """

    kind: str
    means: tuple[float, ...]
    spreads: tuple[float, ...]
    texture_width_mm: float
    lesions: tuple[Lesion, ...]
    seed: int


@dataclass(frozen=True, eq=False)
class Palette:
    """A contrast made ready for a base head.

    Parameters
    ----------
    means, spreads : ndarray of float32, shape (256,)
        By code of the base head.
    texture : ndarray of float32, shape (n, n, n)
        Noise of unit spread that goes on at its borders; n is a power of two.
    """

    means: npt.NDArray[np.float32]
    spreads: npt.NDArray[np.float32]
    texture: FloatVolume


def draw_contrast(
    rng: np.random.Generator, kind: Contrast, *, lesions: bool | None = None
) -> ContrastParameters:
    """Draw a contrast of a kind.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    kind : Contrast
        What is brighter than what.
    lesions : bool, optional
        Whether the brain has some; by default where gadolinium was given.
    """
    means = _random_means(rng) if kind is Contrast.RANDOM else _usual_means(rng, kind)
    texture = rng.uniform(0.03, 0.06) if kind is not Contrast.RANDOM else rng.uniform(0.02, 0.15, len(S))
    spreads = texture * means
    wanted = kind is Contrast.T1W_GADOLINIUM if lesions is None else lesions
    drawn = tuple(_draw_lesion(rng, kind) for _ in range(int(rng.integers(2, 6)))) if wanted else ()
    return ContrastParameters(
        kind=str(kind),
        means=tuple(float(v) for v in means),
        spreads=tuple(float(v) for v in spreads),
        texture_width_mm=float(rng.uniform(1.0, 2.0)),
        lesions=drawn,
        seed=int(rng.integers(2**31)),
    )


def _usual_means(rng: np.random.Generator, kind: Contrast) -> npt.NDArray[np.float64]:
    means = np.full(len(S), 0.03)
    for name, brightness in zip(_TISSUES, _BRIGHTNESS[kind], strict=True):
        varied = brightness * (1 + 0.06 * np.clip(rng.standard_normal(), -2, 2))
        means[list(_OF[name])] = varied
    return means * (1 + 0.02 * rng.standard_normal(len(S)).clip(-2, 2))


def _random_means(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw a mean for each structure, as SynthSeg does (doi:10.1016/j.media.2023.102789); air stays dark.

    What a head is seen by, skin and the fat under it, is not as dark as air.
    """
    means = rng.uniform(0.05, 1.2, len(S))
    means[S.AIR] = 0.03
    for structure in (S.SKIN, S.FAT, S.MUSCLE):
        means[structure] = rng.uniform(0.3, 1.2)
    return means


def _draw_lesion(rng: np.random.Generator, kind: Contrast) -> Lesion:
    """Draw a lesion: a dark core and a bright rim with gadolinium, else one brightness."""
    side = rng.choice([-1.0, 1.0])
    center = (float(side * rng.uniform(14, 45)), float(rng.uniform(-60, 50)), float(rng.uniform(0, 45)))
    radius = float(rng.uniform(2, 9))
    core, rim = float(rng.uniform(0.25, 0.45)), float(rng.uniform(1.2, 1.5))
    if kind is not Contrast.T1W_GADOLINIUM:
        rim = core = core if kind is Contrast.T1W else rim
    return Lesion(center, radius, core, rim)


def make_palette(base: Base, parameters: ContrastParameters) -> Palette:
    """Return how bright each code of a base head is."""
    by_structure = np.array([parameters.means, parameters.spreads])
    table = np.zeros((2, 256))
    if base.scanned:
        table = _by_own_brightness(np.random.default_rng([parameters.seed, 1]), parameters)
    elif base.name == TEMPLATE:
        table = np.stack([_by_brightness(values) for values in by_structure])
    else:
        table[:, : len(S)] = by_structure
    rng = np.random.default_rng(parameters.seed)
    means, spreads = table.astype(np.float32)
    return Palette(means, spreads, noise_cube(rng, parameters.texture_width_mm))


def _by_own_brightness(rng: np.random.Generator, parameters: ContrastParameters) -> npt.NDArray[np.float64]:
    """Bend a scan's own brightness a little; or, for a random contrast, as long as air stays darkest."""
    own = np.arange(256) / 255
    if parameters.kind == Contrast.RANDOM:
        means = np.interp(own, (0, 0.15, 0.4, 0.7, 1), (0.03, *rng.uniform((0.12, 0.3, 0.3, 0.3), 1.2)))
    else:
        means = 0.03 + 1.1 * own ** float(np.exp(rng.normal(0, 0.2)))
    return np.stack([means, 0.01 + 0.0 * means])


def _by_brightness(values: Any) -> npt.NDArray[np.float64]:
    """Go from the template's codes to structures, and between them."""
    code = np.arange(256)
    other = np.interp(code * LEVEL_STEP, _OTHER_LEVELS, [values[s] for s in (S.SKULL, S.MUSCLE, S.FAT)])
    brain = np.interp(
        (code - BRAIN_CODE) * BRAIN_LEVEL_STEP,
        _BRAIN_LEVELS,
        [values[s] for s in (S.SKULL, S.CSF, S.CEREBRAL_GM, S.CEREBRAL_WM)],
    )
    table: npt.NDArray[np.float64] = np.where(code < BRAIN_CODE, other, brain)
    table[EYE_CODE] = values[S.EYE]
    return table
