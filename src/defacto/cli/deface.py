"""``defacto deface``: one file."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from defacto.cli.common import Commands, check_target, new_command
from defacto.errors import StepError

if TYPE_CHECKING:
    from defacto.config import Settings
    from defacto.pipeline.single import Defaced

_DETAILS = """\
Retries as `defacto run` does. Writes OUT only where the result passes; with exit code 3 there is no OUT.
A pass is the machine's word: look at the result before you share it. Methods that replace or blur a face
(reface, blur) pass only where the skin moved far enough from the person's own."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "deface", "Deface one file, and say what was measured.", _DETAILS)
    parser.add_argument("source", metavar="IN", type=Path, help="a NIfTI or MGH file; it is only read")
    parser.add_argument(
        "target", metavar="OUT", type=Path, help="the file to write: .nii.gz, .nii, .mgz or .mgh"
    )
    parser.add_argument("--mask", type=Path, metavar="FILE", help="write the removal mask (1 = removed) here")
    parser.add_argument("--json", action="store_true", help="print what was measured for machines")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT where it is there already")
    parser.add_argument(
        "--keep-uncertain", action="store_true", help="write OUT even where it did not pass, to look at it"
    )
    parser.add_argument("--settings", type=Path, metavar="TOML", help="settings (default: built-in)")
    parser.add_argument("--method", metavar="NAME", help="method of defacing, or auto (default: template)")
    parser.add_argument("--no-ears", action="store_true", help="leave the ears, and do not count them")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from defacto.processes import cores, thread_variables  # noqa: PLC0415

    os.environ.update(thread_variables(cores()))
    from defacto.config import read_settings  # noqa: PLC0415  (slow to import)

    targets = [path for path in (options.target, options.mask) if path is not None]
    for path in targets:
        check_target(options.source, path, overwrite=options.overwrite)
    settings = read_settings(options.settings)
    if options.method is not None:
        settings = replace(settings, deface=replace(settings.deface, method=options.method))
    if options.no_ears:
        settings = replace(settings, deface=replace(settings.deface, ears=False))
    defaced = _deface(options.source, settings)
    for path in targets:
        path.unlink(missing_ok=True)
    if defaced.passed or options.keep_uncertain:
        _write(defaced, options)
    print(json.dumps(defaced.document(), indent=2) if options.json else _table(defaced))
    if not defaced.passed:
        written = options.keep_uncertain and defaced.examined is not None
        said = "was written for you to look at; do not share it" if written else "was not written"
        print(f"defacto: not a pass; {options.target.name} {said}.", file=sys.stderr)
    return 0 if defaced.passed else 3


def _deface(source: Path, settings: Settings) -> Defaced:
    """Read the scan and set niimath to work on it, before the rest of the program is loaded."""
    from defacto.anatomy.begin import begin  # noqa: PLC0415
    from defacto.io import volume  # noqa: PLC0415
    from defacto.pipeline.clock import Clock  # noqa: PLC0415

    clock = Clock()
    with clock.step("read"):
        scan = volume.read(source, max_memory_gb=settings.input.max_memory_gb)
    begun = None
    if settings.deface.rung == 0 and not settings.deface.bias_correction:
        with suppress(StepError):
            begun = begin(scan.volume, scan.grid)
    try:
        from defacto.pipeline.single import deface_scan  # noqa: PLC0415

        return deface_scan(scan, settings, clock, begun)
    finally:
        if begun is not None:
            begun.stop()


def _write(defaced: Defaced, options: argparse.Namespace) -> None:
    from defacto.io import volume  # noqa: PLC0415  (slow to import)

    if defaced.examined is None:
        return
    volume.write(options.target, defaced.examined.result)
    if options.mask is not None:
        affine = defaced.examined.result.grid.affine
        mask = volume.scan_from_arrays(defaced.examined.removal.mask, affine, dtype="uint8")
        volume.write(options.mask, mask)


def _table(defaced: Defaced) -> str:
    last = defaced.attempts[-1]
    outcome = last.decision.outcome.value if last.decision.outcome and last.decision.sure else "not sure"
    attempts = "1 attempt" if len(defaced.attempts) == 1 else f"{len(defaced.attempts)} attempts"
    lines = [f"{outcome} after {attempts}, method {last.method}"]
    lines += [reason.sentence for reason in last.decision.reasons]
    width = max((len(name) for name in last.measures), default=0)
    for measure in last.measures.values():
        value = "unknown" if measure.value is None else f"{measure.value:.4g}"
        lines.append(f"  {measure.name:<{width}}  {value} {measure.unit}")
    return "\n".join(lines)
