"""Join the rows of the store to records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, select

from defacto.pipeline import rows
from defacto.pipeline.records import Asked, Mark, Record, ScanRow
from defacto.pipeline.tables import ASK, ATTEMPT, DECISION, EVENT, MEASURE, PREDICTION, REVIEW, SCAN
from defacto.types import Attempt, Review

CHUNK = 500
"""Ids asked for at once; databases limit the variables of one statement."""
_LatestEvents = dict[str, tuple[int, str]]
_SCAN_FIELDS = tuple(name for name in ScanRow.__dataclass_fields__ if name != "crash")


def load_records(
    connection: Connection, names: Sequence[str] | None, *, measures: bool = True
) -> list[Record]:
    """Return scans with their attempts and reviews, in order of name; None: all. Measures may be left out."""
    scans = sorted(_rows(connection, select(SCAN), SCAN.c.name, names), key=lambda row: str(row["name"]))
    attempt_rows = list(_rows(connection, select(ATTEMPT).order_by(ATTEMPT.c.number), ATTEMPT.c.name, names))
    attempts = _attempts(connection, attempt_rows, measures=measures)
    reviews = _reviews(connection, attempts)
    asked = _asked(connection, names)
    events = _latest_events(connection, ("crash", "changed"), names)
    by_name: dict[str, list[RowMapping]] = {}
    for row in attempt_rows:
        by_name.setdefault(row["name"], []).append(row)
    return [
        _record(scan, by_name.get(scan["name"], []), attempts, reviews, events, asked.get(scan["name"], {}))
        for scan in scans
    ]


def _record(
    scan: RowMapping,
    attempt_rows: Sequence[RowMapping],
    attempts: dict[int, Attempt],
    reviews: dict[int, list[Review]],
    events: tuple[_LatestEvents, _LatestEvents],
    asked: dict[int, Asked],
) -> Record:
    crash_number, crash = events[0].get(scan["name"], (0, ""))
    changed_after, _ = events[1].get(scan["name"], (0, ""))
    present = [row for row in attempt_rows if row["number"] > changed_after]
    crash_is_new = crash_number > len(attempt_rows)
    return Record(
        scan=ScanRow(**{name: scan[name] for name in _SCAN_FIELDS}, crash=crash if crash_is_new else None),
        attempts=tuple(attempts[row["id"]] for row in present),
        reviews=tuple(review for row in present for review in reviews.get(row["id"], ())),
        attempts_before=len(attempt_rows) - len(present),
        mark=Mark(present[-1]["fingerprint"], present[-1]["stamp"]) if present else None,
        asked=asked.get(len(attempt_rows) + 1),
        scan_id=scan["id"],
        attempt_id=present[-1]["id"] if present else None,
    )


def _rows(
    connection: Connection, query: Select[Any], column: Any, wanted: Sequence[Any] | None
) -> Iterator[RowMapping]:
    if wanted is None:
        yield from connection.execute(query).mappings()
        return
    for start in range(0, len(wanted), CHUNK):
        chunk = query.where(column.in_(wanted[start : start + CHUNK]))
        yield from connection.execute(chunk).mappings()


def _attempts(
    connection: Connection, attempt_rows: Sequence[RowMapping], *, measures: bool
) -> dict[int, Attempt]:
    """Build the attempts of rows of table *attempt*, by row id."""
    ids = [row["id"] for row in attempt_rows]
    measured = _grouped(connection, MEASURE, ids) if measures else {}
    predictions, decisions = (_grouped(connection, table, ids) for table in (PREDICTION, DECISION))
    return {
        n: rows.attempt_of(row, measured.get(n, []), predictions.get(n, []), decisions.get(n, []))
        for n, row in zip(ids, attempt_rows, strict=True)
    }


def _grouped(connection: Connection, table: Any, ids: Sequence[int]) -> dict[int, list[RowMapping]]:
    found: dict[int, list[RowMapping]] = {}
    for row in _rows(connection, select(table).order_by(table.c.id), table.c.attempt_id, ids):
        found.setdefault(row["attempt_id"], []).append(row)
    return found


def _reviews(connection: Connection, attempts: dict[int, Attempt]) -> dict[int, list[Review]]:
    found: dict[int, list[Review]] = {}
    query = select(REVIEW).order_by(REVIEW.c.id)
    found_rows = list(_rows(connection, query, REVIEW.c.attempt_id, list(attempts)))
    retracted = {row["retracts"] for row in found_rows}
    for row in found_rows:
        if row["retracts"] is None and row["id"] not in retracted:
            review = rows.review_of(row, attempts[row["attempt_id"]].number)
            found.setdefault(row["attempt_id"], []).append(review)
    return found


def _asked(connection: Connection, names: Sequence[str] | None) -> dict[str, dict[int, Asked]]:
    """Return what was asked of attempts, by scan and number."""
    found: dict[str, dict[int, Asked]] = {}
    for row in _rows(connection, select(ASK).order_by(ASK.c.id), ASK.c.name, names):
        found.setdefault(row["name"], {})[row["number"]] = Asked(row["parameters"], row["reviewer"])
    return found


def _latest_events(
    connection: Connection, kinds: tuple[str, str], names: Sequence[str] | None
) -> tuple[_LatestEvents, _LatestEvents]:
    columns = (EVENT.c.kind, EVENT.c.scan, EVENT.c.attempt, EVENT.c.text)
    query = select(*columns).where(EVENT.c.kind.in_(kinds)).order_by(EVENT.c.id)
    found: dict[str, _LatestEvents] = {kind: {} for kind in kinds}
    for row in _rows(connection, query, EVENT.c.scan, names):
        found[row["kind"]][row["scan"]] = (row["attempt"] or 0, row["text"])
    return found[kinds[0]], found[kinds[1]]
