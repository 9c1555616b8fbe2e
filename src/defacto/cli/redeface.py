"""``defacto redeface``: the next attempt on scans that were sent back."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from defacto.cli.common import Commands, new_command, tell_counts
from defacto.cli.run import add_resources, add_selection, request_of

if TYPE_CHECKING:
    from defacto.pipeline.retries import Retry

_DETAILS = """\
Takes the scans of the run in OUT whose last attempt was called shallow, deep or a failure, by people or the
machine, and that have an attempt left. The parameters follow the history and add up, whatever the method:
shallow moves the cut back, deep forward, a failure turns bias correction on, protects a larger brain and
begins at the next rung of registration. What people asked for at the desk comes first. `defacto run` does
this too, and scans that are new besides."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands, "redeface", "Make the next attempt on scans that were sent back.", _DETAILS
    )
    parser.add_argument("folder", metavar="INPUT", type=Path, help="input folder of the run")
    parser.add_argument("out", metavar="OUT", type=Path, help="output folder of the run")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would change; write nothing")
    add_selection(parser.add_argument_group("which scans"))
    add_resources(parser.add_argument_group("resources"))
    parser.set_defaults(
        command=command,
        settings=None,
        verify=None,
        method=None,
        network=None,
        no_ears=False,
        dates=None,
        characteristics=False,
    )


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from dataclasses import replace  # noqa: PLC0415

    from defacto.pipeline.run import plan, run  # noqa: PLC0415  (slow to import)
    from defacto.report import write_report  # noqa: PLC0415

    request = replace(request_of(options, options.out), retries_only=True)
    planned = plan(request)
    for retry in planned.retries:
        print(tell(retry))
    if not planned.retries:
        print("No scan is to be tried again: none was sent back, or none has an attempt left.")
        return 0
    if options.dry_run:
        return 0
    summary = run(request, write_report, planned)
    print(tell_counts(summary))
    print(f"Report: {options.out / 'report' / 'index.html'}")
    return summary.exit_code


def tell(retry: Retry) -> str:
    """Return in a line what the next attempt changes."""
    changes = [f"{name} {_word(one)} to {_word(other)}" for name, (one, other) in retry.changes.items()]
    return f"{retry.name}: attempt {retry.number}, {', '.join(changes) or 'as before'}. {retry.reason}"


def _word(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"({', '.join(f'{number:g}' for number in value)})"
    return f"{value:g}" if isinstance(value, float) else str(value)
