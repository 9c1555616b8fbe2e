"""Where every scan stands, kept in a table: changed in the transaction that changes a scan, or made anew."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update

from defacto.config import Settings
from defacto.pipeline.database import reading, writing
from defacto.pipeline.desk_tables import NOTE, STANDING
from defacto.pipeline.lookup import CHUNK, load_records
from defacto.pipeline.records import Record
from defacto.pipeline.state import standing_of_record
from defacto.pipeline.tables import SCAN
from defacto.pipeline.tally import add_up, compact, parts_of
from defacto.types import Outcome

_MADE_WITH = "standings"


def hold(connection: Connection, names: Sequence[str]) -> None:
    """Take scans for this transaction: whoever else changes them waits. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        for start in range(0, len(names), CHUNK):
            some = STANDING.c.name.in_(names[start : start + CHUNK])
            query = select(STANDING.c.scan_id).where(some).order_by(STANDING.c.scan_id)
            connection.execute(query.with_for_update())


def refresh(connection: Connection, names: Sequence[str], settings: Settings) -> list[Record]:
    """Bring the rows of scans up to date, and return the scans.

    Parameters
    ----------
    connection : Connection
        A transaction that writes; it holds the scans (see `hold`).
    names : sequence of str
        The scans.
    settings : Settings
        Of the run.
    """
    records = load_records(connection, names)
    known: dict[int, Any] = {}
    ids = [record.scan_id for record in records]
    for start in range(0, len(ids), CHUNK):
        query = select(STANDING.c.scan_id, STANDING.c.counted)
        some = connection.execute(query.where(STANDING.c.scan_id.in_(ids[start : start + CHUNK])))
        known.update({row.scan_id: row.counted for row in some})
    made = [standing_row(record, settings) for record in records]
    new = [row | {"token": new_token()} for row in made if row["scan_id"] not in known]
    changed = [row for row in made if row["scan_id"] in known]
    if new:
        connection.execute(insert(STANDING), new)
    if changed:
        columns: dict[str, Any] = {
            name: bindparam(f"new_{name}") for name in changed[0] if name not in {"scan_id", "name"}
        }
        statement = update(STANDING).where(STANDING.c.scan_id == bindparam("new_scan_id")).values(columns)
        connection.execute(statement, [{f"new_{key}": v for key, v in row.items()} for row in changed])
    add_up(connection, [(known.get(row["scan_id"], {}), row["counted"]) for row in made])
    return records


def standing_row(record: Record, settings: Settings) -> dict[str, Any]:
    """Return what table *standing* holds of a scan, but for its token."""
    standing = standing_of_record(record, settings)
    last = record.attempts[-1] if record.attempts else None
    read_by = {r.reviewer for r in record.reviews if last and r.attempt == last.number and r.outcome}
    said = last.prediction.p_outcome.get(Outcome.PASS, 0.0) if last and last.prediction else 0.0
    return {
        "scan_id": record.scan_id,
        "name": record.scan.name,
        "site": record.scan.subject[: settings.review.site_characters][:64],
        "state": standing.state.value,
        "queue": standing.queue.value if standing.queue else None,
        "sure": said,
        "number": last.number if last else 0,
        "attempt_id": record.attempt_id,
        "read_by": "/".join(["", *sorted(read_by), ""]) if read_by else None,
        "counted": parts_of(record, standing),
    }


def new_token() -> str:
    """Return a new name for a scan that tells nothing of it."""
    return secrets.token_urlsafe(12)


def ensure(engine: Engine, settings: Settings) -> None:
    """Make the table anew where it was made with other settings, or by a version that did not have it."""
    with reading(engine) as connection:
        made_with = connection.execute(select(NOTE.c.text).where(NOTE.c.name == _MADE_WITH)).scalar()
    if made_with != _digest(settings):
        rebuild(engine, settings)


def rebuild(engine: Engine, settings: Settings) -> None:
    """Make the whole table anew; the tokens of scans stay."""
    with writing(engine) as connection:
        connection.execute(delete(NOTE).where(NOTE.c.name == _MADE_WITH))
        last = 0
        while True:
            query = select(SCAN.c.id, SCAN.c.name).where(SCAN.c.id > last).order_by(SCAN.c.id).limit(CHUNK)
            some = connection.execute(query).all()
            if not some:
                break
            last = some[-1].id
            names = [row.name for row in some]
            hold(connection, names)
            refresh(connection, names, settings)
        compact(connection)
        connection.execute(insert(NOTE).values(name=_MADE_WITH, text=_digest(settings)))


def _digest(settings: Settings) -> str:
    """Return what tells settings apart that bear on where a scan stands."""
    tree = asdict(settings)
    parts = [tree["qc"]["verify"], tree["retry"]["max_attempts"], tree["review"]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
