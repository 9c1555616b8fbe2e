"""``defacto export``: the one gate."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from defacto.cli.common import Commands, add_out, add_strikes, new_command

_DETAILS = """\
Only cleared scans go out, with cleaned sidecars and their removal masks. Called again, it brings
SHARED_BIDS up to date: what was cleared since comes in, what is cleared no more goes; files of yours
in there are left alone."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "export", "Write what is cleared as a BIDS data set.", _DETAILS)
    add_out(parser)
    parser.add_argument(
        "target", metavar="SHARED_BIDS", type=Path, help="the data set: a new or empty folder"
    )
    parser.add_argument(
        "--scan", nargs="+", metavar="SCAN", help="these only; an error where one is not cleared"
    )
    parser.add_argument("--name", metavar="TEXT", help="name of the data set")
    add_strikes(parser)
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from defacto.pipeline.export import DEFAULT_NAME, export  # noqa: PLC0415  (slow to import)
    from defacto.privacy.strikes import read_strikes  # noqa: PLC0415

    exported = export(
        options.out,
        options.target,
        scans=options.scan,
        name=options.name or DEFAULT_NAME,
        strikes=read_strikes(options.strikes).for_sidecars,
    )
    for name, standing in exported.kept.items():
        print(f"{name}: not exported, {standing.state.value}. {standing.reason}", file=sys.stderr)
    print(f"{len(exported.names)} exported, {len(exported.kept)} not.")
    return 3 if exported.kept and options.scan is None else 0
