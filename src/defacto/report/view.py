"""What the pages show, as data: one view for the study, one for each scan."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from defacto.config import Settings
from defacto.pipeline.state import effective_outcome
from defacto.report.words import STATE_ORDER, clean, count, outcome_word
from defacto.types import Attempt, Measure, Outcome, Review, State

_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,150}")


@dataclass(frozen=True)
class Happening:
    """One event in the life of a scan: when, and what."""

    moment: str
    sentence: str


@dataclass(frozen=True)
class Missing:
    """Something that was seen in the input but not taken as a scan, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class ScanView:
    """All that the report says about one scan.

    Parameters
    ----------
    name : str
        Name of the scan in the run.
    state : State
        Where it stands.
    attempts : tuple of Attempt
        In order of their numbers.
    reviews : tuple of Review
        In the order they were given.
    events : tuple of Happening
        Shown in the timing block only.
    details : mapping of str to str
        Facts of the source in the order shown: subject, session, suffix, origin.
    note : str, optional
        What a person should know of the source.
    reason : str
        Why it stands there, in a sentence or more.
    """

    name: str
    state: State
    attempts: tuple[Attempt, ...] = ()
    reviews: tuple[Review, ...] = ()
    events: tuple[Happening, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
    reason: str = ""

    @property
    def last(self) -> Attempt | None:
        """The attempt that would be exported."""
        return self.attempts[-1] if self.attempts else None

    @property
    def measures(self) -> Mapping[str, Measure]:
        """Measures of the last attempt."""
        return self.last.measures if self.last else {}

    @property
    def why(self) -> str:
        """Why the scan stands where it does, without control characters and paths."""
        return clean(self.reason)

    @cached_property
    def page(self) -> str:
        """File name of the scan's page: the name itself where it is a plain one, else a digest of it."""
        if _SAFE_NAME.fullmatch(self.name) and not self.name.endswith("."):
            return f"{self.name}.html"
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", self.name)[:60].strip("-")
        digest = hashlib.sha256(self.name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        return f"{stem}~{digest}.html"

    @property
    def href(self) -> str:
        """The page's address relative to the folder of the scan pages."""
        return quote(self.page)

    def verdict(self, attempt: Attempt) -> Outcome | None:
        """Return what is held of an attempt: the reviewers' word, else the machine's where it is sure."""
        return effective_outcome(attempt, self.reviews)

    def may_show(self, attempt: Attempt) -> bool:
        """Whether an attempt's pictures are shown without a veil: only a pass is."""
        return self.verdict(attempt) is Outcome.PASS


@dataclass(frozen=True)
class StudyView:
    """All that the report says about a run.

    Parameters
    ----------
    scans : tuple of ScanView
        In the order shown.
    settings : Settings
        Of the run.
    version : str
        Of defacto.
    left_out : tuple of Missing
        What was seen but not taken.
    """

    scans: tuple[ScanView, ...]
    settings: Settings
    version: str
    left_out: tuple[Missing, ...] = ()

    @cached_property
    def counts(self) -> dict[State, int]:
        """Number of scans in each state, every state included, in the order shown."""
        found = Counter(scan.state for scan in self.scans)
        return {state: found[state] for state in STATE_ORDER}

    @cached_property
    def rounds(self) -> int:
        """Most attempts that a scan needed."""
        return max((len(scan.attempts) for scan in self.scans), default=0)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all measures, in order of first appearance over the sorted scans."""
        seen: dict[str, None] = {}
        for scan in self.scans:
            for attempt in scan.attempts:
                seen.update(dict.fromkeys(attempt.measures))
        return tuple(seen)

    @property
    def headline(self) -> str:
        """The study in a sentence."""
        return headline(self.counts)

    @property
    def passes(self) -> tuple[ScanView, ...]:
        """Scans whose last attempt is held to be a pass: the study page shows pictures of no others."""
        held = {State.CLEARED, State.VERIFY}
        return tuple(s for s in self.scans if s.state in held and s.last and s.may_show(s.last))

    @property
    def stuck(self) -> tuple[ScanView, ...]:
        """Scans that go no further without a person or another run, those to verify apart."""
        fine = {State.CLEARED, State.VERIFY}
        rank = {state: i for i, state in enumerate((State.MANUAL, State.REFUSED, State.REJECTED))}
        return tuple(
            sorted((s for s in self.scans if s.state not in fine), key=lambda s: rank.get(s.state, 3))
        )


def headline(counts: Mapping[State, int]) -> str:
    """Return the sentence that a reader should take home."""
    total = sum(counts.values())
    cleared = counts.get(State.CLEARED, 0)
    if total == 0:
        return "No scans were found."
    if cleared == total:
        return "The only scan is cleared." if total == 1 else f"All {total:,} scans are cleared."
    if total == 1:
        return "The only scan " + "".join(_clauses(counts)).split(" ", 1)[1] + "."
    clauses = _clauses(counts)
    if cleared == 0 and len(clauses) == 1:
        return f"All {total:,} scans {clauses[0].split(' ', 1)[1]}."
    first = f"{cleared:,} of {total:,} scans {_is(cleared)} cleared"
    if cleared == 0:
        first = f"None of the {total:,} scans is cleared yet"
    return "; ".join([first, *clauses]) + "."


def _clauses(counts: Mapping[State, int]) -> list[str]:
    waits = counts.get(State.VERIFY, 0), counts.get(State.MANUAL, 0)
    open_ = counts.get(State.RETRY, 0) + counts.get(State.NEW, 0)
    rejected, refused = counts.get(State.REJECTED, 0), counts.get(State.REFUSED, 0)
    parts = [
        (waits[0], f"{waits[0]:,} {_verb(waits[0], 'waits', 'wait')} for verification"),
        (waits[1], f"{waits[1]:,} {_verb(waits[1], 'waits', 'wait')} for a person's decision"),
        (open_, f"{open_:,} {_is(open_)} still to be finished"),
        (rejected, f"{rejected:,} {_was(rejected)} rejected"),
        (refused, f"{refused:,} {_was(refused)} refused"),
    ]
    return [sentence for amount, sentence in parts if amount]


def _verb(amount: int, one: str, many: str) -> str:
    return one if amount == 1 else many


def _is(amount: int) -> str:
    return _verb(amount, "is", "are")


def _was(amount: int) -> str:
    return _verb(amount, "was", "were")


def natural(name: str) -> tuple[Any, ...]:
    """Return a sort key that puts sub-2 before sub-10."""
    parts = re.split(r"([0-9]{1,18})", name)
    return tuple((1, int(p), p) if p.isdecimal() and p.isascii() else (0, 0, p.casefold()) for p in parts)


def in_order(scans: Iterable[ScanView]) -> tuple[ScanView, ...]:
    """Return scans in the order of their names, numbers counted as numbers."""
    return tuple(sorted(scans, key=lambda scan: (natural(scan.name), scan.name)))


def conclusion(attempt: Attempt) -> str:
    """Return the machine's conclusion on an attempt in a word."""
    return outcome_word(attempt.decision.outcome, attempt.decision.sure)


def waiting_words(view: StudyView) -> str:
    """Return how long a person would take with what waits, at the speeds of Delbarre et al. (2022)."""
    verify, manual = view.counts[State.VERIFY], view.counts[State.MANUAL]
    if not verify + manual:
        return ""
    minutes = (0.8 * verify + 3.8 * manual) / 60
    return "less than a minute" if minutes < 1 else f"about {count(round(minutes), 'minute')}"
