"""Tables of a BIDS data set: participants, and when scans were made."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

_NOTHING = {"", "n/a"}


def read_table(path: Path, key: str) -> dict[str, dict[str, str]]:
    """Return the rows of a TSV file by their value in one column; without what is ``n/a``.

    A file that is not there, or is no table with that column, gives none.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    return {
        row[key]: {
            name: value.strip()
            for name, value in row.items()
            if isinstance(name, str) and isinstance(value, str) and value.strip() not in _NOTHING
        }
        for row in rows
        if isinstance(row.get(key), str)
    }


def participants(root: Path) -> Mapping[str, Mapping[str, str]]:
    """Return what ``participants.tsv`` says, by label without ``sub-``."""
    rows = read_table(root / "participants.tsv", "participant_id")
    return {label.removeprefix("sub-"): row for label, row in rows.items()}


def acquisition_times(folder: Path, stem: str) -> Mapping[str, str]:
    """Return ``acq_time`` by file name, from the ``scans.tsv`` of a subject or session.

    Parameters
    ----------
    folder : Path
        Of the subject or session.
    stem : str
        ``sub-01``, or ``sub-01_ses-2``.
    """
    rows = read_table(folder / f"{stem}_scans.tsv", "filename")
    return {Path(name).name: row["acq_time"] for name, row in rows.items() if "acq_time" in row}
