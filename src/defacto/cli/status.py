"""``defacto status``: where every scan stands, and why."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from defacto.cli.common import Commands, add_out, new_command, tell_counts

if TYPE_CHECKING:
    from defacto.pipeline.run import Summary


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "status", "Tell where every scan of a run stands, and why.")
    add_out(parser)
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--state", nargs="+", metavar="STATE", help="show scans of these states only")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from defacto.pipeline.run import summarise  # noqa: PLC0415  (slow to import)
    from defacto.pipeline.store import Store  # noqa: PLC0415

    summary = summarise(options.out, Store.open(options.out))
    shown = {
        name: standing
        for name, standing in summary.standings.items()
        if not options.state or standing.state.value in options.state
    }
    if options.json:
        print(json.dumps(_document(summary, shown), indent=2))
        return summary.exit_code
    width = max((len(name) for name in shown), default=0)
    for name, standing in shown.items():
        print(f"{name:<{width}}  {standing.state.value:<8}  {standing.reason}")
    for each in () if options.state else summary.left_out:
        print(f"{each.name:<{width}}  left out  {each.reason}")
    print(tell_counts(summary))
    return summary.exit_code


def _document(summary: Summary, shown: dict[str, Any]) -> dict[str, Any]:
    return {
        "counts": {state.value: number for state, number in summary.counts.items()},
        "scans": [
            {"name": name, "state": standing.state.value, "reason": standing.reason}
            for name, standing in shown.items()
        ],
        "left_out": [{"name": each.name, "reason": each.reason} for each in summary.left_out],
    }
