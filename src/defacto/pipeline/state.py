"""Where a scan stands, computed from its attempts and reviews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from defacto.config import Settings
from defacto.pipeline.records import Record, ScanRow
from defacto.types import Attempt, Decision, Outcome, Review, State


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
    """

    state: State
    reason: str
    to_do: bool = False


def state_of(
    scan: ScanRow, attempts: Sequence[Attempt], reviews: Sequence[Review], settings: Settings
) -> State:
    """Return where a scan stands; see `standing_of`."""
    return standing_of(scan, attempts, reviews, settings).state


def standing_of_record(record: Record, settings: Settings) -> Standing:
    """Return where a scan of the store stands, and why."""
    return standing_of(record.scan, record.attempts, record.reviews, settings)


def standing_of(
    scan: ScanRow, attempts: Sequence[Attempt], reviews: Sequence[Review], settings: Settings
) -> Standing:
    """Return where a scan stands, and why.

    A person's word on the last attempt outweighs the machine's. What is not known, or not agreed upon, is
    never a pass.
    """
    standing = _without_crash(attempts, reviews, settings)
    if scan.crash is not None and standing.to_do:
        return Standing(State.MANUAL, f"{scan.crash} Run again to try it again.", to_do=True)
    return standing


def _without_crash(attempts: Sequence[Attempt], reviews: Sequence[Review], settings: Settings) -> Standing:
    if not attempts:
        return Standing(State.NEW, "No attempt has finished yet.", to_do=True)
    last = attempts[-1]
    may_retry = len(tries(attempts)) < settings.retry.max_attempts
    if is_refusal(last):
        return Standing(State.REFUSED, last.error or "", to_do=True)
    words = last_words(last, reviews)
    if words:
        return _by_people(last, words, may_retry=may_retry)
    return _by_machine(last, may_retry=may_retry, verify=settings.qc.verify)


def is_refusal(attempt: Attempt) -> bool:
    """Say whether an attempt only puts on record that the input could not be used."""
    return attempt.error is not None and attempt.decision.outcome is None


def tries(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return the attempts that count as such: all but refusals."""
    return [attempt for attempt in attempts if not is_refusal(attempt)]


def last_words(attempt: Attempt, reviews: Sequence[Review]) -> dict[str, Review]:
    """Return each reviewer's latest review of an attempt, by reviewer."""
    return {review.reviewer: review for review in reviews if review.attempt == attempt.number}


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
    return attempt.error is None and "volume" in attempt.files


def _by_people(last: Attempt, words: dict[str, Review], *, may_retry: bool) -> Standing:
    said = "; ".join(f"{review.reviewer} says {review.outcome.value}" for review in words.values())
    outcomes = {review.outcome for review in words.values()}
    if len(outcomes) > 1:
        return Standing(State.MANUAL, f"The reviewers do not agree: {said}.")
    if outcomes == {Outcome.PASS}:
        if has_volume(last):
            return Standing(State.CLEARED, f"{said}.")
        return Standing(State.MANUAL, f"{said}, but the last attempt left no volume that could be shared.")
    if may_retry:
        return Standing(State.RETRY, f"{said}; attempts are left.", to_do=True)
    return Standing(State.REJECTED, f"{said}; no attempts are left.")


def _by_machine(last: Attempt, *, may_retry: bool, verify: str) -> Standing:
    decision = last.decision
    reason = sentences(decision)
    if decision.outcome is None or not decision.sure:
        return Standing(State.MANUAL, f"The machine is not sure: {reason}")
    if decision.outcome is Outcome.PASS:
        return _passed(last, reason, verify)
    outcome = decision.outcome.value.capitalize()
    if may_retry:
        return Standing(State.RETRY, f"{outcome}: {reason}", to_do=True)
    return Standing(State.MANUAL, f"{outcome}, and no attempts are left: {reason}")


def _passed(last: Attempt, reason: str, verify: str) -> Standing:
    if not has_volume(last):
        return Standing(State.MANUAL, f"A pass without a volume that could be shared: {reason}")
    if verify == "none":
        return Standing(State.CLEARED, f"The machine passed it: {reason}")
    return Standing(State.VERIFY, f"The machine passed it; a person verifies: {reason}")


def sentences(decision: Decision) -> str:
    """Return a decision's reasons as running text."""
    return " ".join(reason.sentence for reason in decision.reasons) or "No reason was given."
