"""One way to open every source: `open_source`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from defacto.errors import InputError
from defacto.io.source import Source


class Opened(NamedTuple):
    """A source as a volume file.

    Parameters
    ----------
    path : Path
        The file to read: the input's own, or one made in the work folder, which holds the un-defaced head
        and must be deleted by the caller.
    sidecar : mapping
        Not cleaned.
    note : str or None
        What people should know of this scan.
    """

    path: Path
    sidecar: Mapping[str, Any]
    note: str | None


def open_source(source: Source, work: Path) -> Opened:
    """Return the volume file of a source; a DICOM series is converted into `work` first.

    Parameters
    ----------
    source : Source
        From `defacto.io.bids.find`.
    work : Path
        An existing private folder for this scan alone, deleted by the caller.

    Raises
    ------
    DicomError
        If the series cannot be converted.
    """
    if source.path is not None:
        return Opened(source.path, source.sidecar, source.note)
    if source.series is None:
        raise InputError(f"{source.name} has neither a file nor a series.")
    from defacto.io.convert import convert  # noqa: PLC0415  (pydicom is slow to import)

    converted = convert(source.series, work)
    notes = [part for note in (source.note, converted.note) if note for part in note.split("; ")]
    return Opened(converted.path, converted.sidecar, "; ".join(dict.fromkeys(notes)) or None)
