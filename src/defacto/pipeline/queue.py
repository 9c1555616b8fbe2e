"""Which scan a reader gets next: each is before one reader at a time, for as long as a lease lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from defacto.pipeline.desk_tables import LEASE, SKIP, STANDING
from defacto.pipeline.state import Queue

LEASE_S = 15 * 60.0
"""A scan that nobody answered goes to another reader after so many seconds."""
_TIMES = 8


@dataclass(frozen=True)
class Reader:
    """A person who reviews.

    Parameters
    ----------
    name : str
        As the reviews give it.
    site : str, optional
        The only site whose scans the person gets.
    """

    name: str
    site: str | None = None


def lease(
    connection: Connection, reader: Reader, queue: Queue, count: int, now: float, wanted: Sequence[int] = ()
) -> list[int]:
    """Return the ids of scans that the reader has before them now, those taken first in front.

    Parameters
    ----------
    connection : Connection
        A transaction that writes.
    reader : Reader
        Who asks.
    queue : Queue
        Where from.
    count : int
        How many at most; what the reader holds already counts.
    now : float
        Seconds since 1970.
    wanted : sequence of int
        Scans to be among them, if they are free.
    """
    _extend(connection, wanted, reader, queue, now)
    held = held_by(connection, reader, queue, now)
    for _ in range(_TIMES):
        if len(held) >= count:
            break
        free = connection.execute(_free(reader, queue, count - len(held), now)).scalars().all()
        if not free and not _take_up_skipped(connection, reader, queue):
            break
        held += _extend(connection, free, reader, queue, now)
    return held[:count]


def give_back(connection: Connection, reader: Reader, scan_ids: Sequence[int]) -> None:
    """End leases of a reader."""
    if scan_ids:
        connection.execute(delete(LEASE).where(LEASE.c.scan_id.in_(scan_ids), LEASE.c.reader == reader.name))


def held_by(connection: Connection, reader: Reader, queue: Queue, now: float) -> list[int]:
    """Return the ids of scans that a reader has before them, those taken first in front."""
    query = (
        select(LEASE.c.scan_id)
        .join(STANDING, STANDING.c.scan_id == LEASE.c.scan_id)
        .where(LEASE.c.reader == reader.name, LEASE.c.until > now, STANDING.c.queue == queue.value)
        .where(_not_read_by(reader))
        .order_by(LEASE.c.taken, STANDING.c.rank, LEASE.c.scan_id)
    )
    return list(connection.execute(query).scalars())


def _free(reader: Reader, queue: Queue, count: int, now: float) -> Select[Any]:
    taken = exists().where(LEASE.c.scan_id == STANDING.c.scan_id, LEASE.c.until > now)
    skipped = exists().where(SKIP.c.attempt_id == STANDING.c.attempt_id, SKIP.c.reader == reader.name)
    query = select(STANDING.c.scan_id).where(STANDING.c.queue == queue.value)
    if reader.site is not None:
        query = query.where(STANDING.c.site == reader.site)
    query = query.where(~taken, ~skipped, _not_read_by(reader)).order_by(STANDING.c.rank, STANDING.c.scan_id)
    return query.limit(count).with_for_update(skip_locked=True, of=STANDING)


def _not_read_by(reader: Reader) -> ColumnElement[bool]:
    """Whether the reader gave no word on the attempt yet; a second word has to come from another one."""
    mine = STANDING.c.read_by.contains(f"/{reader.name}/", autoescape=True)
    return or_(STANDING.c.read_by.is_(None), ~mine)


def _extend(
    connection: Connection, scan_ids: Sequence[int], reader: Reader, queue: Queue, now: float
) -> list[int]:
    """Take leases of scans that are free or the reader's own; return those that were had, in that order."""
    if not scan_ids:
        return []
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(LEASE)
    given = {"reader": reader.name, "queue": queue.value, "taken": now, "until": now + LEASE_S}
    statement = insert.on_conflict_do_update(
        index_elements=["scan_id"],
        set_=given,
        where=or_(LEASE.c.until <= now, LEASE.c.reader == reader.name),
    )
    connection.execute(statement, [given | {"scan_id": scan_id} for scan_id in sorted(scan_ids)])
    query = select(LEASE.c.scan_id).where(
        LEASE.c.scan_id.in_(scan_ids), LEASE.c.reader == reader.name, LEASE.c.until > now
    )
    had = set(connection.execute(query).scalars())
    return [scan_id for scan_id in scan_ids if scan_id in had]


def _take_up_skipped(connection: Connection, reader: Reader, queue: Queue) -> bool:
    """Forget what the reader put off in a queue where nothing else is left; say whether there was any."""
    here = select(STANDING.c.attempt_id).where(STANDING.c.queue == queue.value)
    mine = delete(SKIP).where(SKIP.c.reader == reader.name, SKIP.c.attempt_id.in_(here))
    return bool(connection.execute(mine).rowcount)
