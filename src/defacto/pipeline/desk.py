"""What people do at the review desk, on the store: take scans, answer, undo, skip, ask for an attempt."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, insert, select

from defacto.errors import StoreError
from defacto.pipeline import queue, rows, standings
from defacto.pipeline.database import reading, writing
from defacto.pipeline.desk_reading import Case, DeskReading
from defacto.pipeline.desk_tables import LEASE, SKIP, STANDING
from defacto.pipeline.queue import Reader
from defacto.pipeline.records import Record
from defacto.pipeline.state import Queue, can_pass
from defacto.pipeline.store import Store
from defacto.pipeline.tables import ASK, ATTEMPT, REVIEW
from defacto.pipeline.together import Together
from defacto.types import Mode, Outcome, Review

T = TypeVar("T")
MODE_OF = {Queue.VERIFY: Mode.VERIFICATION, Queue.MANUAL: Mode.MANUAL, Queue.LEAD: Mode.LEAD}


_SOON_S = 120.0
MOST = 60
"""Most scans on a page of the gallery."""


@dataclass(frozen=True)
class Answer:
    """A reader's word on one scan.

    Parameters
    ----------
    token : str
        The scan.
    review : Review
        The word; its attempt is the one that the reader saw.
    key : str
        Told apart by it from every other answer: the same one sent again counts once.
    """

    token: str
    review: Review
    key: str


@dataclass(frozen=True)
class Received:
    """What became of an answer.

    Parameters
    ----------
    token : str
        The scan.
    refused : str, optional
        Why it was not kept.
    repeated : bool
        Whether it had been kept before.
    record : Record, optional
        The scan now.
    """

    token: str
    refused: str | None = None
    repeated: bool = False
    record: Record | None = None


class Desk(DeskReading):
    """The desk of one run.

    Parameters
    ----------
    store : Store
        Of the run.
    clock : callable
        Returns seconds since 1970.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        super().__init__(store)
        self._clock = clock
        self._together = Together(self._engine) if self._engine.dialect.name == "sqlite" else None

    def take(self, reader: Reader, where: Queue, count: int = 1, wanted: Sequence[str] = ()) -> list[Case]:
        """Return scans for a reader to answer; nobody else gets them while the lease lasts.

        Parameters
        ----------
        reader : Reader
            Who asks.
        where : Queue
            Where from.
        count : int
            How many, at most; what the reader has before them already comes first, and is enough where it
            is half of them.
        wanted : sequence of str
            Tokens of scans to be among them, if they are free.
        """
        if not wanted:
            with reading(self._engine) as connection:
                held = queue.held_by(connection, reader, where, self._clock() + _SOON_S)
                if len(held) >= max(1, count / 2):
                    return self.cases(connection, held[:count])

        def work(connection: Connection) -> list[Case]:
            ids = _ids_of(connection, wanted)
            return self._lease(connection, reader, where, count, ids)

        return self._write(work)

    def answer(self, reader: Reader, answers: Sequence[Answer]) -> list[Received]:
        """Keep answers, all in one transaction; return what became of each, in order.

        An answer is refused where another attempt was made meanwhile, or where a pass is said of what left
        nothing to pass; the others are kept all the same.
        """
        return self.answer_and_take(reader, answers, None, 0)[0]

    def answer_and_take(
        self, reader: Reader, answers: Sequence[Answer], where: Queue | None, count: int
    ) -> tuple[list[Received], list[Case]]:
        """Do `answer`, then `take`, in one transaction."""

        def work(connection: Connection) -> tuple[list[Received], list[Case]]:
            rows_of = _rows_of(connection, [answer.token for answer in answers])
            standings.hold(connection, [row.name for row in rows_of.values()])
            rows_of = _rows_of(connection, [answer.token for answer in answers])
            known = _known(connection, [_key(reader, answer.key) for answer in answers])
            received: list[Received] = []
            for answer in answers:
                row = rows_of.get(answer.token)
                refused = None if _key(reader, answer.key) in known else _why_not(answer, row)
                received.append(Received(answer.token, refused, _key(reader, answer.key) in known))
            kept = [a for a, r in zip(answers, received, strict=True) if not r.refused and not r.repeated]
            if kept:
                connection.execute(insert(REVIEW), [self._row(reader, a, rows_of[a.token]) for a in kept])
            done = [rows_of[r.token] for r in received if not r.refused and r.token in rows_of]
            queue.give_back(connection, reader, [row.scan_id for row in done])
            records = self._refresh(connection, [row.name for row in done])
            told = [
                replace(each, record=records.get(rows_of[each.token].name)) if each.token in rows_of else each
                for each in received
            ]
            return told, self._lease(connection, reader, where, count, ()) if where and count else []

        return self._write(work)

    def undo(self, reader: Reader, of: str, key: str) -> list[str]:
        """Take back an answer, or a page of them; the reader has the scans before them again.

        Parameters
        ----------
        reader : Reader
            Who gave them.
        of : str
            Key of the answer; those of a page of them are ``KEY:0``, ``KEY:1``, ...
        key : str
            Of this undoing: the same one sent again counts once.

        Returns
        -------
        list of str
            Tokens of the scans.

        Raises
        ------
        StoreError
            If there is no such answer, or another attempt was made since.
        """

        def work(connection: Connection) -> list[str]:
            reviews = _answers(connection, [_key(reader, each) for each in keys_of(of)])
            if not reviews:
                raise StoreError("There is no such answer of yours; nothing was undone.")
            standings.hold(connection, [row.name for row in reviews])
            if any(row.now != row.attempt_id for row in reviews):
                raise StoreError("Another attempt was made since; the answer stays as it was.")
            retracted = _retracted(connection, [row.id for row in reviews])
            back = [
                {
                    "attempt_id": row.attempt_id,
                    "outcome": row.outcome,
                    "reviewer": row.reviewer,
                    "note": "",
                    "mode": row.mode,
                    "features": [],
                    "answer": f"{_key(reader, key)}:{row.token}",
                    "retracts": row.id,
                    "added": datetime.now(UTC),
                }
                for row in reviews
                if row.id not in retracted
            ]
            if back:
                connection.execute(insert(REVIEW), back)
                self._refresh(connection, [row.name for row in reviews])
            for mode in {row.mode for row in reviews}:
                where = next(q for q, m in MODE_OF.items() if m.value == mode)
                ids = [row.scan_id for row in reviews if row.mode == mode]
                connection.execute(delete(LEASE).where(LEASE.c.scan_id.in_(ids)))
                queue.lease(connection, reader, where, 0, self._clock(), ids)
            return [row.token for row in reviews]

        return self._write(work)

    def skip(self, reader: Reader, token: str) -> None:
        """Put a scan off: the reader gets it again when nothing else is left, and others may have it."""

        def work(connection: Connection) -> None:
            row = _rows_of(connection, [token]).get(token)
            if row is None or row.attempt_id is None:
                return
            queue.give_back(connection, reader, [row.scan_id])
            known = select(SKIP.c.reader).where(SKIP.c.attempt_id == row.attempt_id)
            if reader.name not in set(connection.execute(known).scalars()):
                connection.execute(insert(SKIP).values(attempt_id=row.attempt_id, reader=reader.name))

        self._write(work)

    def ask(self, reader: Reader, token: str, number: int, parameters: Mapping[str, Any], key: str) -> Record:
        """Ask for another attempt with own parameters.

        Parameters
        ----------
        reader : Reader
            Who asks.
        token : str
            The scan.
        number : int
            Of the attempt that is to be made.
        parameters : mapping
            As of an attempt.
        key : str
            The same one sent again counts once.

        Raises
        ------
        StoreError
            If there is no such scan, or that attempt was made already.
        """

        def work(connection: Connection) -> Record:
            row = _rows_of(connection, [token]).get(token)
            if row is None:
                raise StoreError("There is no such scan.")
            standings.hold(connection, [row.name])
            made = select(ATTEMPT.c.id).where(ATTEMPT.c.name == row.name, ATTEMPT.c.number >= number)
            if connection.execute(made.limit(1)).first():
                raise StoreError("Another attempt was made meanwhile; look at it first.")
            own = _key(reader, key)
            if connection.execute(select(ASK.c.id).where(ASK.c.answer == own)).first() is None:
                values = {"scan_id": row.scan_id, "name": row.name, "number": number, "answer": own}
                values |= {
                    "parameters": dict(parameters),
                    "reviewer": reader.name,
                    "added": datetime.now(UTC),
                }
                connection.execute(insert(ASK).values(**values))
            queue.give_back(connection, reader, [row.scan_id])
            return self._refresh(connection, [row.name])[row.name]

        return self._write(work)

    def _write(self, work: Callable[[Connection], T]) -> T:
        if self._together is not None:
            return self._together.write(work)
        with writing(self._engine) as connection:
            return work(connection)

    def _lease(
        self, connection: Connection, reader: Reader, where: Queue, count: int, wanted: Sequence[int]
    ) -> list[Case]:
        return self.cases(connection, queue.lease(connection, reader, where, count, self._clock(), wanted))

    def _refresh(self, connection: Connection, names: Sequence[str]) -> dict[str, Record]:
        found = standings.refresh(connection, sorted(set(names)), self.store.settings)
        return {record.scan.name: record for record in found}

    def _row(self, reader: Reader, answer: Answer, row: Any) -> dict[str, Any]:
        values = rows.review_row(replace(answer.review, reviewer=reader.name))
        return values | {
            "attempt_id": row.attempt_id,
            "answer": _key(reader, answer.key),
            "retracts": None,
            "added": datetime.now(UTC),
        }


def keys_of(key: str) -> list[str]:
    """Return the keys that an answer, or a page of answers, may have."""
    return [key, *(f"{key}:{n}" for n in range(MOST))]


def _key(reader: Reader, key: str) -> str:
    return f"{reader.name}/{key}"


def _why_not(answer: Answer, row: Any) -> str | None:
    if row is None:
        return "There is no such scan."
    if row.number != answer.review.attempt or row.attempt_id is None:
        return "Another attempt was made meanwhile; look at it again."
    if answer.review.outcome is Outcome.PASS and not can_pass(row.error, row.files or {}):
        return "The last attempt left no volume that could be passed."
    return None


def _rows_of(connection: Connection, tokens: Sequence[str]) -> dict[str, Any]:
    query = (
        select(STANDING, ATTEMPT.c.files, ATTEMPT.c.error)
        .join(ATTEMPT, ATTEMPT.c.id == STANDING.c.attempt_id, isouter=True)
        .where(STANDING.c.token.in_(tokens))
    )
    return {row.token: row for row in connection.execute(query)}


def _ids_of(connection: Connection, tokens: Sequence[str]) -> list[int]:
    if not tokens:
        return []
    query = select(STANDING.c.scan_id).where(STANDING.c.token.in_(tokens))
    return list(connection.execute(query).scalars())


def _known(connection: Connection, keys: Sequence[str]) -> set[str]:
    return set(connection.execute(select(REVIEW.c.answer).where(REVIEW.c.answer.in_(keys))).scalars())


def _retracted(connection: Connection, ids: Sequence[int]) -> set[int]:
    return set(connection.execute(select(REVIEW.c.retracts).where(REVIEW.c.retracts.in_(ids))).scalars())


def _answers(connection: Connection, keys: Sequence[str]) -> Sequence[Any]:
    columns = (REVIEW.c.id, REVIEW.c.attempt_id, REVIEW.c.outcome, REVIEW.c.reviewer, REVIEW.c.mode)
    now = (STANDING.c.name, STANDING.c.token, STANDING.c.scan_id, STANDING.c.attempt_id.label("now"))
    query = (
        select(*columns, *now)
        .join(ATTEMPT, ATTEMPT.c.id == REVIEW.c.attempt_id)
        .join(STANDING, STANDING.c.name == ATTEMPT.c.name)
        .where(REVIEW.c.answer.in_(keys), REVIEW.c.retracts.is_(None))
        .order_by(REVIEW.c.id)
    )
    return connection.execute(query).all()
