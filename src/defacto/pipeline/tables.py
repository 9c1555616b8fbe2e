"""The tables of the store: scan, attempt, measure, prediction, decision, review, ask, event.

Rows are only ever added; triggers made by the migrations refuse everything else. Tables that follow from
these, or serve the desk, may change: `defacto.pipeline.desk_tables`.
Nothing here holds a voxel, a patient's name or an absolute path.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

METADATA = MetaData()


class Moment(TypeDecorator[datetime]):
    """A time in UTC, and known to be: SQLite gives times without a zone, PostgreSQL those of its own zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Return it in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _key(table: str) -> Column[int]:
    return Column(f"{table}_id", ForeignKey(f"{table}.id"), nullable=False, index=True)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


SCAN = Table(
    "scan",
    METADATA,
    _id(),
    Column("name", String(255), nullable=False, unique=True),
    Column("subject", String(255), nullable=False),
    Column("session", String(255)),
    Column("suffix", String(64), nullable=False),
    Column("datatype", String(64), nullable=False),
    Column("origin", String(16), nullable=False),
    Column("note", Text),
)

ATTEMPT = Table(
    "attempt",
    METADATA,
    _id(),
    _key("scan"),
    Column("name", String(255), nullable=False),
    Column("number", Integer, nullable=False),
    Column("method", String(255), nullable=False),
    Column("version", String(255), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("files", JSON, nullable=False),
    Column("sha256", JSON, nullable=False),
    Column("seconds", JSON, nullable=False),
    Column("error", Text),
    Column("fingerprint", String(64), nullable=False),
    Column("stamp", String(64), nullable=False),
    Column("run", String(64), nullable=False),
    Column("added", Moment, nullable=False),
    UniqueConstraint("name", "number", name="uq_attempt_name_number"),
)

MEASURE = Table(
    "measure",
    METADATA,
    _id(),
    _key("attempt"),
    Column("name", String(255), nullable=False),
    Column("value", Float(53)),
    Column("unit", String(32), nullable=False),
    Column("lower_is_better", Boolean, nullable=False),
    UniqueConstraint("attempt_id", "name", name="uq_measure_attempt_name"),
)

PREDICTION = Table(
    "prediction",
    METADATA,
    _id(),
    _key("attempt"),
    Column("model", String(255), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("p", Float(53), nullable=False),
    UniqueConstraint("attempt_id", "outcome", name="uq_prediction_attempt_outcome"),
)

DECISION = Table(
    "decision",
    METADATA,
    _id(),
    _key("attempt"),
    Column("outcome", String(16)),
    Column("sure", Boolean, nullable=False),
    Column("reasons", JSON, nullable=False),
    UniqueConstraint("attempt_id", name="uq_decision_attempt"),
)

REVIEW = Table(
    "review",
    METADATA,
    _id(),
    _key("attempt"),
    Column("outcome", String(16), nullable=False),
    Column("reviewer", String(255), nullable=False),
    Column("note", Text, nullable=False),
    Column("added", Moment, nullable=False),
    Column("mode", String(16), nullable=False, server_default="label"),
    Column("features", JSON, nullable=False, server_default="[]"),
    Column("seconds", Float(53)),
    Column("answer", String(128)),
    Column("retracts", Integer),
    Index("ux_review_answer", "answer", unique=True),
    Index("ux_review_retracts", "retracts", unique=True),
)
"""An answer has a key, so that the same one sent twice counts once; a row with `retracts` takes back the
review of that id, and is none itself."""

ASK = Table(
    "ask",
    METADATA,
    _id(),
    _key("scan"),
    Column("name", String(255), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("reviewer", String(255), nullable=False),
    Column("answer", String(128), nullable=False, unique=True),
    Column("added", Moment, nullable=False),
)
"""What people want of the attempt of that number; the newest row counts."""

EVENT = Table(
    "event",
    METADATA,
    _id(),
    Column("run", String(64), nullable=False),
    Column("kind", String(32), nullable=False, index=True),
    Column("scan", String(255), index=True),
    Column("attempt", Integer),
    Column("text", Text, nullable=False),
    Column("added", Moment, nullable=False),
)
