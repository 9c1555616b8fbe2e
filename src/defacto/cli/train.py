"""``defacto train``: networks."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from defacto.cli.common import Commands, new_command

if TYPE_CHECKING:
    from defacto.simulate.bases import BaseHandle

_DETAILS = """\
pose     finds how a head lies, in any head scan
anatomy  finds brain, eyes, nose, mouth and ears in a head that was set upright

OUT keeps the checkpoint, the best weights (by validation persons) and log.jsonl; the same command goes on
where it was. Needs torch: pip install "defacto[train]"."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "train", "Train a network on made heads.", _DETAILS)
    parser.add_argument("network", choices=("pose", "anatomy"), help="which network")
    parser.add_argument(
        "out", metavar="OUT", type=Path, help="a new folder, or that of a training to go on with"
    )
    parser.add_argument(
        "--base", metavar="DIR", type=Path, help="label maps of whole heads to make persons from"
    )
    for split in ("validation", "test"):
        parser.add_argument(
            f"--{split}",
            nargs="+",
            metavar="NAME",
            default=[],
            help=f"persons of the {split} split (default: drawn by the seed)",
        )
    parser.add_argument(
        "--start", type=Path, metavar="ONNX", help="begin with the weights of this network (default: random)"
    )
    parser.add_argument("--steps", type=int, metavar="N", help="steps in all (default: 20000; pose 10000)")
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

    if (options.steps or 1) < 1 or options.minutes <= 0 or options.seed < 0:
        raise SettingsError("--steps, --minutes and --seed: expected positive numbers.")
    if options.start is not None and not options.start.is_file():
        raise SettingsError(f"--start: there is no file {options.start.name}.")
    if options.base is not None and not options.base.is_dir():
        raise SettingsError(f"The folder of base heads {options.base.name} is not there.")
    try:
        from defacto.training.anatomy import TRAININGS, train  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError('Training needs torch; run: pip install "defacto[train]".') from error
    bases = _split(options)
    print("; ".join(f"{split}: {', '.join(names)}" for split, names in bases.items()))
    training = replace(TRAININGS[options.network], seed=options.seed, device=options.device)
    training = replace(training, steps=options.steps or training.steps)
    with Progress("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("loss -", total=training.steps)
        found = train(
            training,
            bases,
            options.out,
            minutes=options.minutes,
            start=options.start,
            tell=lambda step, loss: bar.update(task, completed=step, description=f"loss {loss:.3f}"),
        )
    for name, value in found.items():
        print(f"  {name:<14}  {value:.3f}")
    return 0


def _split(options: argparse.Namespace) -> Mapping[str, Mapping[str, BaseHandle]]:
    """Give each split its persons: as named, else as data sets of the same seed do."""
    from defacto.errors import SettingsError  # noqa: PLC0415  (slow to import)
    from defacto.simulate.bases import load_bases  # noqa: PLC0415
    from defacto.simulate.plan import SPLITS, make_plan  # noqa: PLC0415
    from defacto.simulate.recipe import read_recipe  # noqa: PLC0415

    handles = load_bases(options.base)
    named = {split: getattr(options, split) for split in SPLITS[1:]}
    if any(named.values()):
        taken = [name for names in named.values() for name in names]
        named["train"] = [name for name in handles if name not in taken]
        wrong = sorted(set(taken) - set(handles)) or [name for name in set(taken) if taken.count(name) > 1]
        if wrong or not named["train"] or not named["validation"]:
            raise SettingsError(
                f"--validation and --test: expected names among {', '.join(handles)}, each once, "
                f"and some left to train on"
                f"{'; got ' + ', '.join(wrong) if wrong else ''}."
            )
    else:
        places = make_plan(read_recipe("anatomy"), options.seed, options.base).places
        named = {split: sorted({place.base for place in places if place.split == split}) for split in SPLITS}
    return {split: {name: handles[name] for name in named[split]} for split in SPLITS}
