"""Where a scan stands, computed from its attempts and reviews."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from defacto.config import Settings
from defacto.pipeline.records import Asked, Record, ScanRow
from defacto.types import Attempt, Decision, Mode, Outcome, Review, State

ORDER = "order"
"""What is drawn by lot where scans are read at random; see `lot`."""


class Queue(StrEnum):
    """Where a person finds a scan."""

    VERIFY = "verify"
    """The gallery of what the machine passed."""
    MANUAL = "manual"
    """One scan at a time."""
    LEAD = "lead"
    """The reviewers do not agree; a lead settles it."""


@dataclass(frozen=True)
class Standing:
    """Where a scan stands, and why.

    Parameters
    ----------
    state : State
        Where.
    reason : str
        One or more sentences.
    to_do : bool
        Whether a run has something to do on it: to try it, or to look whether a refused input was mended.
    queue : Queue, optional
        Where a person finds it; None: nothing is asked of people.
    """

    state: State
    reason: str
    to_do: bool = False
    queue: Queue | None = None


def state_of(
    scan: ScanRow, attempts: Sequence[Attempt], reviews: Sequence[Review], settings: Settings
) -> State:
    """Return where a scan stands; see `standing_of`."""
    return standing_of(scan, attempts, reviews, settings).state


def standing_of_record(record: Record, settings: Settings) -> Standing:
    """Return where a scan of the store stands, and why."""
    return standing_of(record.scan, record.attempts, record.reviews, settings, record.asked)


def standing_of(
    scan: ScanRow,
    attempts: Sequence[Attempt],
    reviews: Sequence[Review],
    settings: Settings,
    asked: Asked | None = None,
) -> Standing:
    """Return where a scan stands, and why.

    A person's word on the last attempt outweighs the machine's. What is not known, or not agreed upon, is
    never a pass. An attempt that a person asked for comes before all words.
    """
    standing = _without_crash(scan, attempts, reviews, settings)
    if asked is not None and standing.state is not State.REFUSED:
        standing = Standing(State.RETRY, f"{asked.reviewer} asked for another attempt.", to_do=True)
    if scan.crash is not None and standing.to_do:
        return Standing(State.MANUAL, f"{scan.crash} Run again to try it again.", to_do=True)
    return standing


def _without_crash(
    scan: ScanRow, attempts: Sequence[Attempt], reviews: Sequence[Review], settings: Settings
) -> Standing:
    if not attempts:
        return Standing(State.NEW, "No attempt has finished yet.", to_do=True)
    last = attempts[-1]
    may_retry = len(tries(attempts)) < settings.retry.max_attempts
    if is_refusal(last):
        return Standing(State.REFUSED, last.error or "", to_do=True)
    words = last_words(last, reviews)
    by_machine = _by_machine(last, may_retry=may_retry, verify=settings.qc.verify)
    if not words:
        return by_machine
    settled = Mode.LEAD in {review.mode for review in words.values()}
    if settled or len(words) >= readers(scan.name, settings) or len({r.outcome for r in words.values()}) > 1:
        return _by_people(last, words, may_retry=may_retry)
    return _half_read(words, by_machine)


def is_refusal(attempt: Attempt) -> bool:
    """Say whether an attempt only puts on record that the input could not be used."""
    return attempt.error is not None and attempt.decision.outcome is None


def tries(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return the attempts that count as such: all but refusals."""
    return [attempt for attempt in attempts if not is_refusal(attempt)]


def readers(name: str, settings: Settings) -> int:
    """Return how many people have to read a scan: 1 or 2."""
    return 2 if lot(name) < settings.review.double_share else 1


def lot(name: str, of: str = "") -> float:
    """Return a number from 0 to below 1 that follows from a scan's name and from what is drawn by it."""
    text = f"{of}/{name}" if of else name
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:6]) / 2**48


def last_words(attempt: Attempt, reviews: Sequence[Review]) -> dict[str, Review]:
    """Return the words that count on an attempt, by reviewer.

    Each reviewer's latest counts. A lead's word puts those before it aside; a flag is settled by the next
    closer look.
    """
    words: dict[str, Review] = {}
    for review in reviews:
        if review.attempt != attempt.number:
            continue
        if review.mode is Mode.LEAD:
            words.clear()
        elif review.outcome is not None and review.mode is not Mode.VERIFICATION:
            words = {name: word for name, word in words.items() if word.outcome is not None}
        words[review.reviewer] = review
    return words


def effective_outcome(attempt: Attempt, reviews: Sequence[Review]) -> Outcome | None:
    """Return what an attempt counts as: the people's word, else the machine's where it is sure."""
    words = {review.outcome for review in last_words(attempt, reviews).values()}
    if words:
        return words.pop() if len(words) == 1 else None
    return attempt.decision.outcome if attempt.decision.sure else None


def with_reviews(attempts: Sequence[Attempt], reviews: Sequence[Review]) -> tuple[Outcome | None, ...]:
    """Return what each attempt counts as."""
    return tuple(effective_outcome(attempt, reviews) for attempt in attempts)


def has_volume(attempt: Attempt) -> bool:
    """Say whether an attempt ended with a volume that could be shared."""
    return can_pass(attempt.error, attempt.files)


def can_pass(error: str | None, files: Mapping[str, str]) -> bool:
    """Say whether an attempt that ended so left something that could be passed."""
    return error is None and "volume" in files


def _by_people(last: Attempt, words: dict[str, Review], *, may_retry: bool) -> Standing:
    said = _said(words)
    outcomes = {review.outcome for review in words.values()}
    if None in outcomes:
        return Standing(State.MANUAL, f"{said}.", queue=Queue.MANUAL)
    if len(outcomes) > 1:
        return Standing(State.MANUAL, f"The reviewers do not agree: {said}.", queue=Queue.LEAD)
    if outcomes == {Outcome.PASS}:
        if has_volume(last):
            return Standing(State.CLEARED, f"{said}.")
        reason = f"{said}, but the last attempt left no volume that could be shared."
        return Standing(State.MANUAL, reason, queue=Queue.MANUAL)
    if may_retry:
        return Standing(State.RETRY, f"{said}; attempts are left.", to_do=True)
    return Standing(State.REJECTED, f"{said}; no attempts are left.")


def _half_read(words: dict[str, Review], by_machine: Standing) -> Standing:
    """Return where a scan stands that a second person has to read."""
    reason = f"{_said(words)}; a second reader is waited for."
    if by_machine.state is State.VERIFY and {review.outcome for review in words.values()} == {Outcome.PASS}:
        return Standing(State.VERIFY, reason, queue=Queue.VERIFY)
    return Standing(State.MANUAL, reason, queue=Queue.MANUAL)


def _said(words: dict[str, Review]) -> str:
    return "; ".join(
        f"{name} says {review.outcome.value}" if review.outcome else f"{name} flagged it"
        for name, review in words.items()
    )


def _by_machine(last: Attempt, *, may_retry: bool, verify: str) -> Standing:
    decision = last.decision
    reason = sentences(decision)
    if decision.outcome is None or not decision.sure:
        return Standing(State.MANUAL, f"The machine is not sure: {reason}", queue=Queue.MANUAL)
    if decision.outcome is Outcome.PASS:
        return _passed(last, reason, verify)
    outcome = decision.outcome.value.capitalize()
    if may_retry:
        return Standing(State.RETRY, f"{outcome}: {reason}", to_do=True)
    said = f"{outcome}, and no attempts are left: {reason}"
    return Standing(State.MANUAL, said, queue=Queue.MANUAL)


def _passed(last: Attempt, reason: str, verify: str) -> Standing:
    if not has_volume(last):
        reason = f"A pass without a volume that could be shared: {reason}"
        return Standing(State.MANUAL, reason, queue=Queue.MANUAL)
    if verify == "none":
        return Standing(State.CLEARED, f"The machine passed it: {reason}")
    reason = f"The machine passed it; a person verifies: {reason}"
    return Standing(State.VERIFY, reason, queue=Queue.VERIFY)


def sentences(decision: Decision) -> str:
    """Return a decision's reasons as running text."""
    return " ".join(reason.sentence for reason in decision.reasons) or "No reason was given."
