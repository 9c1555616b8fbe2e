"""``defacto label``: a person's word on a scan."""

from __future__ import annotations

import argparse

from defacto.cli.common import Commands, add_out, new_command

_DETAILS = """\
The word outweighs the machine's and stays on record; a reviewer may correct it by another.
Reviewers who do not agree clear nothing. What is not passed is tried again by the next `defacto run`."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "label", "Put a person's word on a scan on record.", _DETAILS)
    add_out(parser)
    parser.add_argument("scan", metavar="SCAN", help="name of the scan, as `defacto status` shows it")
    parser.add_argument("outcome", choices=("pass", "deep", "shallow", "failure"), help="what you see")
    parser.add_argument("--reviewer", required=True, metavar="NAME", help="who you are")
    parser.add_argument("--note", default="", metavar="TEXT", help="why")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from defacto.pipeline.review import add_label  # noqa: PLC0415  (slow to import)
    from defacto.types import Outcome  # noqa: PLC0415

    standing = add_label(
        options.out,
        options.scan,
        Outcome(options.outcome),
        reviewer=options.reviewer,
        note=options.note,
    )
    print(f"{options.scan}: {standing.state.value}. {standing.reason}")
    return 0
