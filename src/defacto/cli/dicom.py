"""``defacto dicom``: DICOM in, DICOM out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from defacto.cli.common import Commands, new_command, tell_counts
from defacto.cli.run import add_resources, add_selection, add_settings, request_of, tell_plan

_DETAILS = """\
Runs `defacto run` over the series of heads, and writes those that are cleared as de-identified DICOM series:
pixels defaced, attributes by the basic profile of PS3.15 and an allow-list, UIDs replaced alike in all files.
Scans that wait for a person stay inside: look at them with `defacto review RUN`, then give the same command
again. Series that are no images of a head are not written at all."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(
        commands, "dicom", "Deface DICOM series, and write what is cleared as DICOM.", _DETAILS
    )
    parser.add_argument("folder", metavar="IN", type=Path, help="folder of DICOM files; it is only read")
    parser.add_argument("target", metavar="OUT", type=Path, help="folder for the series; new or empty")
    parser.add_argument(
        "--run",
        metavar="RUN",
        type=Path,
        help="folder of the run, not for sharing; also one made before (default: OUT-run)",
    )
    add_selection(parser.add_argument_group("which scans"))
    add_settings(parser.add_argument_group("how"))
    add_resources(parser.add_argument_group("resources"))
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from defacto.errors import SettingsError  # noqa: PLC0415  (slow to import)
    from defacto.io.kind import kind_of  # noqa: PLC0415
    from defacto.pipeline.export_dicom import export_dicom  # noqa: PLC0415
    from defacto.pipeline.progress import counting  # noqa: PLC0415
    from defacto.pipeline.run import plan, run  # noqa: PLC0415
    from defacto.report import write_report  # noqa: PLC0415

    if kind_of(options.folder) != "dicom":
        raise SettingsError(f"{options.folder.name} holds no DICOM files; `defacto run` takes other scans.")
    target = options.target.absolute()
    out = options.run or target.with_name(f"{target.name}-run")
    request = request_of(options, out)
    if options.dry_run:
        return tell_plan(plan(request))
    summary = run(request, write_report)
    print(tell_counts(summary))
    print(f"Report: {out / 'report' / 'index.html'}")
    with counting("written") as tell:
        exported = export_dicom(out, options.folder, target, request.selection, tell=tell)
    for name, reason in exported.kept.items():
        print(f"{name}: not written, {reason}", file=sys.stderr)
    print(f"{len(exported.names)} written, {len(exported.kept)} not.")
    return summary.exit_code or (3 if exported.kept else 0)
