"""The page of a check: scans that arrived defaced, the worst first; it opens offline."""

from __future__ import annotations

import base64
import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from jinja2 import Environment

from defacto import __version__
from defacto.config import Settings
from defacto.pipeline.check import UNSURE, Checked, tell_apart
from defacto.privacy.audit import Audit
from defacto.report import words
from defacto.report.check_files import PICTURES, SLICES, VIEWS
from defacto.report.environment import make_environment, static_text
from defacto.types import Outcome

PAGE = "index.html"
WORST_FIRST = (
    Outcome.FAILURE.value,
    Outcome.SHALLOW.value,
    Outcome.DEEP.value,
    UNSURE,
    Outcome.PASS.value,
)
_MEANING = {**words.OUTCOME_MEANING, UNSURE: words.OUTCOME_MEANING[words.NOT_SURE]}


@dataclass(frozen=True)
class Entry:
    """A scan for the page.

    Parameters
    ----------
    checked : Checked
        What was found; its pictures are not looked at.
    name : str
        Its path as seen from the folder that holds all scans.
    file_name : str
        Its pictures' name, without extension.
    kinds : frozenset of str
        Pictures that there are: ``views``, ``slices``.
    """

    checked: Checked
    name: str
    file_name: str
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Metadata:
    """What an audit found in a data set whose scans were checked.

    Parameters
    ----------
    name : str
        Of the data set's folder.
    audit : Audit
        What was found.
    address : str
        Of its page, as seen from this one.
    """

    name: str
    audit: Audit
    address: str


@dataclass(frozen=True)
class Bar:
    """A probability: of what, its value from 0 to 100, and as a person reads it."""

    word: str
    percent: float
    text: str


@dataclass(frozen=True)
class Card:
    """A scan as the page shows it."""

    number: int
    name: str
    word: str
    meaning: str
    veiled: bool
    views: str | None
    slices: str | None
    bars: tuple[Bar, ...]
    features: tuple[Bar, ...]
    reasons: tuple[str, ...]


def render_check(
    entries: Sequence[Entry],
    left_out: Mapping[str, str],
    settings: Settings,
    *,
    ears: bool = False,
    metadata: Sequence[Metadata] = (),
) -> str:
    """Return the page, which needs no other file but the pictures.

    Parameters
    ----------
    entries : sequence of Entry
        In any order.
    left_out : mapping of str to str
        Files that are no structural scans of heads, with the reason.
    settings : Settings
        Their limits are told.
    ears : bool
        Whether ears counted.
    metadata : sequence of Metadata
        Audits of the data sets, where they were asked for.
    """
    counts = tell_apart([entry.checked for entry in entries])
    script = static_text("check.js")
    return (
        _environment()
        .get_template("check.html")
        .render(
            headline=_headline(counts) + _metadata_headline(metadata),
            metadata=metadata,
            counts={word: counts[word] for word in reversed(WORST_FIRST)},
            meaning=_MEANING,
            cards=[_card(number, entry) for number, entry in enumerate(_worst_first(entries), 1)],
            models=sorted({e.checked.prediction.model for e in entries if e.checked.prediction}),
            left_out=group(left_out),
            limits=settings.qc,
            ears=ears,
            style=static_text("report.css", "check.css"),
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            version=__version__,
        )
    )


def group(left_out: Mapping[str, str]) -> dict[str, int]:
    """Count files left out by reason, the most frequent first."""
    return dict(Counter(left_out.values()).most_common())


def _worst_first(entries: Sequence[Entry]) -> list[Entry]:
    """Sort by outcome, then by the probability of a pass; where there is none it comes first."""
    rank = {word: place for place, word in enumerate(WORST_FIRST)}

    def badness(entry: Entry) -> tuple[int, float]:
        said = entry.checked.prediction
        p = said.p_outcome.get(Outcome.PASS, math.nan) if said else math.nan
        return rank[entry.checked.word], -1.0 if math.isnan(p) else p

    return sorted(entries, key=badness)


def _headline(counts: Mapping[str, int]) -> str:
    total, passed = sum(counts.values()), counts[Outcome.PASS.value]
    if total == passed:
        return f"All {total:,} scans pass" if total > 1 else "The scan passes"
    if not passed:
        return f"None of {total:,} scans passes" if total > 1 else "The scan does not pass"
    return f"{passed:,} of {total:,} scans {'passes' if passed == 1 else 'pass'}"


def _metadata_headline(metadata: Sequence[Metadata]) -> str:
    if not metadata:
        return ""
    waiting = sum(each.audit.open + each.audit.struck for each in metadata)
    return (
        f"; {words.count(waiting, 'value')} of metadata to decide" if waiting else "; the metadata is clean"
    )


def _card(number: int, entry: Entry) -> Card:
    checked, said = entry.checked, entry.checked.prediction
    address = f"{quote(entry.file_name)}.jpg"
    return Card(
        number,
        entry.name,
        checked.word,
        words.arrival_meaning(checked),
        not checked.passed,
        f"{PICTURES}/{address}" if VIEWS in entry.kinds else None,
        f"{PICTURES}/{SLICES}/{address}" if SLICES in entry.kinds else None,
        tuple(_bar(o.value, said.p_outcome.get(o, math.nan)) for o in Outcome) if said else (),
        tuple(_bar(words.feature_word(f).lower(), p) for f, p in said.p_feature.items() if p >= 0.5)
        if said
        else (),
        tuple(words.clean(reason.sentence) for reason in checked.decision.reasons),
    )


def _bar(word: str, p: float) -> Bar:
    if math.isnan(p):
        return Bar(word, 0.0, "unknown")
    shown = min(p, 0.99) if p < 1 else p
    return Bar(word, round(100 * p, 1), f"{max(shown, 0.01) if p > 0 else 0:.2f}")


def _environment() -> Environment:
    environment = make_environment()
    environment.filters["kind"] = lambda word: "not-sure" if word == UNSURE else word
    return environment
