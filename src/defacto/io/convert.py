"""One DICOM series to a NIfTI file and its sidecar, by dcm2niix."""

from __future__ import annotations

import math
import re
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import dcm2niix
from pydicom.uid import UID

from defacto.errors import DicomError
from defacto.io.inheritance import read_object
from defacto.io.series import Series, first_at_each_place
from defacto.io.tags import ImageFile

_SECONDS = 1800
_OPTIONS = ("-g", "i", "-z", "n", "-b", "y", "-ba", "y", "-f", "scan", "-c", "")
_PIXDIM_K, _SROW_K = 88, (288, 304, 320)
_EQUIDISTANT = re.compile(r"_Eq(_\d+)?$")


class Converted(NamedTuple):
    """A converted series: the NIfTI file, its sidecar (not cleaned), and what people should know."""

    path: Path
    sidecar: dict[str, Any]
    note: str | None


def convert(series: Series, folder: Path) -> Converted:
    """Convert a series. The folder then holds the un-defaced head and must be deleted by the caller.

    Slices are kept as they were scanned: of a series with missing slices the volume is taken whose slices are
    not interpolated, and the note says what is missing.

    Parameters
    ----------
    series : Series
        From `defacto.io.dicom.find_series`.
    folder : Path
        An existing private folder for this series alone.

    Raises
    ------
    DicomError
        If dcm2niix makes no volume of it.
    """
    inputs, outputs = folder / "dicom", folder / "nifti"
    inputs.mkdir()
    outputs.mkdir()
    surplus = series.layout.n_surplus
    _link(first_at_each_place(series) if surplus else series.files, inputs)
    run = _run(["-o", str(outputs), str(inputs)], series)
    volumes = [path for path in sorted(outputs.glob("*.nii")) if not _EQUIDISTANT.search(path.stem)]
    if run.returncode != 0 or not volumes:
        raise DicomError(_complaint(series, run))
    path = max(volumes, key=lambda path: path.stat().st_size)
    if series.layout.n_missing:
        _set_spacing(path, series.layout.spacing_mm)
    notes = [
        series.layout.note,
        f"{surplus} images at places that are taken already were left out" if surplus else None,
        f"it holds {len(volumes)} volumes, of which the largest was taken" if len(volumes) > 1 else None,
    ]
    sidecar = read_object(path.with_suffix(".json")) or {}
    return Converted(path, sidecar, "; ".join(note for note in notes if note) or None)


def _link(files: Sequence[ImageFile], folder: Path) -> None:
    for place, file in enumerate(files):
        (folder / f"{place:06d}.dcm").symlink_to(Path(file.path).absolute())


def _set_spacing(path: Path, spacing_mm: float) -> None:
    """Set the distance of the slices: dcm2niix takes that of the first two, be there a gap or not."""
    with path.open("r+b") as file:
        header = bytearray(file.read(348))
        order = "<" if header[:4] == struct.pack("<i", 348) else ">"
        struct.pack_into(f"{order}f", header, _PIXDIM_K, spacing_mm)
        step = [struct.unpack_from(f"{order}f", header, offset)[0] for offset in _SROW_K]
        length = math.hypot(*step)
        for offset, part in zip(_SROW_K, step, strict=True):
            if length:
                struct.pack_into(f"{order}f", header, offset, part / length * spacing_mm)
        file.seek(0)
        file.write(header)


def _run(arguments: Sequence[str], series: Series) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            [dcm2niix.bin, *_OPTIONS, *arguments], capture_output=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise DicomError(f"dcm2niix did not end within {_SECONDS} s on {series.shown}.") from None
    except OSError as error:
        raise DicomError(f"dcm2niix cannot be started: {error.strerror}.") from error


def _complaint(series: Series, run: subprocess.CompletedProcess[bytes]) -> str:
    said = (run.stdout + run.stderr).decode(errors="replace")
    what = f"dcm2niix made no volume of {series.shown} ({len(series.files)} files)"
    if re.search(r"unsupported transfer syntax|unable to decode|decompress|compressed", said, re.IGNORECASE):
        syntax = UID(series.tags.transfer_syntax or "unknown")
        name = syntax.name if syntax.name != syntax else "unknown"
        advice = "Decompress them first, for example with gdcmconv."
        return f"{what}: it cannot read their compression ({name}). {advice}"
    if re.search(r"no valid DICOM", said, re.IGNORECASE):
        return f"{what}: it finds no valid images in them."
    return f"{what}: it ended with code {run.returncode}."
