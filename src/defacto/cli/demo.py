"""``defacto demo``: a made study goes through the whole job; no data needed."""

from __future__ import annotations

import argparse
from pathlib import Path

from defacto.cli.common import Commands, new_command, tell_counts

_DETAILS = """\
Makes OUT/study, eight scans of people who do not exist, and runs the main job on it into OUT/result."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "demo", "Show the whole job on a made study; a minute or two.", _DETAILS)
    parser.add_argument("out", metavar="OUT", type=Path, help="a new or empty folder")
    parser.add_argument(
        "--nprocs", type=int, metavar="N", help="scans at once (default: the cores there are)"
    )
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from defacto.pipeline.run import Request, run  # noqa: PLC0415  (slow to import)
    from defacto.report import write_report  # noqa: PLC0415
    from defacto.simulate.study import make_study  # noqa: PLC0415

    study, result = options.out / "study", options.out / "result"
    if not (study / "dataset_description.json").is_file():
        print("Making a study of people who do not exist ...", flush=True)
        study.mkdir(parents=True, exist_ok=True)
        make_study(study)
    summary = run(Request(study, result, nprocs=options.nprocs), write_report)
    print(tell_counts(summary))
    print("Look at the report, then try: defacto status, defacto label, defacto export.")
    print(f"Report: {result / 'report' / 'index.html'}")
    return 1 if summary.crashes else 0
