"""``defacto audit``: the review of unique values."""

from __future__ import annotations

import argparse
from pathlib import Path

from defacto.cli.common import Commands, check_target, new_command

_DETAILS = """\
Every tag of every sidecar, table, text, file name and header of a BIDS data set, whoever made it: the
different values with counts, the most suspicious first. On the page a person accepts or strikes out values
and tags, and saves a strikes file. Only headers are read, never voxels; nothing in BIDS_DIR is changed.

Exit code 0 only where nothing suspicious is undecided, and nothing that was struck out is still there.
Page and tables hold what names people: only you can read them. Do not share them."""
_OURS = frozenset({"index.html", "audit.tsv", "strikes.toml"})


def add_parser(commands: Commands) -> None:
    """Add the command."""
    text = "Review what a data set says of people besides the pictures."
    parser = new_command(commands, "audit", text, _DETAILS)
    parser.add_argument("folder", metavar="BIDS_DIR", type=Path, help="the data set; only read")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write a page and a table of all values into this new folder"
    )
    parser.add_argument(
        "--strikes", type=Path, metavar="FILE", help="what was decided before, as the page saved it"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all of it here as one object")
    parser.add_argument("--overwrite", action="store_true", help="replace what an earlier audit wrote")
    parser.add_argument(
        "--nprocs", type=int, metavar="N", help="processes at once (default: the cores there are)"
    )
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from defacto.pipeline.audit import audit  # noqa: PLC0415  (slow to import)
    from defacto.pipeline.folder import private_files, write_whole  # noqa: PLC0415
    from defacto.pipeline.progress import counting  # noqa: PLC0415
    from defacto.privacy.strikes import read_strikes  # noqa: PLC0415
    from defacto.report.audit import audit_json, tell_audit, write_audit  # noqa: PLC0415

    _check_options(options)
    strikes = read_strikes(options.strikes)
    with counting("files") as progress:
        found = audit(options.folder, strikes, nprocs=options.nprocs, progress=progress)
    with private_files():
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            write_audit(options.out, found, strikes)
        if options.json:
            write_whole(options.json, audit_json(found))
    print(tell_audit(found))
    if options.out:
        print(f"Page: {options.out / 'index.html'} (it may name people: do not share it)")
    if options.json:
        print(f"Written: {options.json}")
    return 0 if found.clean else 3


def _check_options(options: argparse.Namespace) -> None:
    from defacto.errors import SettingsError  # noqa: PLC0415
    from defacto.report.new_folder import check_new  # noqa: PLC0415

    if options.nprocs is not None and options.nprocs < 1:
        raise SettingsError(f"--nprocs: expected 1 or more, got {options.nprocs}.")
    for name, place in (("--out", options.out), ("--json", options.json)):
        if place is not None and place.resolve().is_relative_to(options.folder.resolve()):
            raise SettingsError(
                f"{name} lies in the data set, and would be shared with it; choose a place elsewhere."
            )
    if options.json is not None:
        check_target(options.folder, options.json, overwrite=options.overwrite, endings=(".json",))
    if options.out is not None and not (options.overwrite and _is_ours(options.out)):
        check_new(options.out)


def _is_ours(folder: Path) -> bool:
    return folder.is_dir() and {entry.name for entry in folder.iterdir()} <= _OURS
