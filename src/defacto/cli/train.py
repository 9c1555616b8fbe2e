"""``defacto train``: networks."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from defacto.cli.common import Commands, new_command
from defacto.cli.simulate import build

if TYPE_CHECKING:
    from defacto.simulate.bases import BaseHandle
    from defacto.types import Labelled

    _Tell = Callable[[int, float], None]
    _Begin = Callable[[_Tell], Mapping[str, float]]

_DETAILS = """\
pose           finds how a head lies, in any head scan
anatomy        finds brain, eyes, nose, mouth and ears in a head that was set upright
render         says from views of a scan how its defacing ended (defacto-render)
delbarre-cnn   the same as Delbarre et al. 2022 do, to compare with

pose and anatomy make their samples as they go, from --base. The other two learn from a data set: that of
--data, or the one that --recipe and --base make in OUT/data. OUT keeps the checkpoint, the best weights (by
persons of the validation split) and log.jsonl; the same command goes on where it was. Needs torch: pip
install "defacto[train]".

render --from-store learns from what people said of the scans of runs, on top of what the network knows; with
--also DATA, every other batch is of that data set, so that nothing is forgotten. Persons are split: some to
learn from, some to choose by, some to compare on. Only where the new network does better there, and lets no
more bad scans through, is it written: to OUT/network, for `run --network` and `check --network`
(else exit 3)."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "train", "Train a network on made heads.", _DETAILS)
    parser.add_argument(
        "network", choices=("pose", "anatomy", "render", "delbarre-cnn"), help="which network"
    )
    parser.add_argument(
        "out", metavar="OUT", type=Path, help="a new folder, or that of a training to go on with"
    )
    _add_sources(parser)
    _add_splits(parser)
    _add_course(parser)
    parser.set_defaults(command=command)


def _add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--base",
        metavar="DIR",
        type=Path,
        help="label maps of whole heads to make persons from; for render and delbarre-cnn, scans too",
    )
    parser.add_argument(
        "--data",
        metavar="DIR",
        type=Path,
        help="render, delbarre-cnn: a data set of `defacto simulate dataset`",
    )
    parser.add_argument(
        "--also",
        metavar="DIR",
        type=Path,
        help="render, delbarre-cnn: another data set, of which every other batch is",
    )
    parser.add_argument(
        "--from-store",
        nargs="+",
        metavar="RUN",
        type=Path,
        default=[],
        help="render: learn from the reviews in the output folders of these runs",
    )
    parser.add_argument(
        "--recipe",
        metavar="NAME",
        default="renders-24k",
        help="render, delbarre-cnn: make this data set first, where --data gives none (default: renders-24k)",
    )


def _add_splits(parser: argparse.ArgumentParser) -> None:
    for split in ("validation", "test"):
        parser.add_argument(
            f"--{split}",
            nargs="+",
            metavar="NAME",
            default=[],
            help=f"pose, anatomy: persons of the {split} split (default: drawn by the seed)",
        )


def _add_course(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--start", type=Path, metavar="ONNX", help="begin with the weights of this network (default: random)"
    )
    parser.add_argument(
        "--steps", type=int, metavar="N", help="steps in all (default: as the network needs, see its card)"
    )
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


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

    from defacto.errors import SettingsError  # noqa: PLC0415  (slow to import)

    if (options.steps or 1) < 1 or options.minutes <= 0 or options.seed < 0:
        raise SettingsError("--steps, --minutes and --seed: expected positive numbers.")
    if options.start is not None and not options.start.is_file():
        raise SettingsError(f"--start: there is no file {options.start.name}.")
    for option in ("base", "data", "also"):
        folder = getattr(options, option)
        if folder is not None and not folder.is_dir():
            raise SettingsError(f"--{option}: the folder {folder.name} is not there.")
    if options.from_store and options.network != "render":
        raise SettingsError("--from-store: only the network render learns from reviews.")
    prepare = _prepare_anatomy if _is_anatomy(options) else _prepare_outcomes
    try:
        steps, begin = (_prepare_reviews if options.from_store else prepare)(options)
    except ImportError as error:
        raise SettingsError('Training needs torch; run: pip install "defacto[train]".') from error
    with Progress("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("loss -", total=steps)
        found = begin(lambda step, loss: bar.update(task, completed=step, description=f"loss {loss:.3f}"))
    for name, value in found.items():
        print(f"  {name:<14}  {value:.3f}")
    return _compare(options, steps) if options.from_store else 0


def _is_anatomy(options: argparse.Namespace) -> bool:
    return options.network in {"pose", "anatomy"}


def _prepare_anatomy(options: argparse.Namespace) -> tuple[int, _Begin]:
    from defacto.training.anatomy import TRAININGS, train  # noqa: PLC0415

    bases = _split(options)
    print("; ".join(f"{split}: {', '.join(names)}" for split, names in bases.items()))
    training = replace(TRAININGS[options.network], seed=options.seed, device=options.device)
    training = replace(training, steps=options.steps or training.steps)

    def begin(tell: _Tell) -> Mapping[str, float]:
        return train(training, bases, options.out, minutes=options.minutes, start=options.start, tell=tell)

    return training.steps, begin


def _prepare_outcomes(options: argparse.Namespace) -> tuple[int, _Begin]:
    from defacto.training.outcome_export import load  # noqa: PLC0415
    from defacto.training.outcomes import TRAININGS, train  # noqa: PLC0415

    data = options.data or options.out / "data"
    if options.data is None:
        build(data, options)
    training = TRAININGS["defacto-render" if options.network == "render" else options.network]
    training = replace(training, seed=options.seed, device=options.device)
    training = replace(training, steps=options.steps or training.steps)
    start = None if options.start is None else load(options.start)

    def begin(tell: _Tell) -> Mapping[str, float]:
        return train(
            training, data, options.out, minutes=options.minutes, start=start, also=options.also, tell=tell
        )

    return training.steps, begin


def _prepare_reviews(options: argparse.Namespace) -> tuple[int, _Begin]:
    from defacto.pipeline.labels import labelled_looks  # noqa: PLC0415
    from defacto.qc.classify import DATA, DEFAULT  # noqa: PLC0415
    from defacto.training.outcome_export import load  # noqa: PLC0415
    from defacto.training.outcomes import TRAININGS, train  # noqa: PLC0415
    from defacto.training.reviews import write_labelled  # noqa: PLC0415

    reviews = options.out / "reviews"
    if not reviews.is_dir():
        labelled: list[Labelled] = []
        without = 0
        for run in options.from_store:
            some, lacking = labelled_looks(run)
            labelled, without = labelled + some, without + lacking
        if without:
            print(f"{without} reviewed attempts kept nothing to learn from: made by an earlier version.")
        print(f"{len(labelled)} reviewed attempts on scans of {len({e.person for e in labelled})} persons.")
        write_labelled(reviews, labelled, options.seed)
    training = replace(TRAININGS["defacto-render"], rate=3e-4, judge_every=50, keep=0.99)
    training = replace(training, seed=options.seed, device=options.device, steps=options.steps or 600)
    start = load(options.start or DATA / f"{DEFAULT}.onnx")

    def begin(tell: _Tell) -> Mapping[str, float]:
        return train(
            training, reviews, options.out, minutes=options.minutes, start=start, also=options.also, tell=tell
        )

    return training.steps, begin


def _compare(options: argparse.Namespace, steps: int) -> int:
    """Put the new network in its place where it outdoes the old one on persons that neither saw."""
    from defacto.config import QcSettings  # noqa: PLC0415
    from defacto.training.reviews import stand_beside  # noqa: PLC0415

    new, old = stand_beside(options.out, options.out / "reviews", QcSettings())
    print(f"On {new.scans} reviewed attempts of persons held out:")
    for each in (old, new):
        print(
            f"  {each.name}: {each.right} right; {each.accepted} accepted as a pass,"
            f" of these {each.missed} bad; log loss {each.log_loss:.3f}"
        )
    if not new.outdoes(old):
        print("The new network does not do better; the old one stays. More labels, or more steps, may help.")
        return 3
    print(f"Better. Use it with: defacto run ... --network {options.out / 'network'}")
    return 0


def _split(options: argparse.Namespace) -> Mapping[str, Mapping[str, BaseHandle]]:
    """Give each split its persons: as named, else as data sets of the same seed do."""
    from defacto.errors import SettingsError  # noqa: PLC0415  (slow to import)
    from defacto.simulate.bases import load_bases  # noqa: PLC0415
    from defacto.simulate.plan import SPLITS, make_plan  # noqa: PLC0415
    from defacto.simulate.recipe import read_recipe  # noqa: PLC0415

    handles = load_bases(options.base)
    if any(handle.scanned for handle in handles.values()):
        raise SettingsError(f"--base: {options.network} needs label maps, got scans, which know no regions.")
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
