"""Sums over all scans that are kept as scans change: what one scan adds, and the totals.

A sum is named by a list, as ``["state", "manual"]``; in the store it is that list as JSON.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from defacto.pipeline.desk_tables import TALLY
from defacto.pipeline.records import Record
from defacto.pipeline.state import Standing, last_words, tries
from defacto.types import Attempt, Mode, Outcome, Review

BINS = 20
"""Into so many parts of equal width the classifier's probability of a pass is sorted."""
UNSURE = "not sure"
_PARTS = 1024

Sums = dict[str, float]


def parts_of(record: Record, standing: Standing) -> Sums:
    """Return what a scan adds to the tally.

    ``state`` and ``queue``: scans now. ``way``: the machine's words on its attempts, and the state now.
    ``answers`` and ``seconds``: of each reviewer, by mode. ``readers``: who said what, where several people
    read an attempt without knowing of one another. ``machine``: what the machine and the people said.
    ``calibration``: the classifier, in which of `BINS` parts its probability of a pass lies, and whether
    people call the scan's first attempt that they looked at a pass.
    """
    sums: defaultdict[str, float] = defaultdict(float)
    sums[name_of("state", standing.state.value)] += 1
    if standing.queue is not None:
        sums[name_of("queue", standing.queue.value)] += 1
    ways = [_conclusion(attempt) for attempt in tries(record.attempts)]
    sums[name_of("way", ways, standing.state.value)] += 1
    for review in record.reviews:
        sums[name_of("answers", review.reviewer, review.mode.value)] += 1
        if review.seconds is not None:
            sums[name_of("timed", review.reviewer, review.mode.value)] += 1
            sums[name_of("seconds", review.reviewer, review.mode.value)] += review.seconds
    calibrated = False
    for attempt in record.attempts:
        words = last_words(attempt, record.reviews)
        if not words:
            continue
        said = _independent(attempt, record.reviews)
        if len(said) > 1:
            sums[name_of("readers", sorted(said.items()))] += 1
        outcomes = {review.outcome for review in words.values()}
        if len(outcomes) == 1:
            sums[name_of("machine", _conclusion(attempt), next(iter(words.values())).word)] += 1
        if attempt.prediction is not None and not calibrated:
            calibrated = True
            p_pass = attempt.prediction.p_outcome.get(Outcome.PASS, 0.0)
            place = min(BINS - 1, int(p_pass * BINS))
            sums[name_of("calibration", attempt.prediction.model, place, outcomes == {Outcome.PASS})] += 1
    return dict(sums)


def tries_in(sums: Mapping[str, float]) -> int:
    """Return how many attempts on a scan count as such, from what it adds to the tally."""
    return next((len(way[1]) for way in map(json.loads, sums) if way[0] == "way"), 0)


def name_of(*parts: Any) -> str:
    """Return the name of a sum."""
    return json.dumps(parts, separators=(",", ":"))


def add_up(
    connection: Connection, changes: Iterable[tuple[Mapping[str, float], Mapping[str, float]]]
) -> None:
    """Put changes into the tally: what scans added before, and what they add now."""
    difference: defaultdict[str, float] = defaultdict(float)
    for before, now in changes:
        for what, amount in now.items():
            difference[what] += amount
        for what, amount in before.items():
            difference[what] -= amount
    values = [{"what": what, "amount": amount} for what, amount in sorted(difference.items()) if amount]
    if not values:
        return
    connection.execute(insert(TALLY), values)
    last = connection.execute(select(func.max(TALLY.c.id))).scalar_one()
    if last // _PARTS != (last - len(values)) // _PARTS:
        compact(connection)


def compact(connection: Connection) -> None:
    """Put the parts of each sum together; parts that others are adding meanwhile stay as they are."""
    gone = connection.execute(delete(TALLY).returning(TALLY.c.what, TALLY.c.amount)).all()
    sums: defaultdict[str, float] = defaultdict(float)
    for what, amount in gone:
        sums[what] += amount
    values = [{"what": what, "amount": amount} for what, amount in sorted(sums.items()) if abs(amount) > 1e-9]
    if values:
        connection.execute(insert(TALLY), values)


def totals(connection: Connection, names: Sequence[str] | None = None) -> dict[tuple[Any, ...], float]:
    """Return sums, by the parts of their names; those named (see `name_of`), or all."""
    query = select(TALLY.c.what, func.sum(TALLY.c.amount)).group_by(TALLY.c.what)
    if names is not None:
        query = query.where(TALLY.c.what.in_(names))
    return {
        _hashable(json.loads(what)): amount
        for what, amount in connection.execute(query)
        if abs(amount) > 1e-9
    }


def _hashable(value: Any) -> Any:
    return tuple(_hashable(each) for each in value) if isinstance(value, list) else value


def _conclusion(attempt: Attempt) -> str:
    decision = attempt.decision
    return decision.outcome.value if decision.outcome is not None and decision.sure else UNSURE


def _independent(attempt: Attempt, reviews: Sequence[Review]) -> dict[str, str]:
    """Return each reader's first word on an attempt; a lead knew those of others, and flags say no kind."""
    said: dict[str, str] = {}
    for review in reviews:
        if review.attempt == attempt.number and review.mode is not Mode.LEAD and review.outcome is not None:
            said.setdefault(review.reviewer, review.word)
    return said
