"""Samples for the networks of anatomy: made heads of any contrast, whole or defaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from defacto.anatomy.network_input import COARSE, UPRIGHT, View, find_center, prepare
from defacto.anatomy.pose import head_middle_mm
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
    view : View
        What the network sees: `COARSE` shows heads turned by some angle, `UPRIGHT` such as were set upright,
        but for what the pose may be wrong by.
    turned_deg : float
        Coarse samples are turned by up to this, about any axis; a sixth of them by a tenth of it.
    off_deg, off_mm : float
        Spread of what the pose is wrong by, about each axis and along it.
    looks : int
        Samples made of each head, each turned and placed anew.
    """

    heads: Ranges = field(
        default_factory=lambda: Ranges(contrasts={k.value: v for k, v in CONTRASTS.items()})
    )
    p_defaced: float = 0.3
    view: View = UPRIGHT
    turned_deg: float = 60.0
    off_deg: float = 7.0
    off_mm: float = 6.0
    looks: int = 4


UPRIGHT_RANGES = SampleRanges()
COARSE_RANGES = SampleRanges(view=COARSE, off_mm=10.0, looks=12)


@dataclass(frozen=True, eq=False)
class Sample:
    """A volume as the network sees it, and what it should say.

    Parameters
    ----------
    volume : ndarray of float32
    labels : ndarray of uint8
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
        head, volume, labels, _ = defaced_head(rng, base, ranges)
        for _ in range(ranges.looks):
            yield _shown(rng, volume, labels, head, ranges)
        number += step


def defaced_head(
    rng: np.random.Generator, base: Base, ranges: SampleRanges
) -> tuple[MadeHead, FloatVolume, LabelVolume, bool]:
    """Draw a head, defaced or skull-stripped as often as the ranges say.

    Returns
    -------
    head : MadeHead
        As it was.
    volume : ndarray of float32
        Its intensities now.
    labels : ndarray of uint8
        What is there now, by `Region`.
    intact : bool
        Whether it was left as it was.
    """
    head = make_head(base, draw_head(rng, base.name, ranges.heads))
    labels = regions_of(head)
    if rng.random() >= ranges.p_defaced:
        return head, head.scan.volume, labels, True
    scene = Scene(head, base)
    kind = _DEFACINGS[int(rng.integers(len(_DEFACINGS)))]
    outcome = list(Outcome)[int(rng.integers(len(Outcome)))]
    made = make_outcome(scene, draw_outcome(rng, kind, outcome))
    labels[made.mask] = Region.AIR
    return head, result_of(scene, made).volume, labels, False


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


def upright(head: MadeHead) -> npt.NDArray[np.float64]:
    """Return the rotation that sets a made head upright, shape (3, 3)."""
    matrix = head.to_base[:3, :3]
    return _nearest_rotation(matrix * np.sign([[np.linalg.det(matrix)], [1.0], [1.0]]))


def _shown(
    rng: np.random.Generator, volume: FloatVolume, labels: LabelVolume, head: MadeHead, ranges: SampleRanges
) -> Sample:
    if ranges.view == UPRIGHT:
        turn = _small_turn(rng, ranges.off_deg) @ upright(head)
        grid = _turned(head.true_grid, turn)
        center = turn @ (np.linalg.inv(head.to_base) @ [*head_middle_mm(), 1.0])[:3]
    else:
        grid = _turned(head.true_grid, draw_turn(rng, ranges.turned_deg) @ upright(head))
        center = find_center((labels > Region.AIR).astype(np.float32), grid)
    center = center + rng.normal(0, ranges.off_mm, 3)
    box, box_grid = prepare(volume, grid, ranges.view, center)
    np.power(box, np.float32(rng.uniform(0.7, 1.4)), out=box)
    return Sample(
        box, carry_labels(labels, grid, box_grid), head.parameters.base, head.parameters.contrast.kind
    )


def draw_turn(rng: np.random.Generator, most_deg: float) -> npt.NDArray[np.float64]:
    """Draw a rotation matrix, shape (3, 3), that turns by up to so much about any axis."""
    axis = rng.standard_normal(3)
    x, y, z = axis / np.linalg.norm(axis)
    angle = np.radians(most_deg * rng.uniform() * (0.1 if rng.random() < 1 / 6 else 1.0))
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def _nearest_rotation(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    left, _, right = np.linalg.svd(matrix)
    return np.asarray(left @ np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))]) @ right)


def _small_turn(rng: np.random.Generator, spread_deg: float) -> npt.NDArray[np.float64]:
    """Draw a rotation matrix near one; the nearest to a sum, right to second order."""
    x, y, z = np.radians(rng.normal(0, spread_deg, 3))
    return _nearest_rotation(np.array([[1.0, -z, y], [z, 1.0, -x], [-y, x, 1.0]]))


def _turned(grid: Grid, turn: npt.NDArray[np.float64]) -> Grid:
    """Turn a grid about its world's origin."""
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    return Grid(grid.shape, matrix @ grid.affine)
