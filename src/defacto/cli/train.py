"""``defacto train``: networks."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from defacto.cli.common import Commands, new_command

if TYPE_CHECKING:
    from defacto.simulate.bases import BaseHandle

_DETAILS = """\
anatomy  the network that finds brain, eyes, nose, mouth and ears in any head scan

OUT keeps the checkpoint, the best weights (by validation persons) and log.jsonl; the same command goes on
where it was. Needs torch: pip install "defacto[train]"."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "train", "Train a network on made heads.", _DETAILS)
    parser.add_argument("network", choices=("anatomy",), help="which network")
    parser.add_argument(
        "out", metavar="OUT", type=Path, help="a new folder, or that of a training to go on with"
    )
    parser.add_argument(
        "--base", metavar="DIR", type=Path, help="label maps of whole heads to make persons from"
    )
    parser.add_argument("--steps", type=int, default=20000, metavar="N", help="steps in all (default: 20000)")
    parser.add_argument(
        "--minutes",
        type=float,
        default=60.0,
        metavar="M",
        help="stop after so long, to go on later (default: 60)",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="of split, samples, weights (default: 1)"
    )
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu", help="where to compute (default: cpu)"
    )
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

    from defacto.errors import SettingsError  # noqa: PLC0415  (slow to import)

    if options.steps < 1 or options.minutes <= 0 or options.seed < 0:
        raise SettingsError("--steps, --minutes and --seed: expected positive numbers.")
    if options.base is not None and not options.base.is_dir():
        raise SettingsError(f"The folder of base heads {options.base.name} is not there.")
    try:
        from defacto.training.anatomy import AnatomyTraining, train  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError('Training needs torch; run: pip install "defacto[train]".') from error
    bases = _split(options.base, options.seed)
    print("; ".join(f"{split}: {', '.join(names)}" for split, names in bases.items()))
    training = AnatomyTraining(steps=options.steps, seed=options.seed, device=options.device)
    with Progress("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("loss -", total=options.steps)
        found = train(
            training,
            bases,
            options.out,
            minutes=options.minutes,
            tell=lambda step, loss: bar.update(task, completed=step, description=f"loss {loss:.3f}"),
        )
    for name, value in found.items():
        print(f"  {name:<14}  {value:.3f}")
    return 0


def _split(folder: Path | None, seed: int) -> Mapping[str, Mapping[str, BaseHandle]]:
    """Give each split its persons, as data sets of the same seed do."""
    from defacto.simulate.bases import load_bases  # noqa: PLC0415  (slow to import)
    from defacto.simulate.plan import SPLITS, make_plan  # noqa: PLC0415
    from defacto.simulate.recipe import read_recipe  # noqa: PLC0415

    handles, places = load_bases(folder), make_plan(read_recipe("anatomy"), seed, folder).places
    named = {split: sorted({place.base for place in places if place.split == split}) for split in SPLITS}
    return {split: {name: handles[name] for name in names} for split, names in named.items()}
