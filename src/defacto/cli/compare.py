"""``defacto compare``: what each method of defacing does to many heads."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from defacto.cli.common import Commands, new_command

_DETAILS = """\
DATASET is a study of `defacto simulate study`, whose heads are judged by the truth beside them (name the
--base that it was made with), or a folder of real, intact heads, which are judged by measures.

METHOD is a name, several with commas between, or all: auto, the eight of defacto, and the programs
fsl_deface, pydeface, mri_deface, mideface, afni_refacer, mri_reface, quickshear, deepdefacer and niimath as
far as they are there. OUT gets compare.html, which opens offline, its tables (*.tsv) and its figures
(figures/*.png): success, face left and brain damaged with exact intervals, methods tested against each other
on the same heads, strata by contrast, slices and age, and the worst of each method to look at. The same
command goes on where it was stopped. Pages and pictures show heads: keep them as you keep the scans."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "compare", "Compare methods of defacing on many heads.", _DETAILS)
    parser.add_argument("dataset", metavar="DATASET", type=Path, help="a folder of intact heads; only read")
    parser.add_argument(
        "out", metavar="OUT", type=Path, help="a new or empty folder, or that of a comparison"
    )
    parser.add_argument("--methods", metavar="METHOD", default="all", help="which (default: all)")
    parser.add_argument("--base", metavar="DIR", type=Path, help="what made heads were made from")
    parser.add_argument(
        "--limit", metavar="N", type=int, help="only the first N heads, in an even mix of persons"
    )
    parser.add_argument("--no-ears", action="store_true", help="leave the ears, and do not count them")
    parser.add_argument(
        "--container", choices=("docker", "apptainer"), help="run programs of others in a container"
    )
    parser.add_argument("--image", metavar="IMAGE", help="container image that holds them")
    parser.add_argument(
        "--nprocs", type=int, metavar="N", help="heads at once (default: the cores there are)"
    )
    parser.add_argument("--settings", type=Path, metavar="TOML", help="settings (default: built-in)")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from defacto.config import read_settings  # noqa: PLC0415  (slow to import)
    from defacto.errors import InputError, SettingsError  # noqa: PLC0415
    from defacto.processes import thread_variables  # noqa: PLC0415

    for name in ("nprocs", "limit"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise SettingsError(f"--{name}: expected 1 or more, got {value}.")
    if not options.dataset.is_dir():
        raise InputError(f"There is no folder {options.dataset.name}; expected one of intact heads.")
    settings = read_settings(options.settings)
    changes: dict[str, Any] = {"ears": False} if options.no_ears else {}
    changes |= {"container": options.container} if options.container else {}
    changes |= {"container_image": options.image} if options.image else {}
    settings = replace(settings, deface=replace(settings.deface, **changes))
    os.environ.update(thread_variables(1))
    from defacto.report.compare import check_folder, write_comparison  # noqa: PLC0415
    from defacto.studies.bench import check_methods  # noqa: PLC0415
    from defacto.studies.compare import compare  # noqa: PLC0415
    from defacto.studies.heads import find_heads, first_heads  # noqa: PLC0415
    from defacto.studies.summary import summarise  # noqa: PLC0415

    check_folder(options.out)
    methods = check_methods(options.methods.split(","))
    heads = find_heads(options.dataset, settings)
    if options.limit:
        heads = first_heads(heads, options.limit)
    with _Bar() as bar:
        rows = compare(
            heads, methods, options.out, settings, bases=options.base, nprocs=options.nprocs, tell=bar.tell
        )
    found = summarise(rows, settings)
    page = write_comparison(found, options.out)
    for each in found.methods:
        print(each.sentence)
    print(f"Page: {page}")
    return 0


class _Bar:
    """A progress bar on a terminal; nothing elsewhere."""

    def __enter__(self) -> _Bar:
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        console = Console(stderr=True)
        self._bar = Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty())
        self._bar.start()
        self._task = self._bar.add_task("heads", total=None)
        return self

    def tell(self, done: int, total: int) -> None:
        """Show how many are done."""
        self._bar.update(self._task, completed=done, total=total)

    def __exit__(self, *raised: object) -> None:
        self._bar.stop()
