"""``defacto segment``: what is where in a head."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from defacto.cli.common import Commands, check_target, new_command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from defacto.anatomy.regions import Region
    from defacto.qc.arrived import Arrival

_DETAILS = """\
For any contrast, voxel size, orientation and field of view, intact or defaced. The labels lie on the voxels
of IN: 0 air, 1 ventricles, 2 caudate, 3 putamen, 4 thalamus, 5 brainstem, 6 and 7 grey and white matter of
the cerebrum, 8 and 9 of the cerebellum, 10 other brain, 11 eyes, 12 nose, 13 mouth, 14 and 15 left and right
ear, 16 the rest of the head. Labels of a whole head outline its face: keep them as you keep the scan, or
give --brain."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = new_command(commands, "segment", "Label brain, eyes, nose, mouth and ears of a head.", _DETAILS)
    parser.add_argument("source", metavar="IN", type=Path, help="a NIfTI or MGH file; it is only read")
    parser.add_argument(
        "target", metavar="OUT", type=Path, help="the label map to write: .nii.gz, .nii, .mgz or .mgh"
    )
    parser.add_argument("--tsv", type=Path, metavar="FILE", help="write the volume of each region here, ml")
    parser.add_argument("--brain", action="store_true", help="write labels 1 to 10 alone")
    parser.add_argument(
        "--mask",
        type=Path,
        metavar="FILE",
        help="write a brain mask here, with furrows and a rim (1 = brain)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there already")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from defacto.processes import cores, thread_variables  # noqa: PLC0415

    os.environ.update(thread_variables(cores()))
    from defacto.anatomy.network import segment  # noqa: PLC0415  (slow to import)
    from defacto.config import Settings  # noqa: PLC0415
    from defacto.io import volume  # noqa: PLC0415
    from defacto.qc.arrived import look_at  # noqa: PLC0415

    check_target(options.source, options.target, overwrite=options.overwrite)
    if options.mask is not None:
        check_target(options.source, options.mask, overwrite=options.overwrite)
    if options.tsv is not None:
        check_target(options.source, options.tsv, overwrite=options.overwrite, endings=(".tsv",))
    scan = volume.read(options.source, max_memory_gb=Settings().input.max_memory_gb)
    found = segment(scan.volume, scan.grid)
    labels = found.labels * found.tissue if options.brain else found.labels
    volume.write(options.target, volume.scan_from_arrays(labels, scan.grid.affine, dtype="uint8"))
    if options.mask is not None:
        mask = volume.scan_from_arrays(found.brain, scan.grid.affine, dtype="uint8")
        volume.write(options.mask, mask)
    table = _table(found.volumes_ml())
    if options.tsv is not None:
        options.tsv.write_text(table, encoding="utf-8")
    print(table.expandtabs(20), end="")
    print(_sentence(look_at(scan, found)))
    return 0


def _sentence(arrival: Arrival) -> str:
    features = ", ".join(region.name.lower().replace("_", " ") for region in arrival.features)
    return (
        f"Seen of the face: {features or 'nothing'}."
        f" Brain within 3 mm of the air: {arrival.bare_cm2:.0f} cm2 (0 in a whole head)."
    )


def _table(volumes_ml: Mapping[Region, float]) -> str:
    rows = ["label\tregion\tvolume_ml"]
    rows += [f"{region.value}\t{region.name.lower()}\t{ml:.2f}" for region, ml in volumes_ml.items()]
    return "\n".join(rows) + "\n"
