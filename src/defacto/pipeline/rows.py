"""Nouns to rows and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from defacto.types import (
    FLAG,
    Attempt,
    Decision,
    Feature,
    Measure,
    Mode,
    Outcome,
    Prediction,
    Reason,
    Review,
)

if TYPE_CHECKING:
    from sqlalchemy import RowMapping


def finite_or_none(value: float | None) -> float | None:
    """Return the number, or None where it is unknown."""
    return None if value is None or not math.isfinite(value) else float(value)


def attempt_row(attempt: Attempt) -> dict[str, Any]:
    """Return what table *attempt* holds of an attempt."""
    return {
        "number": attempt.number,
        "method": attempt.method,
        "version": attempt.version,
        "parameters": dict(attempt.parameters),
        "files": dict(attempt.files),
        "sha256": dict(attempt.sha256),
        "seconds": dict(attempt.seconds),
        "error": attempt.error,
    }


def measure_rows(attempt: Attempt) -> list[dict[str, Any]]:
    """Return its rows of table *measure*."""
    return [asdict(m) | {"value": finite_or_none(m.value)} for m in attempt.measures.values()]


def prediction_rows(attempt: Attempt) -> list[dict[str, Any]]:
    """Return its rows of table *prediction*."""
    if attempt.prediction is None:
        return []
    return [
        {"model": attempt.prediction.model, "outcome": outcome.value, "p": p}
        for outcome, p in attempt.prediction.p_outcome.items()
    ]


def decision_row(decision: Decision) -> dict[str, Any]:
    """Return a decision as a row, or as JSON."""
    reasons = [
        asdict(r) | {"value": finite_or_none(r.value), "limit": finite_or_none(r.limit)}
        for r in decision.reasons
    ]
    outcome = decision.outcome.value if decision.outcome else None
    return {"outcome": outcome, "sure": decision.sure, "reasons": reasons}


def review_row(review: Review) -> dict[str, Any]:
    """Return what table *review* holds of a review."""
    return {
        "outcome": review.word,
        "reviewer": review.reviewer,
        "note": review.note,
        "mode": review.mode.value,
        "features": [feature.value for feature in review.features],
        "seconds": finite_or_none(review.seconds),
    }


def review_of(row: RowMapping, number: int) -> Review:
    """Build a review of its row and of the number of its attempt."""
    return Review(
        attempt=number,
        outcome=None if row["outcome"] == FLAG else Outcome(row["outcome"]),
        reviewer=row["reviewer"],
        note=row["note"],
        mode=Mode(row["mode"]),
        features=tuple(Feature(name) for name in row["features"]),
        seconds=row["seconds"],
    )


def attempt_of(
    row: RowMapping,
    measures: Sequence[RowMapping],
    predictions: Sequence[RowMapping],
    decisions: Sequence[RowMapping],
) -> Attempt:
    """Build an attempt of its row and of the rows of the other tables that belong to it."""
    return Attempt(
        number=row["number"],
        method=row["method"],
        version=row["version"],
        parameters=row["parameters"],
        measures={m["name"]: _measure(m) for m in measures},
        decision=_decision(decisions),
        prediction=_prediction(predictions),
        files=row["files"],
        seconds=row["seconds"],
        error=row["error"],
        sha256=row["sha256"],
    )


def _measure(row: RowMapping) -> Measure:
    return Measure(row["name"], row["value"], row["unit"], row["lower_is_better"])


def _prediction(rows: Sequence[RowMapping]) -> Prediction | None:
    if not rows:
        return None
    return Prediction(rows[0]["model"], {Outcome(row["outcome"]): row["p"] for row in rows})


def _decision(rows: Sequence[RowMapping]) -> Decision:
    if not rows:
        return Decision(None, (Reason("No decision is on record."),), sure=False)
    (row,) = rows
    outcome = Outcome(row["outcome"]) if row["outcome"] else None
    return Decision(outcome, tuple(Reason(**reason) for reason in row["reasons"]), row["sure"])
