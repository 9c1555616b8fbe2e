"""What the pages and the scripts are told of scans: no name and no opinion that the reader is not to see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from defacto.config import Settings
from defacto.pipeline.desk_reading import Case
from defacto.pipeline.evidence import LARGE_OF
from defacto.pipeline.records import Record
from defacto.pipeline.state import Queue, readers, standing_of_record
from defacto.report import words
from defacto.report.view import conclusion
from defacto.review.accounts import Account
from defacto.types import Attempt, Outcome, State

CAPTIONS = {
    "render_left": "From the left",
    "render_front": "From the front",
    "render_right": "From the right",
    "slices": "Slices; what was removed is red",
    "class_maps": "What speaks for each answer (orange) and against it (blue)",
}
OPINIONS = frozenset({"class_maps"})
"""Pictures that tell what the machine thinks."""
SEEN_BY_ALL = frozenset({State.CLEARED, State.VERIFY})
"""Only of scans that stand so do viewers see pictures: others may show a face."""


def code_of(token: str) -> str:
    """Return what a scan is called before people who are not to know its name."""
    return token[:6]


def case_view(case: Case) -> dict[str, Any]:
    """Return a scan as the gallery and the page of decisions get it."""
    return {
        "token": case.token,
        "code": code_of(case.token),
        "number": case.number,
        "may_pass": case.may_pass,
        "error": "The last attempt could not be finished." if case.error else None,
        "pictures": {
            role: src(case.token, case.number, role)
            for role in (*CAPTIONS, *LARGE_OF.values())
            if role in case.files
        },
    }


def largest(role: str, files: Mapping[str, str]) -> str:
    """Return the role of the largest picture of a view; runs of older versions have small ones alone."""
    large = LARGE_OF.get(role, role)
    return large if large in files else role


def src(token: str, number: int, role: str) -> str:
    """Return the address of a picture of a result."""
    return f"/picture/{token}/{number}/{role}"


def veiled(text: str, record: Record, account: Account) -> str:
    """Return a sentence without the scan's name, unless the reader may know it."""
    text = words.clean(text)
    if account.leads:
        return text
    for part in sorted({record.scan.name, f"sub-{record.scan.subject}"}, key=len, reverse=True):
        text = text.replace(part, "the scan")
    return text


def may_know(record: Record, account: Account, settings: Settings) -> bool:
    """Whether the machine's opinion may be shown: where reading is blind, not before the own answer."""
    if account.leads or not settings.review.blind or not record.attempts:
        return True
    standing = standing_of_record(record, settings)
    last = record.attempts[-1].number
    has_said = any(
        r.reviewer == account.name and r.attempt == last and r.outcome is not None for r in record.reviews
    )
    waits = standing.queue in {Queue.MANUAL, Queue.LEAD}
    half_read = readers(record.scan.name, settings) > 1 and standing.queue is not None
    return has_said or not (waits or half_read)


def opinion(attempt: Attempt) -> dict[str, Any]:
    """Return what the machine thinks of an attempt."""
    said = attempt.prediction
    return {
        "word": conclusion(attempt),
        "p": {o.value: round(p, 3) for o, p in said.p_outcome.items()} if said else {},
        "reasons": [words.clean(reason.sentence) for reason in attempt.decision.reasons],
    }


def received_view(record: Record | None, word: str, settings: Settings) -> dict[str, Any]:
    """Return what a reviewer is told after an answer: where the scan stands, and the machine's opinion."""
    if record is None or not record.attempts:
        return {}
    standing = standing_of_record(record, settings)
    machine = opinion(record.attempts[-1])
    return {
        "state": words.STATE_WORD[standing.state],
        "machine": machine,
        "agrees": None if machine["word"] == words.NOT_SURE else machine["word"] == word,
    }


def outcome_of(word: str) -> Outcome | None:
    """Return the outcome of a word; None for a flag."""
    return None if word == "flag" else Outcome(word)
