"""What the review desk looks up in the store: sums, lists, the log, and scans as it hands them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, exists, select

from defacto.pipeline.database import reading
from defacto.pipeline.desk_tables import STANDING
from defacto.pipeline.records import Record
from defacto.pipeline.state import Queue, can_pass
from defacto.pipeline.store import Store
from defacto.pipeline.tables import ATTEMPT, REVIEW
from defacto.pipeline.tally import name_of, totals
from defacto.types import State

_REMEMBERED = 20_000


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
        return can_pass(self.error, self.files)


class DeskReading:
    """What can be looked up without changing anything.

    Parameters
    ----------
    store : Store
        Of the run.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._engine = store.engine
        self._files: dict[tuple[str, int], Mapping[str, str]] = {}

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
        columns = (STANDING.c.scan_id, STANDING.c.token, STANDING.c.name, STANDING.c.state)
        query = select(*columns, STANDING.c.counted).where(STANDING.c.scan_id > after)
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

    def cases(self, connection: Connection, scan_ids: Sequence[int]) -> list[Case]:
        """Return scans as they are handed out, in the order of their ids."""
        cases = _cases(connection, scan_ids)
        self._remember({(case.token, case.number): case.files for case in cases})
        return cases


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
