"""What several commands share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from defacto.errors import SettingsError

if TYPE_CHECKING:
    from defacto.pipeline.run import Summary

Commands = Any
"""What `argparse.ArgumentParser.add_subparsers` returns."""
VOLUME_ENDINGS = (".nii.gz", ".nii", ".mgz", ".mgh")


def new_command(commands: Commands, name: str, text: str, details: str = "") -> argparse.ArgumentParser:
    """Add a command to the command line."""
    from defacto.cli import EXIT_CODES  # noqa: PLC0415  (the package imports the commands)

    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=f"{text}\n\n{details}" if details else text,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def add_out(parser: argparse.ArgumentParser) -> None:
    """Add the output folder of a run, and where its store is."""
    parser.add_argument("out", metavar="OUT", type=Path, help="output folder of `defacto run`")
    add_store(parser)


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add the address of the store."""
    parser.add_argument(
        "--store",
        metavar="URL",
        help="postgresql://... of this run's store (default: $DEFACTO_STORE, else OUT/store.sqlite)",
    )


def add_strikes(parser: Any) -> None:
    """Add the file of what a person struck out of sidecars."""
    parser.add_argument(
        "--strikes",
        type=Path,
        metavar="FILE",
        help="strikes file from the page of `defacto audit`: tags and values that go out of sidecars",
    )


def tell_counts(summary: Summary) -> str:
    """Return where the scans stand, in a line."""
    counted = ", ".join(f"{number} {state.value}" for state, number in summary.counts.items())
    scans = len(summary.standings)
    return f"{scans} {'scan' if scans == 1 else 'scans'}: {counted or 'none'}."


def check_target(
    source: Path, target: Path, *, overwrite: bool, endings: tuple[str, ...] = VOLUME_ENDINGS
) -> None:
    """Refuse a file that cannot be written, before any work is done.

    Raises
    ------
    SettingsError
        If it has another ending, is the source, is there already, or its folder is not or cannot be written.
    """
    if not target.name.lower().endswith(endings):
        raise SettingsError(f"{target.name}: expected a name that ends in {', '.join(endings)}.")
    if target.exists() and source.exists() and target.samefile(source):
        raise SettingsError(f"{target.name} is the input; choose another name, originals stay as they are.")
    if target.exists() and not overwrite:
        raise SettingsError(f"{target.name} is there already; choose another name, or give --overwrite.")
    if target.is_dir():
        raise SettingsError(f"{target.name} is a folder; expected the name of a file.")
    if not target.absolute().parent.is_dir():
        raise SettingsError(f"The folder of {target.name} is not there; make it first.")
    if not os.access(target.absolute().parent, os.W_OK):
        raise SettingsError(f"The folder of {target.name} cannot be written.")
