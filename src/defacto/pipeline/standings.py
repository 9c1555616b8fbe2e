"""Where every scan stands, kept in a table: changed in the transaction that changes a scan, or made anew."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select, update

from defacto.config import Settings
from defacto.pipeline.database import reading, writing
from defacto.pipeline.desk_tables import NOTE, STANDING
from defacto.pipeline.lookup import CHUNK, load_records
from defacto.pipeline.records import Record
from defacto.pipeline.state import ORDER, lot, standing_of_record
from defacto.pipeline.tables import SCAN
from defacto.pipeline.tally import add_up, compact, parts_of
from defacto.types import Outcome

Tell = Callable[[int, int], None]
_NOTE = "standings"
_BATCH = 5000
_LOCK = 0x0DEFAC71


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
    _keep(connection, records, settings)
    return records


def _keep(connection: Connection, records: Sequence[Record], settings: Settings) -> None:
    """Write the rows that are new or not as they were, and put the difference into the tally."""
    known: dict[int, dict[str, Any]] = {}
    ids = [record.scan_id for record in records]
    for start in range(0, len(ids), CHUNK):
        some = select(STANDING).where(STANDING.c.scan_id.in_(ids[start : start + CHUNK]))
        known.update({row["scan_id"]: dict(row) for row in connection.execute(some).mappings()})
    made = [standing_row(record, settings) for record in records]
    new = [row | {"token": new_token()} for row in made if row["scan_id"] not in known]
    old = [(row, known[row["scan_id"]]) for row in made if row["scan_id"] in known]
    changed = [row for row, before in old if not row.items() <= before.items()]
    if new:
        connection.execute(insert(STANDING), new)
    if changed:
        columns: dict[str, Any] = {
            name: bindparam(f"new_{name}") for name in changed[0] if name not in {"scan_id", "name"}
        }
        statement = update(STANDING).where(STANDING.c.scan_id == bindparam("new_scan_id")).values(columns)
        connection.execute(statement, [{f"new_{key}": v for key, v in row.items()} for row in changed])
    counted = {scan_id: row["counted"] for scan_id, row in known.items()}
    add_up(connection, [(counted.get(row["scan_id"], {}), row["counted"]) for row in new + changed])


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
        "rank": lot(record.scan.name, ORDER) if settings.review.order == "random" else said,
        "number": last.number if last else 0,
        "attempt_id": record.attempt_id,
        "read_by": "/".join(["", *sorted(read_by), ""]) if read_by else None,
        "counted": parts_of(record, standing),
    }


def new_token() -> str:
    """Return a new name for a scan that tells nothing of it."""
    return secrets.token_urlsafe(12)


def ensure(engine: Engine, settings: Settings, tell: Tell | None = None) -> None:
    """Make the table anew where it was made with other settings, or by a version that did not have it.

    It is made in batches, each a transaction: where it was stopped, whoever opens the store next goes on.
    The tokens of scans stay.

    Parameters
    ----------
    engine : Engine
        An open database.
    settings : Settings
        Of the run.
    tell : callable, optional
        Called with the scans done and all scans, after each batch.
    """
    wanted = _digest(settings)
    with reading(engine) as connection:
        if _made_with(connection) == wanted:
            return
        total = connection.execute(select(func.count()).select_from(SCAN)).scalar_one()
    done, begun = 0, False
    while True:
        with writing(engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            made_with, _, last = _made_with(connection).partition(" ")
            if begun and made_with != wanted:
                return  # somebody with other settings makes it now
            begun = True
            if made_with == wanted and not last:
                return
            done += _batch(connection, settings, wanted, int(last) if made_with == wanted else 0)
        if tell is not None:
            tell(min(done, total), total)


def _batch(connection: Connection, settings: Settings, wanted: str, after: int) -> int:
    """Make the rows of the next scans after an id; return how many."""
    query = select(SCAN.c.id, SCAN.c.name).where(SCAN.c.id > after).order_by(SCAN.c.id).limit(_BATCH)
    some = connection.execute(query).all()
    connection.execute(delete(NOTE).where(NOTE.c.name == _NOTE))
    if some:
        names = [row.name for row in some]
        hold(connection, names)
        _keep(connection, load_records(connection, names, measures=False), settings)
    else:
        compact(connection)
    text = f"{wanted} {some[-1].id}" if some else wanted
    connection.execute(insert(NOTE).values(name=_NOTE, text=text))
    return len(some)


def _made_with(connection: Connection) -> str:
    """Return the digest of settings that the table was made with, and the last scan where it is not whole."""
    return connection.execute(select(NOTE.c.text).where(NOTE.c.name == _NOTE)).scalar() or ""


def _digest(settings: Settings) -> str:
    """Return what tells settings apart that bear on where a scan stands."""
    review = settings.review
    parts = [settings.qc.verify, settings.retry.max_attempts]
    parts += [review.double_share, review.site_characters, review.order]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
