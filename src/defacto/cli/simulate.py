"""``defacto simulate``: made heads, with the truth known."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from defacto.cli.common import Commands, new_command

if TYPE_CHECKING:
    from defacto.simulate.plan import Plan

_DETAILS = """\
study    OUT is a BIDS study of made heads, with the truth about them in OUT/derivatives/truth
dataset  OUT is a folder of labelled samples for training; the same command goes on where it was
sheet    OUT is a picture, .png: samples of a recipe side by side, to look at

Nobody is scanned for it: without --base the heads come from the average head that defacto brings along."""
_RECIPES = {"study": "clinical-trial", "dataset": "renders-24k", "sheet": "renders-24k"}


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands, "simulate", "Make heads and outcomes to order, with the truth known.", _DETAILS
    )
    parser.add_argument("what", choices=sorted(_RECIPES), help="what to make")
    parser.add_argument("out", metavar="OUT", type=Path, help="a new folder or picture")
    parser.add_argument(
        "--recipe",
        metavar="NAME",
        help="a recipe of defacto, or a file *.toml (default: clinical-trial for a study, else renders-24k)",
    )
    parser.add_argument(
        "--base", metavar="DIR", type=Path, help="label maps, or scans, of whole heads to make persons from"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="the same seed makes the same bytes (default: 1)"
    )
    parser.add_argument(
        "--nprocs", type=int, metavar="N", help="processes at once (default: the cores there are)"
    )
    parser.add_argument("--people", type=int, default=20, metavar="N", help="study: how many (default: 20)")
    parser.add_argument(
        "--outcome",
        choices=("pass", "deep", "shallow", "failure"),
        help="sheet: samples of this outcome only",
    )
    parser.add_argument(
        "--count", type=int, default=50, metavar="N", help="sheet: how many samples (default: 50)"
    )
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from defacto.errors import SettingsError  # noqa: PLC0415  (slow to import)

    for name in ("seed", "nprocs", "people", "count"):
        value = getattr(options, name)
        if value is not None and value < (0 if name == "seed" else 1):
            raise SettingsError(f"--{name}: expected a positive number, got {value}.")
    if options.base is not None and not options.base.is_dir():
        raise SettingsError(f"The folder of base heads {options.base.name} is not there.")
    options.recipe = options.recipe or _RECIPES[options.what]
    {"study": _study, "dataset": _dataset, "sheet": _sheet}[options.what](options)
    return 0


def _study(options: argparse.Namespace) -> None:
    from defacto.simulate.trial import make_trial, read_trial  # noqa: PLC0415  (slow to import)

    trial = read_trial(options.recipe)
    count = make_trial(options.out, trial, people=options.people, seed=options.seed, bases=options.base)
    truth = options.out / "derivatives" / "truth"
    print(f"{count} scans of {options.people} made people; the truth about them is in {truth}")


def _dataset(options: argparse.Namespace) -> None:
    samples, name = build(options.out, options)
    print(f"{samples} samples of {name}; see {options.out / 'manifest.tsv'}")


def build(out: Path, options: argparse.Namespace) -> tuple[int, str]:
    """Make a data set, or go on with it, with a progress bar.

    Parameters
    ----------
    out : Path
        Folder of the data set.
    options : Namespace
        With ``recipe``, ``seed``, ``base`` and, if wanted, ``nprocs``.

    Returns
    -------
    tuple of int and str
        Samples, and the name of the recipe.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

    from defacto.simulate.dataset import build_dataset  # noqa: PLC0415
    from defacto.simulate.plan import make_plan  # noqa: PLC0415
    from defacto.simulate.recipe import read_recipe  # noqa: PLC0415

    recipe = read_recipe(options.recipe)
    _tell_split(make_plan(recipe, options.seed, options.base))
    with Progress("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("samples", total=recipe.samples)
        build_dataset(
            out,
            recipe,
            seed=options.seed,
            bases=options.base,
            nprocs=getattr(options, "nprocs", None),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    return recipe.samples, recipe.name


def _sheet(options: argparse.Namespace) -> None:
    from defacto.errors import SettingsError  # noqa: PLC0415  (slow to import)
    from defacto.render import write_png  # noqa: PLC0415
    from defacto.simulate.cards import collect_cards  # noqa: PLC0415
    from defacto.simulate.recipe import read_recipe  # noqa: PLC0415
    from defacto.simulate.sheet import draw_sheet  # noqa: PLC0415

    if options.out.suffix.lower() != ".png":
        raise SettingsError(f"{options.out.name}: expected a name that ends in .png.")
    cards = collect_cards(
        read_recipe(options.recipe),
        count=options.count,
        outcome=options.outcome,
        seed=options.seed,
        bases=options.base,
        nprocs=options.nprocs,
    )
    write_png(options.out, draw_sheet(cards))
    print(f"{len(cards)} samples in {options.out}")


def _tell_split(plan: Plan) -> None:
    if plan.split_by == "made person":
        print(
            f"{len(plan.bases)} base head{'s' if len(plan.bases) > 1 else ''}: split by made person;"
            " give --base with five or more for a split by base person."
        )
