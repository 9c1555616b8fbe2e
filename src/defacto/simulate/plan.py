"""Which base head and which split each shard of a data set belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from defacto.simulate.bases import load_bases
from defacto.simulate.recipe import Recipe

SPLITS = ("train", "validation", "test")
LEAST_BASES = 5
"""With fewer base heads a data set is split by made persons."""


@dataclass(frozen=True)
class Place:
    """Where a shard belongs."""

    base: str
    split: str


@dataclass(frozen=True)
class Plan:
    """The places of all shards.

    Parameters
    ----------
    folder : Path or None
        Of the label maps.
    bases : tuple of str
        Names of the base heads.
    split_by : str
        ``"base person"``, or ``"made person"`` where there are too few of those.
    places : tuple of Place
        By shard, again and again from the first.
    """

    folder: Path | None
    bases: tuple[str, ...]
    split_by: str
    places: tuple[Place, ...]

    def shard_of(self, shard: int) -> Place:
        """Return the place of a shard."""
        return self.places[shard % len(self.places)]


def make_plan(recipe: Recipe, seed: int, folder: Path | None) -> Plan:
    """Plan a data set: each base head belongs to one split alone, each split gets its share of the shards.

    Parameters
    ----------
    recipe : Recipe
        Names the shares.
    seed : int
        Of the data set; draws which base head belongs to which split.
    folder : Path or None
        Of the label maps; None for the template alone.
    """
    bases = list(load_bases(folder))
    rng = np.random.default_rng([seed, 2**31 - 1])
    order = [bases[int(n)] for n in rng.permutation(len(bases))]
    cycle = _cycle(recipe.split)
    if len(order) < LEAST_BASES:
        places = [Place(order[n % len(order)], split) for n, split in enumerate(cycle * len(order))]
        return Plan(folder, tuple(bases), "made person", tuple(places))
    owned = _parted(order, recipe.split)
    turns = dict.fromkeys(SPLITS, 0)
    places = []
    for split in cycle * len(order) * 6:
        names = owned[split]
        places.append(Place(names[turns[split] % len(names)], split))
        turns[split] += 1
    return Plan(folder, tuple(bases), "base person", tuple(places))


def _cycle(shares: tuple[float, float, float]) -> list[str]:
    """Return splits in a row of ten or so, each as often as it has a share, evenly spread."""
    counts = np.rint(np.array(shares) / sum(shares) * 10).astype(int)
    marks = [
        (step / max(count, 1), split)
        for split, count in zip(SPLITS, counts, strict=True)
        for step in range(count)
    ]
    return [split for _, split in sorted(marks, key=lambda mark: mark[0])]


def _parted(names: list[str], shares: tuple[float, float, float]) -> dict[str, list[str]]:
    """Give each split its share of the names, at least one."""
    total = len(names)
    tests = max(1, round(total * shares[2] / sum(shares)))
    checks = max(1, round(total * shares[1] / sum(shares)))
    return {
        "test": names[:tests],
        "validation": names[tests : tests + checks],
        "train": names[tests + checks :],
    }
