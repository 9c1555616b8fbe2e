"""``defacto run``: the main job over an input folder, as a BIDS App."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from defacto import __version__
from defacto.cli.common import Commands, add_store, add_strikes, new_command, tell_counts

if TYPE_CHECKING:
    from defacto.pipeline.run import Plan, Request

_DETAILS = """\
INPUT is a BIDS data set, a folder of DICOM files, or a folder of NIfTI or MGH files; it is only read.
Killed at any moment, the same command goes on where it was. Several of them may work on one OUT at once."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "run", "Deface, check and retry all scans of a folder.", _DETAILS)
    parser.add_argument("folder", metavar="INPUT", type=Path, help="input folder")
    parser.add_argument("out", metavar="OUT", type=Path, help="output folder; not for sharing")
    parser.add_argument(
        "level",
        choices=("participant", "group"),
        help="participant: work on scans, then write the report; group: write the report only",
    )
    parser.add_argument("--version", action="version", version=f"defacto {__version__}")
    add_selection(parser.add_argument_group("which scans"))
    how = parser.add_argument_group("how")
    add_settings(how)
    add_strikes(how)
    add_resources(parser.add_argument_group("resources"))
    parser.set_defaults(command=command)


def add_selection(group: argparse._ArgumentGroup) -> None:
    """Add the options that say which scans are taken."""
    group.add_argument("--participant-label", nargs="+", default=[], metavar="LABEL", help="take these only")
    group.add_argument("--session-label", nargs="+", default=[], metavar="LABEL", help="take these only")
    group.add_argument(
        "--bids-filter-file", type=Path, metavar="JSON", help="filters, as fMRIPrep takes them"
    )
    group.add_argument(
        "--skip-bids-validation", action="store_true", help="take a data set that is not valid BIDS"
    )
    group.add_argument(
        "--series-map", type=Path, metavar="TOML", help="what DICOM series are, by your own rules"
    )
    group.add_argument(
        "--subject-key", type=Path, metavar="FILE", help="secret that new subject labels are made with"
    )
    group.add_argument(
        "--link-table", type=Path, metavar="TSV", help="write here which new label stands for which person"
    )


def add_settings(group: argparse._ArgumentGroup) -> None:
    """Add the options that say how it is done."""
    group.add_argument(
        "--settings", type=Path, metavar="TOML", help="settings (default: those saved in OUT, else built-in)"
    )
    group.add_argument(
        "--verify",
        choices=("person", "none"),
        help="who clears what the machine passed: a person by `defacto label` (default), or none is needed",
    )
    group.add_argument("--method", help="method of defacing, or auto")
    group.add_argument(
        "--network",
        type=Path,
        metavar="DIR",
        help="classifier from `defacto train render --from-store`; OUT keeps a copy",
    )
    group.add_argument("--no-ears", action="store_true", help="leave the ears, and do not count them")
    group.add_argument(
        "--dates",
        choices=("remove", "shift"),
        help="dates and times: taken out (default), or moved by an offset of the subject's own",
    )
    group.add_argument(
        "--characteristics", action="store_true", help="keep age (over 89 grouped), sex, size and weight"
    )
    group.add_argument("--dry-run", action="store_true", help="only list what would be done; write nothing")


def add_resources(group: argparse._ArgumentGroup) -> None:
    """Add the options that say with what means."""
    group.add_argument("--nprocs", type=int, metavar="N", help="scans at once (default: the cores there are)")
    group.add_argument(
        "--mem-gb", type=float, metavar="GB", help="memory for all of them (default: 80%% of free)"
    )
    group.add_argument(
        "-w", "--work-dir", type=Path, metavar="DIR", help="temporary files, un-defaced ones among them"
    )
    add_store(group)  # type: ignore[arg-type]


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from defacto.pipeline.run import plan, run  # noqa: PLC0415  (slow to import)
    from defacto.report import write_report  # noqa: PLC0415

    if options.level == "group":
        return _group(options)
    request = request_of(options, options.out)
    if options.dry_run:
        return tell_plan(plan(request))
    summary = run(request, write_report)
    print(tell_counts(summary))
    print(f"Report: {options.out / 'report' / 'index.html'}")
    return summary.exit_code


def request_of(options: argparse.Namespace, out: Path) -> Request:
    """Return what the options ask of a run with this output folder."""
    from defacto.io.choice import read_filters  # noqa: PLC0415  (slow to import)
    from defacto.pipeline.run import Request  # noqa: PLC0415
    from defacto.pipeline.sources import Selection  # noqa: PLC0415
    from defacto.privacy.strikes import read_strikes  # noqa: PLC0415

    filters = read_filters(options.bids_filter_file) if options.bids_filter_file else None
    return Request(
        folder=options.folder,
        out=out,
        selection=Selection(
            tuple(options.participant_label),
            tuple(options.session_label),
            filters,
            options.subject_key,
            options.series_map,
        ),
        settings_file=options.settings,
        changes=_changes(options),
        nprocs=options.nprocs,
        mem_gb=options.mem_gb,
        work=options.work_dir,
        skip_validation=options.skip_bids_validation,
        link_table=options.link_table,
        network=options.network,
        strikes=read_strikes(getattr(options, "strikes", None)).for_sidecars,
    )


def _changes(options: argparse.Namespace) -> dict[str, object]:
    changes: dict[str, object] = {}
    if options.verify is not None:
        changes["qc.verify"] = options.verify
    if options.method is not None:
        changes["deface.method"] = options.method
    if options.no_ears:
        changes["deface.ears"] = False
    if options.dates is not None:
        changes["privacy.dates"] = options.dates
    if options.characteristics:
        changes["privacy.characteristics"] = True
    return changes


def _group(options: argparse.Namespace) -> int:
    from defacto.pipeline.run import summarise  # noqa: PLC0415
    from defacto.pipeline.store import Store  # noqa: PLC0415
    from defacto.report import write_report  # noqa: PLC0415

    summary = summarise(options.out, Store.open(options.out))
    print(tell_counts(summary))
    print(f"Report: {write_report(options.out)}")
    return summary.exit_code


def tell_plan(planned: Plan) -> int:
    """Print what would be done."""
    for source in planned.sources:
        print(f"{source.name}: {source.origin}" + (f", {source.note}" if source.note else ""))
    for each in planned.left_out:
        print(f"{each.name}: left out, {each.reason}")
    print(f"{len(planned.sources)} scans would be taken, {len(planned.left_out)} left out.")
    return 0
