"""Samples for the anatomy network: made heads of any contrast, turned any way, whole or defaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from defacto.anatomy.network_input import find_center, prepare
from defacto.anatomy.regions import OF_FEATURE, Region, is_brain
from defacto.simulate.base import Base
from defacto.simulate.bases import BaseHandle
from defacto.simulate.contrast import Contrast
from defacto.simulate.head import MadeHead, Ranges, draw_head, make_head
from defacto.simulate.nearest import carry_labels
from defacto.simulate.outcome import draw_outcome, make_outcome, result_of
from defacto.simulate.scene import Scene
from defacto.simulate.structures import LAST_BRAIN, Structure
from defacto.types import FloatVolume, Grid, LabelVolume, Outcome

CONTRASTS = {
    Contrast.RANDOM: 4.0,
    Contrast.T1W: 3.0,
    Contrast.T2W: 1.5,
    Contrast.PDW: 0.7,
    Contrast.FLAIR: 1.3,
    Contrast.T1W_GADOLINIUM: 1.5,
}
_DEFACINGS = ("template", "template", "shear", "box", "bet", "bse")


@dataclass(frozen=True)
class SampleRanges:
    """From what samples are drawn.

    Parameters
    ----------
    heads : Ranges
        Contrasts and acquisitions.
    p_defaced : float
        Share of heads that are defaced or skull-stripped.
    p_turned, p_swapped : float
        Shares of samples turned by any angle about any axis, and by quarter or half turns as by a header that
        lies; the rest lies as heads lie.
    shift_mm : float
        How far the middle of the cube may be from where it is found.
    looks : int
        Samples made of each head, each turned and placed anew.
    """

    heads: Ranges = field(
        default_factory=lambda: Ranges(contrasts={k.value: v for k, v in CONTRASTS.items()})
    )
    p_defaced: float = 0.35
    p_turned: float = 0.3
    p_swapped: float = 0.25
    shift_mm: float = 15.0
    looks: int = 2


@dataclass(frozen=True, eq=False)
class Sample:
    """A volume as the network sees it, and what it should say.

    Parameters
    ----------
    volume : ndarray of float32, shape (96, 96, 96)
    labels : ndarray of uint8, shape (96, 96, 96)
        By `Region`.
    base : str
        The base head.
    contrast : str
        A `Contrast`.
    """

    volume: FloatVolume
    labels: LabelVolume
    base: str
    contrast: str


def samples(
    bases: Mapping[str, BaseHandle], ranges: SampleRanges, seed: int, first: int, step: int = 1
) -> Iterator[Sample]:
    """Return the samples of heads number ``first``, ``first + step``, ...; all follow from seed and number.

    Parameters
    ----------
    bases : mapping of str to BaseHandle
        The persons to draw from.
    ranges : SampleRanges
        From what to draw.
    seed : int
        Of all samples.
    first, step : int
        Which heads.
    """
    loaded = {name: handle.load() for name, handle in bases.items()}
    number = first
    while True:
        rng = np.random.default_rng([seed, number])
        base = loaded[list(loaded)[int(rng.integers(len(loaded)))]]
        head = make_head(base, draw_head(rng, base.name, ranges.heads))
        volume, labels = head.scan.volume, regions_of(head)
        if rng.random() < ranges.p_defaced:
            scene = Scene(head, base)
            kind = _DEFACINGS[int(rng.integers(len(_DEFACINGS)))]
            outcome = list(Outcome)[int(rng.integers(len(Outcome)))]
            made = make_outcome(scene, draw_outcome(rng, kind, outcome))
            volume = result_of(scene, made).volume
            labels[made.mask] = Region.AIR
        for _ in range(ranges.looks):
            yield _shown(rng, volume, labels, head, ranges)
        number += step


def regions_of(head: MadeHead | Base) -> LabelVolume:
    """Return the regions of a made head or a base head, by `Region`, on its own voxels."""
    labels = _region_of_structure()[head.structures]
    soft = (labels != Region.AIR) & ~is_brain(labels)
    for feature, region in OF_FEATURE.items():
        labels[soft & (head.features == feature.label)] = region
    return labels


@cache
def _region_of_structure() -> npt.NDArray[np.uint8]:
    table = np.full(256, Region.HEAD, dtype=np.uint8)
    table[Structure.AIR] = Region.AIR
    table[: Structure.CEREBELLAR_WM + 1] = np.arange(Structure.CEREBELLAR_WM + 1)
    table[Structure.CEREBELLAR_WM + 1 : LAST_BRAIN + 1] = Region.OTHER_BRAIN
    table[Structure.EYE] = Region.EYES
    return table


def _shown(
    rng: np.random.Generator, volume: FloatVolume, labels: LabelVolume, head: MadeHead, ranges: SampleRanges
) -> Sample:
    grid = _turned(head.true_grid, _draw_turn(rng, ranges))
    center = find_center((labels > Region.AIR).astype(np.float32), grid)
    center = center + rng.uniform(-ranges.shift_mm, ranges.shift_mm, 3)
    cube, cube_grid = prepare(volume, grid, center)
    np.power(cube, np.float32(rng.uniform(0.7, 1.4)), out=cube)
    return Sample(
        cube, carry_labels(labels, grid, cube_grid), head.parameters.base, head.parameters.contrast.kind
    )


def _draw_turn(rng: np.random.Generator, ranges: SampleRanges) -> npt.NDArray[np.float64]:
    """Draw a rotation matrix, shape (3, 3)."""
    chance = rng.random()
    if chance < ranges.p_turned:
        found, upper = np.linalg.qr(rng.standard_normal((3, 3)))
        turn = found * np.sign(np.diag(upper))
    elif chance < ranges.p_turned + ranges.p_swapped:
        turn = np.eye(3)[rng.permutation(3)] * rng.choice([-1.0, 1.0], 3)
    else:
        return np.eye(3)
    if np.linalg.det(turn) < 0:
        turn[:, 0] *= -1
    return np.asarray(turn)


def _turned(grid: Grid, turn: npt.NDArray[np.float64]) -> Grid:
    """Turn a grid about its world's origin."""
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    return Grid(grid.shape, matrix @ grid.affine)
