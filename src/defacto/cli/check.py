"""``defacto check``: scans that arrive defaced."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from defacto.cli.common import Commands, check_target, new_command

if TYPE_CHECKING:
    from defacto.pipeline.check import Checked
    from defacto.report.check import Entry, Metadata

_DETAILS = """\
From each scan alone, with no original at hand: can a feature of the face be made out, is the brain whole, was
the cut in the right place? Of folders (BIDS data sets too), files whose names say that they are no structural
image of a head are left out, and counted. What cannot be read or judged is unsure, with the reason.

A face that was replaced by another, or blurred, is still a face: such a scan is never a pass here, since only
the original can tell. It is known as such by its name, by its sidecar, or by --replaced.

Exit code 0 only where every scan is a pass, and with --metadata nothing suspicious is undecided.
Pictures may show faces: keep them as you keep the scans."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    text = "Tell of scans that arrive defaced whether they are."
    parser = new_command(commands, "check", text, _DETAILS)
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        help="NIfTI or MGH files, folders, BIDS data sets, or patterns as 'in/**/*T1w.nii.gz'; only read",
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a table here, one scan a row")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a list of objects here, one a scan")
    parser.add_argument(
        "--report", type=Path, metavar="FOLDER", help="write a page with pictures into this new folder"
    )
    parser.add_argument(
        "--sort",
        type=Path,
        metavar="FOLDER",
        help="write pictures into this new folder, in folders by outcome",
    )
    parser.add_argument(
        "--metadata",
        action="store_true",
        help="audit the BIDS data sets among PATH too, as `defacto audit` does: one report, one exit code",
    )
    parser.add_argument(
        "--strikes", type=Path, metavar="FILE", help="with --metadata: what was decided on its page before"
    )
    parser.add_argument("--ears", action="store_true", help="count ears too (default: many tools leave them)")
    parser.add_argument(
        "--replaced", action="store_true", help="the faces were replaced or blurred, whatever the names say"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there already")
    parser.add_argument(
        "--nprocs", type=int, metavar="N", help="scans at once (default: the cores there are)"
    )
    parser.add_argument("--settings", type=Path, metavar="TOML", help="settings (default: built-in)")
    parser.add_argument(
        "--network",
        type=Path,
        metavar="DIR",
        help="classifier from `defacto train render --from-store` (default: built-in)",
    )
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Run it."""
    try:
        return _check(options)
    except KeyboardInterrupt:
        print("defacto: Stopped. Nothing was written.", file=sys.stderr)
        return 130


def _check(options: argparse.Namespace) -> int:
    from defacto.config import read_settings  # noqa: PLC0415  (slow to import)
    from defacto.processes import cores, thread_variables  # noqa: PLC0415

    _check_options(options)
    settings = read_settings(options.settings)
    os.environ.update(thread_variables(options.nprocs or cores()))
    from defacto.errors import InputError  # noqa: PLC0415
    from defacto.pipeline.check import check_files, find_files  # noqa: PLC0415
    from defacto.pipeline.folder import write_whole  # noqa: PLC0415
    from defacto.pipeline.own_network import check_network  # noqa: PLC0415
    from defacto.qc.classify import DATA  # noqa: PLC0415
    from defacto.report.audit import tell_audit  # noqa: PLC0415
    from defacto.report.check import PAGE, render_check  # noqa: PLC0415
    from defacto.report.check_text import plain, tell_check, tell_left_out  # noqa: PLC0415
    from defacto.report.new_folder import whole_folder  # noqa: PLC0415

    if options.network is not None:
        check_network(options.network)
    paths, left_out = find_files(options.paths, settings)
    if not paths:
        told = " ".join(tell_left_out(left_out))
        raise InputError(f"Nothing to check was found; expected NIfTI or MGH files. {told}".strip())
    with ExitStack() as stack:
        sort, report = (
            stack.enter_context(whole_folder(folder)) if folder else None
            for folder in (options.sort, options.report)
        )
        coming = check_files(
            paths,
            settings,
            ears=options.ears,
            draw=bool(sort or report),
            replaced=options.replaced,
            network=options.network or DATA,
            nprocs=options.nprocs,
        )
        entries = _collect(coming, paths, sort, report)
        metadata = _audit(options, report)
        results = [entry.checked for entry in entries]
        if report:
            page = render_check(entries, left_out, settings, ears=options.ears, metadata=metadata)
            write_whole(report / PAGE, page)
        _write_tables(options, results)
    about = [tell_audit(each.audit, plain(each.name)) for each in metadata]
    print("\n".join([tell_check(results, left_out), *about, *_tell(options, entries)]))
    clean = all(each.audit.clean for each in metadata)
    return 0 if clean and all(each.passed for each in results) else 3


def _data_sets(options: argparse.Namespace) -> list[Path]:
    """Return the BIDS data sets whose metadata is asked for."""
    from defacto.errors import InputError, SettingsError  # noqa: PLC0415
    from defacto.io.kind import is_bids  # noqa: PLC0415

    if not options.metadata:
        if options.strikes:
            raise SettingsError("--strikes is for --metadata; give both.")
        return []
    found = [Path(path) for path in options.paths if is_bids(Path(path))]
    if not found:
        raise InputError("--metadata: there is no BIDS data set among the paths; give its folder.")
    return found


def _audit(options: argparse.Namespace, report: Path | None) -> list[Metadata]:
    """Audit the data sets, and write their pages into the report."""
    from defacto.pipeline.audit import audit  # noqa: PLC0415
    from defacto.pipeline.folder import private_files  # noqa: PLC0415
    from defacto.pipeline.progress import counting  # noqa: PLC0415
    from defacto.privacy.strikes import read_strikes  # noqa: PLC0415
    from defacto.report.audit import write_audit  # noqa: PLC0415
    from defacto.report.check import PAGE, Metadata  # noqa: PLC0415

    made, strikes = [], read_strikes(options.strikes)
    for number, folder in enumerate(_data_sets(options), 1):
        with counting("metadata") as progress:
            found = audit(folder, strikes, nprocs=options.nprocs, progress=progress)
        name = f"metadata-{number}" if number > 1 else "metadata"
        if report:
            with private_files():
                (report / name).mkdir()
                write_audit(report / name, found, strikes)
        made.append(Metadata(folder.resolve().name, found, f"{name}/{PAGE}"))
    return made


def _check_options(options: argparse.Namespace) -> None:
    from defacto.errors import SettingsError  # noqa: PLC0415
    from defacto.privacy.strikes import read_strikes  # noqa: PLC0415
    from defacto.report.new_folder import check_new  # noqa: PLC0415

    if options.nprocs is not None and options.nprocs < 1:
        raise SettingsError(f"--nprocs: expected 1 or more, got {options.nprocs}.")
    for target, ending in ((options.csv, ".csv"), (options.json, ".json")):
        if target is not None:
            check_target(Path(options.paths[0]), target, overwrite=options.overwrite, endings=(ending,))
    _data_sets(options)
    read_strikes(options.strikes)
    folders = [folder for folder in (options.sort, options.report) if folder]
    for folder in folders:
        check_new(folder)
    if len(folders) == 2 and folders[0].absolute() == folders[1].absolute():
        raise SettingsError("--sort and --report name the same folder; expected two.")


def _collect(
    coming: Iterable[Checked], paths: Sequence[str], sort: Path | None, report: Path | None
) -> list[Entry]:
    """Take results as they come, write their pictures, keep the rest; return it in the order of the paths."""
    from defacto.report.check import Entry  # noqa: PLC0415
    from defacto.report.check_files import Pictures, flat_names, short_names  # noqa: PLC0415

    names = short_names(paths)
    files = dict(zip(paths, flat_names(names), strict=True))
    pictures, found = Pictures(sort, report), {}
    for each in _with_bar(coming, len(paths)):
        kinds = pictures.write(each, files[each.path])
        found[each.path] = replace(each, pictures={}), kinds
    return [
        Entry(found[path][0], name, files[path], found[path][1])
        for path, name in zip(paths, names, strict=True)
    ]


def _with_bar(coming: Iterable[Checked], total: int) -> Iterator[Checked]:
    from defacto.pipeline.progress import counting  # noqa: PLC0415

    with counting("scans") as progress:
        progress(0, total)
        for done, each in enumerate(coming, 1):
            yield each
            progress(done, total)


def _write_tables(options: argparse.Namespace, results: Sequence[Checked]) -> None:
    from defacto.pipeline.folder import write_whole  # noqa: PLC0415
    from defacto.report.check_files import check_csv, check_json  # noqa: PLC0415

    if options.csv:
        write_whole(options.csv, check_csv(results))
    if options.json:
        write_whole(options.json, check_json(results))


def _tell(options: argparse.Namespace, entries: Sequence[Entry]) -> Iterator[str]:
    for target in (options.csv, options.json):
        if target:
            yield f"Written: {target}"
    if options.sort:
        bare = sum(1 for entry in entries if not entry.kinds)
        yield f"Pictures: {options.sort}" + (f" (none of {bare} that could not be drawn)" if bare else "")
    if options.report:
        yield f"Report: {options.report / 'index.html'}"
