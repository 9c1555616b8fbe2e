"""Samples of outcomes: what a classifier sees, made to vary, and what it is to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from defacto.qc.measure import visible_name
from defacto.render.surface import CUT_CODE, DARKEST, NOTHING
from defacto.simulate.dataset import Dataset
from defacto.simulate.recipe import Limits
from defacto.simulate.truth import Truth
from defacto.types import Feature, Looks, Outcome

OUTCOMES = list(Outcome)
PEOPLE = "labelled_by_people"
"""Stands in the description of a data set whose labels people gave."""
UNKNOWN = -1
"""A target that nobody could tell: between the two limits of a recipe."""
_EITHER_WAY = {True: (Outcome.PASS, Outcome.DEEP), False: (Outcome.SHALLOW, Outcome.FAILURE)}
"""What holds where ears count, and where they do not, whether or not they do."""
_EARS = [n for n, feature in enumerate(Feature) if feature.is_ear]
_MIRRORED = [1, 0, 2, 3, 5, 4]
"""Features after a flip from left to right."""

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Targets:
    """What is true of samples; each array (n, ...) int64, `UNKNOWN` where it cannot be told.

    Parameters
    ----------
    with_ears, without_ears : ndarray, shape (n,)
        Outcome, as an index into `OUTCOMES`, where ears count and where they do not.
    parts : ndarray, shape (n, 8)
        Each feature can be made out; brain was lost; tissue far from the face is gone.
    """

    with_ears: npt.NDArray[np.int64]
    without_ears: npt.NDArray[np.int64]
    parts: npt.NDArray[np.int64]

    def __getitem__(self, chosen: Any) -> Targets:
        return Targets(self.with_ears[chosen], self.without_ears[chosen], self.parts[chosen])


def targets_of(rows: Sequence[Mapping[str, Any]], limits: Limits) -> Targets:
    """Return the targets of rows of a manifest, by the rules and limits of its recipe."""
    outcomes = [[_outcome(row, limits, ears=ears) for ears in (True, False)] for row in rows]
    with_ears, without_ears = np.array(outcomes, dtype=np.int64).reshape(-1, 2).T
    parts = [
        [
            *(
                _beyond(row[visible_name(f)], limits.max_feature_left, limits.clear_feature_left)
                for f in Feature
            ),
            _beyond(row["brain_lost_ml"], limits.max_brain_lost_ml, limits.clear_brain_lost_ml),
            _beyond(row["elsewhere_ml"], limits.max_elsewhere_ml, limits.clear_elsewhere_ml),
        ]
        for row in rows
    ]
    return Targets(with_ears, without_ears, np.array(parts, dtype=np.int64).reshape(-1, len(Feature) + 2))


def _beyond(value: float, least: float, clear: float) -> int:
    return 0 if value <= least else 1 if value > clear else UNKNOWN


def _outcome(row: Mapping[str, Any], limits: Limits, *, ears: bool) -> int:
    if ears:
        return OUTCOMES.index(Outcome(row["outcome"]))
    truth = Truth(
        brain_lost_ml=row["brain_lost_ml"],
        brain_lost_percent=row["brain_lost_percent"],
        visible={feature: row[visible_name(feature)] for feature in Feature},
        least_visible=row["least_visible"],
        removed_ml=row["removed_ml"],
        elsewhere_ml=row["elsewhere_ml"],
        in_view=(),
    ).without(feature for feature in Feature if feature.is_ear)
    strict, clear = (truth.outcome(limits.settings(clear=clear)) for clear in (False, True))
    return OUTCOMES.index(strict) if strict == clear else UNKNOWN


def targets_of_people(rows: Sequence[Mapping[str, Any]]) -> Targets:
    """Return the targets of rows of a data set of people's labels.

    A feature that people made out is there, of a pass none that counted is; of all else nothing is known.
    """
    said = [Outcome(row["outcome"]) for row in rows]
    counted = np.array([int(row["ears"]) == 1 for row in rows], dtype=bool)
    places = np.array([OUTCOMES.index(outcome) for outcome in said], dtype=np.int64)
    either = np.array(
        [outcome in _EITHER_WAY[bool(ears)] for outcome, ears in zip(said, counted, strict=True)], dtype=bool
    )
    parts = np.full((len(rows), len(Feature) + 2), UNKNOWN, dtype=np.int64)
    for n, row in enumerate(rows):
        for place, feature in enumerate(Feature):
            if feature in row["seen"].split():
                parts[n, place] = 1
            elif said[n] is Outcome.PASS and (counted[n] or not feature.is_ear):
                parts[n, place] = 0
    return Targets(
        np.where(counted | either, places, UNKNOWN), np.where(~counted | either, places, UNKNOWN), parts
    )


@dataclass(frozen=True, eq=False)
class Batch:
    """Samples as a network takes them: `Looks`, one axis more in front, and their targets."""

    shade: Bytes
    depth: Bytes
    slice: Bytes
    targets: Targets


def read_batch(dataset: Dataset, indices: npt.NDArray[np.int64], targets: Targets) -> Batch:
    """Return samples as they are."""
    return Batch(*to_batch([Looks(**dataset.arrays(int(index))) for index in indices]), targets)


def to_batch(looks: Sequence[Looks]) -> tuple[Bytes, Bytes, Bytes]:
    """Return looks stacked: shade, depth, slice."""
    return (
        np.stack([each.shade for each in looks]),
        np.stack([each.depth for each in looks]),
        np.stack([each.slice for each in looks]),
    )


def batches(
    dataset: Dataset, indices: npt.NDArray[np.int64], targets: Targets, size: int, seed: int, first: int = 0
) -> Iterator[Batch]:
    """Yield varied batches without end, each sample once an epoch, from the batch numbered ``first`` on.

    Parameters
    ----------
    dataset : Dataset
        Of the store ``renders``.
    indices : ndarray of int64
        Of the samples.
    targets : Targets
        Of these samples.
    size : int
        Samples a batch; all, where there are fewer.
    seed : int
        Of order and variation.
    first : int
        Number of the first batch: a training that goes on sees what it would have seen.
    """
    size = min(size, len(indices))
    per_epoch = len(indices) // size
    number = first
    while True:
        epoch, within = divmod(number, per_epoch)
        order = np.random.default_rng([seed, epoch]).permutation(len(indices))
        chosen = np.sort(order[within * size : (within + 1) * size])
        batch = read_batch(dataset, indices[chosen], targets[chosen])
        yield vary(batch, np.random.default_rng([seed, epoch, within]))
        number += 1


def vary(batch: Batch, rng: np.random.Generator) -> Batch:
    """Vary side, size, place, light and roughness, which say nothing of the outcome; hide a slice or two."""
    shade, depth, middle = (np.empty_like(each) for each in (batch.shade, batch.depth, batch.slice))
    parts = batch.targets.parts.copy()
    for n in range(len(shade)):
        one, other, plane = batch.shade[n], batch.depth[n], batch.slice[n]
        if rng.random() < 0.5:
            one, other = (each[[1, 0, 2], :, ::-1] for each in (one, other))
            parts[n, : len(Feature)] = parts[n, _MIRRORED]
        zoom = rng.uniform(0.93, 1.07)
        for view in range(len(one)):
            rows, columns = (_places(length, zoom, rng.uniform(-4, 4)) for length in one.shape[1:])
            shade[n, view] = _lit(one[view][rows][:, columns], rng)
            depth[n, view] = _moved(other[view][rows][:, columns], zoom, rng)
        middle[n] = _plane(plane, zoom, rng)
    targets = Targets(batch.targets.with_ears, batch.targets.without_ears, parts)
    return Batch(shade, depth, middle, targets)


def _places(length: int, zoom: float, shift: float) -> npt.NDArray[np.int64]:
    """Return from which pixel each pixel of a zoomed, shifted picture comes."""
    middle = (length - 1) / 2
    places = np.rint((np.arange(length) - middle) / zoom + middle + shift)
    return np.asarray(np.clip(places, 0, length - 1), dtype=np.int64)


def _lit(codes: Bytes, rng: np.random.Generator) -> Bytes:
    """Return skin in another light, and mostly rougher."""
    gain, rough = rng.uniform(0.85, 1.15), max(0.0, rng.uniform(-8, 24))
    bright = (codes.astype(np.float32) - DARKEST) * np.float32(gain) + DARKEST
    if rough:
        noise = rng.standard_normal(codes.shape, dtype=np.float32)
        if rng.random() < 0.5:
            noise = noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))
            noise *= np.float32(0.5)
        bright += np.float32(rough) * noise
    lit = np.clip(bright, DARKEST, 255).astype(np.uint8)
    return np.where((codes == NOTHING) | (codes == CUT_CODE), codes, lit)


def _moved(codes: Bytes, zoom: float, rng: np.random.Generator) -> Bytes:
    """Return depth of a head so much larger, and placed a little otherwise."""
    middle = 141.0
    depth = (codes.astype(np.float32) - np.float32(middle)) * np.float32(zoom)
    depth += np.float32(middle + rng.uniform(-4, 4))
    return np.where(codes == NOTHING, codes, np.clip(np.rint(depth), 1, 255).astype(np.uint8))


def _plane(plane: Bytes, zoom: float, rng: np.random.Generator) -> Bytes:
    if rng.random() < 0.1:
        return np.zeros_like(plane)
    rows, columns = (_places(length, zoom, rng.uniform(-3, 3)) for length in plane.shape)
    grey = plane[rows][:, columns].astype(np.float32) / np.float32(255)
    grey = grey ** np.float32(rng.uniform(0.7, 1.4)) * np.float32(rng.uniform(0.8, 1.2))
    return np.asarray(np.clip(grey * 255, 0, 255), dtype=np.uint8)
