"""A group: one made head and all the outcomes that it serves; everything follows from seed and number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from defacto.errors import StepError
from defacto.simulate.base import Base
from defacto.simulate.head import HeadParameters, draw_head, make_head
from defacto.simulate.made import Made
from defacto.simulate.outcome import OutcomeParameters, draw_outcome, make_outcome
from defacto.simulate.recipe import Recipe, Slot
from defacto.simulate.scene import Scene
from defacto.simulate.truth import Truth, find_truth
from defacto.types import Feature, Outcome

TRIES = 40
"""So often an outcome is drawn for a slot, until the truth gives what the slot wants."""
CUT_OFF = 0.6
"""A feature of which less is in the field of view does not alone decide a sample: no eye could tell."""
HEADS = 40
"""So many heads are drawn for a group, until one serves all slots."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A made head after an outcome.

    Parameters
    ----------
    slot : int
        Its place in the group.
    name : str
        Of the slot.
    parameters : OutcomeParameters
        What was done.
    made : Made
        What was removed.
    truth : Truth
        What it came to.
    outcome : Outcome
        The same in a word, by the recipe's limits.
    tries : int
        How often an outcome was drawn for it.
    """

    slot: int
    name: str
    parameters: OutcomeParameters
    made: Made
    truth: Truth
    outcome: Outcome
    tries: int


@dataclass(frozen=True, eq=False)
class Group:
    """A head and its samples; ``attempt`` counts the heads that did not serve before it."""

    number: int
    attempt: int
    head: HeadParameters
    scene: Scene
    samples: tuple[Sample, ...]


def make_group(recipe: Recipe, seed: int, number: int, base: Base) -> Group:
    """Make a head that serves all slots of a recipe, and its outcomes.

    Parameters
    ----------
    recipe : Recipe
        What is wanted.
    seed : int
        Of the data set.
    number : int
        Of the group in it.
    base : Base
        What heads are made from.

    Raises
    ------
    StepError
        If `HEADS` heads in a row cannot serve a slot: the recipe asks for what its kinds do not give.
    """
    lacking = ""
    for attempt in range(HEADS):
        parameters = draw_head(np.random.default_rng([seed, number, attempt]), base.name, recipe.ranges)
        scene = Scene(make_head(base, parameters), base)
        samples: list[Sample] = []
        for slot, wanted in enumerate(recipe.slot_list):
            sample = _make_sample(recipe, scene, [seed, number, attempt, slot], wanted)
            if sample is None:
                lacking = wanted.name or wanted.outcome
                break
            samples.append(sample)
        else:
            return Group(number, attempt, parameters, scene, tuple(samples))
    raise StepError(
        f"Recipe {recipe.name}: expected outcomes that give {lacking!r}, got none with {HEADS} heads;"
        " change its kinds or its limits."
    )


def _make_sample(recipe: Recipe, scene: Scene, seeds: list[int], slot: Slot) -> Sample | None:
    rng = np.random.default_rng(seeds)
    kinds, weights = list(slot.kinds), np.array(list(slot.kinds.values()))
    strict, clear = recipe.limits.settings(), recipe.limits.settings(clear=True)
    wanted = Outcome(slot.outcome) if slot.outcome else None
    cut_off = [feature for feature in Feature if scene.share_in_view[feature] < CUT_OFF]
    for tries in range(1, TRIES + 1):
        kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
        parameters = draw_outcome(rng, kind, wanted or list(Outcome)[int(rng.integers(4))])
        if slot.beyond_mm:
            low, high = slot.beyond_mm
            beyond = {"beyond_mm": float(rng.uniform(low, high))}
            parameters = replace(parameters, values={**parameters.values, **beyond})
        made = make_outcome(scene, parameters)
        truth = find_truth(scene, made)
        outcome = truth.outcome(strict)
        told = {truth.outcome(clear), truth.without(cut_off).outcome(clear)}
        if told == {outcome} and outcome == (wanted or outcome):
            name = slot.name or outcome.value
            return Sample(seeds[-1], name, parameters, made, truth, outcome, tries)
    return None


def groups_of(recipe: Recipe, shard: int) -> Iterator[int]:
    """Return the numbers of the groups in a shard."""
    first = shard * recipe.heads_a_shard
    yield from range(first, min(first + recipe.heads_a_shard, recipe.heads))


def shard_count(recipe: Recipe) -> int:
    """Return how many shards a recipe fills."""
    return -(-recipe.heads // recipe.heads_a_shard)
