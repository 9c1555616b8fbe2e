"""The store of a run: scans, attempts, reviews and events; rows are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from defacto.config import Settings
from defacto.errors import NotThereError, StoreError
from defacto.pipeline import rows, standings
from defacto.pipeline.binding import open_bound
from defacto.pipeline.database import reading, writing
from defacto.pipeline.lookup import load_records
from defacto.pipeline.records import Event, Mark, Record, ScanRow
from defacto.pipeline.run_settings import saved_settings
from defacto.pipeline.tables import ATTEMPT, DECISION, EVENT, MEASURE, PREDICTION, REVIEW, SCAN
from defacto.types import Attempt, Review

_THAT_MOVE = frozenset({"crash", "changed"})
"""Kinds of events after which a scan stands elsewhere."""


class Store:
    """The rows of one run.

    Open it with `Store.open` or `Store.create`.

    Parameters
    ----------
    engine : Engine
        An open, migrated database.
    run : str
        Name of the run that writes.
    settings : Settings
        Of the run; where scans stand follows from them.
    """

    def __init__(self, engine: Engine, run: str = "", settings: Settings | None = None) -> None:
        self.engine = engine
        self.run = run
        self.settings = settings or Settings()

    @classmethod
    def open(cls, out: Path, *, run: str = "", pooled: bool = False) -> Store:
        """Open the store of an output folder: OUT/store.sqlite, or what DEFACTO_STORE holds the address of.

        Parameters
        ----------
        out : Path
            Output folder of a run.
        run : str
            Name of the run that writes.
        pooled : bool
            Whether connections are kept for the next use, as suits one process that answers many people.

        Raises
        ------
        StoreError
            If there is none, or it is another folder's.
        """
        return cls(open_bound(out, make=False, pooled=pooled), run, saved_settings(out))

    @classmethod
    def create(cls, out: Path, *, run: str = "") -> Store:
        """Open the store of an output folder, and make it where there is none."""
        return cls(open_bound(out, make=True), run, saved_settings(out))

    def adopt(self, settings: Settings, tell: standings.Tell | None = None) -> None:
        """Take on the settings of the run, and bring the table of where scans stand up to date with them.

        See `defacto.pipeline.standings.ensure`.
        """
        self.settings = settings
        standings.ensure(self.engine, settings, tell)

    # Reading

    def scans(self) -> list[ScanRow]:
        """Return every scan, in order of name."""
        return [record.scan for record in self.records()]

    def attempts(self, name: str) -> tuple[Attempt, ...]:
        """Return the attempts on a scan's present input, in order."""
        return self.record(name).attempts

    def reviews(self, name: str) -> tuple[Review, ...]:
        """Return the reviews of these attempts, in order."""
        return self.record(name).reviews

    def record(self, name: str) -> Record:
        """Return a scan with its attempts and reviews, or raise NotThereError where it is not known."""
        found = self.records([name])
        if not found:
            said = f"There is no scan {name} in this run; `defacto status` lists those there are."
            raise NotThereError(said)
        return found[0]

    def records(self, names: Sequence[str] | None = None) -> list[Record]:
        """Return scans with their attempts and reviews, in order of name, all as of one moment."""
        with reading(self.engine) as connection:
            return load_records(connection, names)

    def events(self, kind: str | None = None) -> list[Event]:
        """Return what happened, in order."""
        query = select(EVENT).order_by(EVENT.c.id)
        if kind is not None:
            query = query.where(EVENT.c.kind == kind)
        with reading(self.engine) as connection:
            found = connection.execute(query).mappings().all()
        return [Event(**{name: row[name] for name in Event.__dataclass_fields__}) for row in found]

    def left_out(self) -> dict[str, str]:
        """Return what was seen in the input but not taken, by name, with the reason, in order of name."""
        with reading(self.engine) as connection:
            taken = set(connection.execute(select(SCAN.c.name)).scalars())
        latest = {event.scan or "": event.text for event in self.events("left_out")}
        return {name: text for name, text in sorted(latest.items()) if name not in taken}

    def newest_model(self) -> str | None:
        """Return the classifier of the prediction that was added last."""
        with reading(self.engine) as connection:
            query = select(PREDICTION.c.model).order_by(PREDICTION.c.id.desc()).limit(1)
            return connection.execute(query).scalar_one_or_none()

    def has_attempts(self) -> bool:
        """Whether any attempt was ever made."""
        with reading(self.engine) as connection:
            return connection.execute(select(ATTEMPT.c.id).limit(1)).first() is not None

    # Adding

    def add_scans(self, scans: Sequence[ScanRow]) -> None:
        """Add the scans that are not known yet, by name."""
        with writing(self.engine) as connection:
            known = set(connection.execute(select(SCAN.c.name)).scalars())
            new = {scan.name: _scan_row(scan) for scan in scans if scan.name not in known}
            if new:
                connection.execute(insert(SCAN), list(new.values()))
                standings.refresh(connection, list(new), self.settings)

    def add_attempt(self, name: str, attempt: Attempt, mark: Mark) -> None:
        """Add an attempt and everything about it in one transaction.

        Parameters
        ----------
        name : str
            Name of the scan.
        attempt : Attempt
            What was done; its files are in place.
        mark : Mark
            The input that it was done on.

        Raises
        ------
        StoreError
            If an attempt of that number is already there.
        """
        with writing(self.engine) as connection:
            standings.hold(connection, [name])
            key = _attempt_key(connection, name, attempt.number)
            if key is not None:
                raise StoreError(f"Attempt {attempt.number} on {name} is already on record.")
            scan_id = _scan_key(connection, name)
            row = (
                rows.attempt_row(attempt) | {"scan_id": scan_id, "name": name, "run": self.run} | asdict(mark)
            )
            done = connection.execute(insert(ATTEMPT).values(**row, added=_now()))
            _insert(connection, MEASURE, done.inserted_primary_key, rows.measure_rows(attempt))
            _insert(connection, PREDICTION, done.inserted_primary_key, rows.prediction_rows(attempt))
            _insert(connection, DECISION, done.inserted_primary_key, [rows.decision_row(attempt.decision)])
            standings.refresh(connection, [name], self.settings)

    def add_review(self, name: str, review: Review) -> None:
        """Add a person's word on the last attempt.

        Raises
        ------
        StoreError
            If the attempt is not the scan's last one.
        """
        with writing(self.engine) as connection:
            standings.hold(connection, [name])
            key = _attempt_key(connection, name, review.attempt)
            last = connection.execute(select(func.max(ATTEMPT.c.number)).where(ATTEMPT.c.name == name))
            number = last.scalar_one()
            if key is None or review.attempt != number:
                raise StoreError(
                    f"Attempt {review.attempt} on {name} cannot be reviewed; its last attempt is {number}."
                )
            connection.execute(insert(REVIEW).values(**rows.review_row(review), attempt_id=key, added=_now()))
            standings.refresh(connection, [name], self.settings)

    def add_event(self, kind: str, text: str, scan: str | None = None, attempt: int | None = None) -> None:
        """Add something that happened."""
        self.add_events([(kind, text, scan, attempt)])

    def add_events(self, events: Sequence[tuple[str, str, str | None, int | None]]) -> None:
        """Add several things that happened: (kind, text, scan, attempt)."""
        values = [
            {"run": self.run, "kind": kind, "text": text, "scan": scan, "attempt": attempt, "added": _now()}
            for kind, text, scan, attempt in events
        ]
        moved = sorted({scan for kind, _, scan, _ in events if scan and kind in _THAT_MOVE})
        if values:
            with writing(self.engine) as connection:
                standings.hold(connection, moved)
                connection.execute(insert(EVENT), values)
                standings.refresh(connection, moved, self.settings)


def _now() -> datetime:
    return datetime.now(UTC)


def _scan_row(scan: ScanRow) -> dict[str, Any]:
    return {name: getattr(scan, name) for name in ScanRow.__dataclass_fields__ if name != "crash"}


def _scan_key(connection: Connection, name: str) -> int:
    key = connection.execute(select(SCAN.c.id).where(SCAN.c.name == name)).scalar_one_or_none()
    if key is None:
        raise NotThereError(f"There is no scan {name} in this run.")
    return int(key)


def _attempt_key(connection: Connection, name: str, number: int) -> int | None:
    query = select(ATTEMPT.c.id).where(ATTEMPT.c.name == name, ATTEMPT.c.number == number)
    return connection.execute(query).scalar_one_or_none()


def _insert(connection: Connection, table: Any, key: Any, values: list[dict[str, Any]]) -> None:
    if values:
        connection.execute(insert(table), [each | {"attempt_id": key[0]} for each in values])
