"""The samples of a contact sheet, made in processes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from defacto.errors import SettingsError
from defacto.simulate.dataset import load_cached
from defacto.simulate.group import make_group
from defacto.simulate.plan import Plan, make_plan
from defacto.simulate.processes import in_processes
from defacto.simulate.recipe import Recipe
from defacto.simulate.sheet import Card, make_card


def collect_cards(
    recipe: Recipe,
    *,
    count: int,
    outcome: str | None = None,
    seed: int = 1,
    bases: Path | None = None,
    nprocs: int | None = None,
) -> list[Card]:
    """Make the first samples of a recipe, ready for a sheet.

    Parameters
    ----------
    recipe : Recipe
        Of what.
    count : int
        How many samples.
    outcome : str, optional
        Only slots that want this outcome.
    seed : int
        The same seed makes the same cards.
    bases : Path, optional
        Folder of label maps.
    nprocs : int, optional
        Processes at once; by default the cores there are.

    Raises
    ------
    SettingsError
        If the recipe has no such outcome.
    """
    slots = tuple(slot for slot in recipe.slots if outcome in {None, slot.outcome})
    if not slots:
        raise SettingsError(f"The recipe {recipe.name} asks for no {outcome}; leave --outcome away.")
    shown = replace(recipe, slots=slots, heads_a_shard=1)
    groups = -(-count // len(shown.slot_list))
    plan = make_plan(shown, seed, bases)
    jobs = [(shown, seed, plan, number) for number in range(groups)]
    found = dict(in_processes(make_cards, jobs, nprocs))
    return [card for number in range(groups) for card in found[number]][:count]


def make_cards(recipe: Recipe, seed: int, plan: Plan, number: int) -> tuple[int, list[Card]]:
    """Make the cards of one group; return its number and them."""
    group = make_group(recipe, seed, number, load_cached(plan.folder, plan.shard_of(number).base))
    return number, [make_card(group.scene, sample) for sample in group.samples]
