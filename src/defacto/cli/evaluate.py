"""``defacto evaluate``: how well a classifier of outcomes does."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from defacto.cli.common import Commands, new_command

if TYPE_CHECKING:
    from defacto.qc.evaluation import Evaluation

_DETAILS = """\
PREDICTIONS is a table, one scan a row, with the columns truth (pass, deep, shallow or failure), pass, deep,
shallow and failure (the probabilities, which sum to 1; n/a where there is no answer), and, if known, person:
then intervals allow for scans of one person being alike. Other columns are not looked at. Or it is a data set
of `defacto simulate dataset`: then a network of defacto is asked first, about the heads of its split "test",
and OUT gets predictions.tsv too.

OUT gets evaluation.html, which opens offline and names no scan, its charts (figures/*.svg) and its tables
(*.tsv): accuracy, confusions, sensitivity, specificity, precision and F1, ROC and the areas of Hand and Till,
what each threshold accepts, and whether the probabilities mean what they say."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "evaluate", "Tell how well a classifier of outcomes does.", _DETAILS)
    parser.add_argument(
        "predictions",
        metavar="PREDICTIONS",
        type=Path,
        help="a table, .tsv, of truths and probabilities; or the folder of a data set",
    )
    parser.add_argument(
        "out", metavar="OUT", type=Path, help="a new or empty folder, or that of an earlier evaluation"
    )
    parser.add_argument(
        "--network",
        choices=("defacto-render", "delbarre-cnn"),
        default="defacto-render",
        help="for a data set: which network (default: defacto-render)",
    )
    parser.add_argument(
        "--split",
        choices=("train", "validation", "test"),
        default="test",
        help="for a data set: whose heads (default: test)",
    )
    parser.add_argument(
        "--settings", type=Path, metavar="TOML", help="settings, for their thresholds (default: built-in)"
    )
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from defacto.config import read_settings  # noqa: PLC0415  (slow to import)
    from defacto.qc.evaluation import evaluate  # noqa: PLC0415
    from defacto.qc.evaluation.predictions import read_predictions  # noqa: PLC0415
    from defacto.report.evaluation import check_folder, write_evaluation  # noqa: PLC0415

    check_folder(options.out)
    limits = read_settings(options.settings).qc
    table = options.predictions
    if table.is_dir():
        table = _predict(options)
    given = read_predictions(table)
    found = evaluate(given.truth, given.p, given.persons, p_pass=limits.p_pass, p_other=limits.p_other)
    page = write_evaluation(found, options.out)
    _tell(found)
    print(f"Page: {page}")
    return 0


def _predict(options: argparse.Namespace) -> Path:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

    from defacto.processes import cores, thread_variables  # noqa: PLC0415

    os.environ.update(thread_variables(cores()))
    from defacto.simulate.predictions import write_predictions  # noqa: PLC0415

    options.out.mkdir(parents=True, exist_ok=True)
    table: Path = options.out / "predictions.tsv"
    with Progress("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("samples", total=None)
        write_predictions(
            table,
            options.predictions,
            options.network,
            options.split,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    return table


def _tell(found: Evaluation) -> None:
    from defacto.report.evaluation.view import tiles  # noqa: PLC0415  (slow to import)
    from defacto.report.evaluation.words import headline  # noqa: PLC0415

    print(f"{headline(found)}.")
    for tile in tiles(found):
        print(f"  {tile.word:<19}{tile.value:>8}   {tile.bounds}")
