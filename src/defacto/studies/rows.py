"""What one method did to one head: a row of the table, and where the rows of a head are kept."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from defacto import deface
from defacto.config import Settings
from defacto.studies.heads import Head
from defacto.studies.judge import NOT_DONE
from defacto.types import Outcome

HEADS = "heads"


@dataclass(frozen=True)
class Row:
    """What one method did to one head; a row of the table.

    Parameters
    ----------
    head, person, contrast, years : str
        Whose scan it is.
    slice_mm : float
        Thickness of its slices: the largest side of a voxel.
    method, version : str
        Who defaced.
    chosen : str
        Of ``auto``: which method it took.
    by : str
        ``truth`` or ``measures``.
    verdict, outcome : str
        See `defacto.studies.judge`.
    machine : str
        What `defacto.qc.decide` says: all that is known of a real head.
    brain_lost_ml, removed_percent : float
        NaN where not known.
    left : str
        Features that are left, with blanks between.
    seconds, shared_s : float
        Of the method alone; of the registration and the networks, which all of our own share.
    memory_mb : float
        Peak of what the method itself took; of programs of others, with their children, while they ran.
    error : str
        Why it could not be done.
    """

    head: str
    person: str
    contrast: str
    years: str
    slice_mm: float
    method: str
    version: str
    chosen: str
    by: str
    verdict: str
    outcome: str
    machine: str
    brain_lost_ml: float
    removed_percent: float
    left: str
    seconds: float
    shared_s: float
    memory_mb: float
    error: str


def empty_row(
    head: Head, slice_mm: float, method: str, *, shared_s: float = math.nan, error: str = ""
) -> Row:
    """Return the row of a method that could not be done; others fill in the rest."""
    return Row(
        head=head.name,
        person=head.person,
        contrast=head.contrast,
        years=head.years,
        slice_mm=slice_mm if math.isnan(slice_mm) else round(slice_mm, 3),
        method=method,
        version="",
        chosen="",
        by="truth" if head.truth else "measures",
        verdict=NOT_DONE,
        outcome=Outcome.FAILURE.value,
        machine=Outcome.FAILURE.value,
        brain_lost_ml=math.nan,
        removed_percent=math.nan,
        left="",
        seconds=math.nan,
        shared_s=shared_s if math.isnan(shared_s) else round(shared_s, 3),
        memory_mb=math.nan,
        error=error,
    )


def settings_key(settings: Settings) -> str:
    """Return what tells comparisons with other settings or methods apart."""
    versions = {name: method.version for name, method in deface.METHODS.items()}
    known = json.dumps(
        [asdict(replace(settings, deface=replace(settings.deface, method=""))), versions], sort_keys=True
    )
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def stored(out: Path, head: Head, key: str) -> dict[str, Row]:
    """Return the rows of a head that are there already, by method."""
    try:
        document = json.loads((out / HEADS / f"{head.name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if document.get("key") != key:
        return {}
    return {each["method"]: _from_json(each) for each in document["rows"]}


def store(out: Path, head: Head, key: str, rows: Mapping[str, Row]) -> None:
    """Keep the rows of a head, whole or not at all."""
    document = {"key": key, "rows": [_to_json(row) for row in rows.values()]}
    path = out / HEADS / f"{head.name}.json"
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def _to_json(row: Row) -> dict[str, Any]:
    """Return a row as JSON values: what is not a number is null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(row).items()
    }


def _from_json(values: Mapping[str, Any]) -> Row:
    numbers = {each.name for each in dataclasses.fields(Row) if each.type == "float"}
    known: dict[str, Any] = {n: math.nan if v is None and n in numbers else v for n, v in values.items()}
    return Row(**known)
