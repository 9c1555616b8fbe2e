"""What people do at the review desk, on the store: take scans, answer, undo, skip, ask for an attempt."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, exists, insert, select

from defacto.errors import StoreError
from defacto.pipeline import queue, rows, standings
from defacto.pipeline.database import reading, writing
from defacto.pipeline.desk_tables import LEASE, SKIP, STANDING
from defacto.pipeline.queue import Reader
from defacto.pipeline.records import Record
from defacto.pipeline.state import Queue
from defacto.pipeline.store import Store
from defacto.pipeline.tables import ASK, ATTEMPT, REVIEW
from defacto.pipeline.tally import name_of, totals
from defacto.pipeline.together import Together
from defacto.types import Mode, Outcome, Review, State

T = TypeVar("T")
MODE_OF = {Queue.VERIFY: Mode.VERIFICATION, Queue.MANUAL: Mode.MANUAL, Queue.LEAD: Mode.LEAD}


_REMEMBERED = 20_000
_SOON_S = 120.0
MOST = 60
"""Most scans on a page of the gallery."""


@dataclass(frozen=True)
class Case:
    """A scan as the desk hands it out.

    Parameters
    ----------
    token : str
        Stands for the scan, and tells nothing of it.
    number : int
        Of its last attempt.
    state : State
        Where it stands.
    files : mapping of str to str
        Of the last attempt: role to path relative to the run's folder.
    error : str or None
        Why the last attempt could not be finished.
    """

    token: str
    number: int
    state: State
    files: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None

    @property
    def may_pass(self) -> bool:
        """Whether there is something that could be passed."""
        return self.error is None and "volume" in self.files


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


class Desk:
    """The desk of one run.

    Parameters
    ----------
    store : Store
        Of the run.
    clock : callable
        Returns seconds since 1970.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self._engine = store.engine
        self._clock = clock
        self._together = Together(self._engine) if self._engine.dialect.name == "sqlite" else None
        self._files: dict[tuple[str, int], Mapping[str, str]] = {}

    # Reading

    def totals(self) -> dict[tuple[Any, ...], float]:
        """Return the sums over all scans; see `defacto.pipeline.tally.parts_of`."""
        with reading(self._engine) as connection:
            return totals(connection)

    def waiting(self) -> dict[str, int]:
        """Return how many scans wait in each queue."""
        with reading(self._engine) as connection:
            sums = totals(connection, [name_of("queue", each.value) for each in Queue])
        return {each.value: round(sums.get(("queue", each.value), 0)) for each in Queue}

    def rows(self, state: State | None, after: int, count: int, name: str = "") -> Sequence[Any]:
        """Return rows of scans in the order they were found, those after an id; of a state, or of a name."""
        columns = (STANDING.c.scan_id, STANDING.c.token, STANDING.c.name, STANDING.c.state, STANDING.c.number)
        query = select(*columns, STANDING.c.queue).where(STANDING.c.scan_id > after)
        if state is not None:
            query = query.where(STANDING.c.state == state.value)
        if name:
            query = query.where(STANDING.c.name == name)
        with reading(self._engine) as connection:
            return connection.execute(query.order_by(STANDING.c.scan_id).limit(count)).all()

    def find(self, token: str) -> Record | None:
        """Return the scan that a token stands for."""
        with reading(self._engine) as connection:
            name = connection.execute(select(STANDING.c.name).where(STANDING.c.token == token)).scalar()
        return None if name is None else self.store.record(name)

    def file(self, token: str, number: int, role: str) -> str | None:
        """Return where a file of an attempt lies below the run's folder; attempts never change."""
        key = (token, number)
        if key not in self._files:
            query = (
                select(ATTEMPT.c.files)
                .join(STANDING, STANDING.c.name == ATTEMPT.c.name)
                .where(STANDING.c.token == token, ATTEMPT.c.number == number)
            )
            with reading(self._engine) as connection:
                files = connection.execute(query).scalar()
            if files is None:
                return None
            self._remember({key: files})
            return str(files[role]) if role in files else None
        return self._files[key].get(role)

    def _remember(self, files: Mapping[tuple[str, int], Mapping[str, str]]) -> None:
        if len(self._files) > _REMEMBERED:
            self._files = {}
        self._files.update(files)

    def tokens(self, names: Sequence[str]) -> dict[str, str]:
        """Return the tokens of scans, by name."""
        with reading(self._engine) as connection:
            query = select(STANDING.c.name, STANDING.c.token).where(STANDING.c.name.in_(names))
            return {row.name: row.token for row in connection.execute(query)}

    def log(self, before: int | None, count: int) -> Sequence[Any]:
        """Return who decided what and when, the newest first; those before an id."""
        back = REVIEW.alias()
        taken_back = exists().where(back.c.retracts == REVIEW.c.id).label("taken_back")
        query = (
            select(REVIEW, ATTEMPT.c.number.label("attempt"), STANDING.c.name, STANDING.c.token, taken_back)
            .join(ATTEMPT, ATTEMPT.c.id == REVIEW.c.attempt_id)
            .join(STANDING, STANDING.c.name == ATTEMPT.c.name)
            .order_by(REVIEW.c.id.desc())
            .limit(count)
        )
        if before is not None:
            query = query.where(REVIEW.c.id < before)
        with reading(self._engine) as connection:
            return connection.execute(query).all()

    # Working

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
                    return self._cases(connection, held[:count])

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
        return self._cases(connection, queue.lease(connection, reader, where, count, self._clock(), wanted))

    def _cases(self, connection: Connection, scan_ids: Sequence[int]) -> list[Case]:
        cases = _cases(connection, scan_ids)
        self._remember({(case.token, case.number): case.files for case in cases})
        return cases

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
    passable = row.error is None and "volume" in (row.files or {})
    if answer.review.outcome is Outcome.PASS and not passable:
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


def _cases(connection: Connection, scan_ids: Sequence[int]) -> list[Case]:
    columns = (STANDING.c.scan_id, STANDING.c.token, STANDING.c.number, STANDING.c.state)
    query = (
        select(*columns, ATTEMPT.c.files, ATTEMPT.c.error)
        .join(ATTEMPT, ATTEMPT.c.id == STANDING.c.attempt_id)
        .where(STANDING.c.scan_id.in_(scan_ids))
    )
    found = {row.scan_id: row for row in connection.execute(query)}
    return [
        Case(row.token, row.number, State(row.state), row.files, row.error)
        for scan_id in scan_ids
        if (row := found.get(scan_id)) is not None
    ]
