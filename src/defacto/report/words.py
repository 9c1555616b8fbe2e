"""Plain English for states, outcomes, measures and numbers, and the scrubbing of free text."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from defacto.types import Feature, Outcome, State

if TYPE_CHECKING:
    from defacto.pipeline.check import Checked

STATE_ORDER = (
    State.CLEARED,
    State.VERIFY,
    State.MANUAL,
    State.RETRY,
    State.NEW,
    State.REJECTED,
    State.REFUSED,
)
"""From done to stuck: the order in which the report shows them."""

STATE_WORD = {
    State.CLEARED: "cleared",
    State.VERIFY: "to verify",
    State.MANUAL: "to decide",
    State.RETRY: "to retry",
    State.NEW: "not started",
    State.REJECTED: "rejected",
    State.REFUSED: "refused",
}

STATE_MEANING = {
    State.CLEARED: "May be exported.",
    State.VERIFY: "The machine passed it; a person verifies before it is exported.",
    State.MANUAL: "The machine is not sure, or attempts are used up; a person decides.",
    State.RETRY: "The machine is sure that it failed, and attempts are left: run again to go on.",
    State.NEW: "No attempt has finished yet: run again to go on.",
    State.REJECTED: "A person said that it did not pass; it stays inside.",
    State.REFUSED: "The file could not be used; it stays inside until a person mends it.",
}

OUTCOME_MEANING = {
    "pass": "Face gone, brain whole.",
    "deep": "Brain was removed.",
    "shallow": "A feature can still be made out.",
    "failure": "The cut is in the wrong place, or a step could not be done.",
    "not sure": "The machine cannot tell; a person looks.",
}

NOT_SURE = "not sure"
NOT_DEFACED = "Not defaced, or cut in the wrong place: the face is there."

_MEASURE_WORD = {
    "brain_lost_ml": "Brain lost",
    "brain_lost_percent": "Brain lost, share of the brain",
    "changed_outside": "Voxels changed outside the mask",
    "removed_ml": "Volume removed",
    "removed_percent": "Volume removed, share of the head",
    "replaced_ml": "Volume replaced or blurred",
    "least_visible": "Least visible of eyes, nose and mouth",
    "elsewhere_ml": "Volume removed far from the face",
    "agreement_mm": "Disagreement of the registrations",
    "score": "Similarity with the template",
    "brain_agreement": "Agreement of registration and network on the brain",
    "turned_deg": "Turn of the head against its pictures",
}
_UNIT_ENDINGS = ("_ml", "_mm", "_deg", "_percent", "_voxels", "_share")
_PATH = re.compile(
    r"(?<![\w.<>])(?:file://)?(?:/[^\s/:;,'\"<>()]+){2,}/?|\b[A-Za-z]:\\[^\s'\"<>]+|\\\\[^\s'\"<>]+"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def outcome_word(outcome: Outcome | None, sure: bool = True) -> str:
    """Return the word for what the machine concluded; unsure is a word of its own."""
    return str(outcome.value) if outcome is not None and sure else NOT_SURE


def arrival_meaning(checked: Checked) -> str:
    """Return what the outcome of a scan that came alone means in plain words."""
    if checked.decision.outcome is Outcome.FAILURE and checked.shows_face:
        return NOT_DEFACED
    return OUTCOME_MEANING[outcome_word(checked.decision.outcome)]


@lru_cache(maxsize=4096)
def measure_word(name: str) -> str:
    """Return a measure's name as a person says it."""
    if name in _MEASURE_WORD:
        return _MEASURE_WORD[name]
    feature, seen, moved = feature_of(name), seen_feature(name), moved_feature(name)
    if moved is not None:
        return f"{feature_word(moved)}, change of shape"
    if seen is not None:
        return f"{feature_word(seen)} as the network sees it"
    if feature is not None:
        return feature_word(feature)
    for ending in _UNIT_ENDINGS:
        name = name.removesuffix(ending)
    return name.replace("_", " ").strip().capitalize() or "Unnamed"


@lru_cache(maxsize=4096)
def feature_of(name: str) -> Feature | None:
    """Return the feature whose visible share a measure gives, or None.

    Both ``left_eye_left`` and ``feature_left.left_eye`` kinds of name are understood.
    """
    if "brain" in name or seen_feature(name) is not None or moved_feature(name) is not None:
        return None
    return next((feature for feature in Feature if feature.value in name), None)


@lru_cache(maxsize=4096)
def seen_feature(name: str) -> Feature | None:
    """Return the feature of which a measure says how much is left where the network sees it, or None."""
    return next((feature for feature in Feature if name == f"{feature.value}_seen"), None)


@lru_cache(maxsize=4096)
def moved_feature(name: str) -> Feature | None:
    """Return the feature of which a measure says how far its skin moved, or None."""
    return next((feature for feature in Feature if name == f"{feature.value}_moved_mm"), None)


def feature_word(feature: Feature) -> str:
    """Return a feature's name as a person says it."""
    return str(feature.value).replace("_", " ").capitalize()


def number(value: float | None, unit: str = "") -> str:
    """Return a value with at most three significant digits and its unit; unknown is said so."""
    if value is None or math.isnan(value):
        return "unknown"
    if math.isinf(value):
        text = "infinite"
    elif unit == "share":
        return f"{100 * value:.0f} %" if value == 0 or value >= 0.1 else f"{100 * value:.1f} %"
    elif value == round(value) or abs(value) >= 100:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.3g}"
    return f"{text} {unit}".strip()


def count(amount: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: ``1 scan``, ``10,000 scans``."""
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Return a time span in the unit that suits it."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:,.1f} h"


def plain(value: Any) -> str:
    """Return a parameter or setting as text: lists joined, yes and no, numbers short."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value + 0.0:g}"
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value)
    return clean("–" if value is None else str(value))


def clean(text: str) -> str:
    """Return free text without control characters, each absolute path in it cut to its last part."""
    text = str(printable(text))
    return (_PATH.sub(_last_part, text) if "/" in text or "\\" in text else text).strip()


def printable(value: Any) -> Any:
    """Return text without characters that no page may hold; what is not text, or is markup, as it is."""
    return _CONTROL.sub(" ", value) if type(value) is str else value


def _last_part(match: re.Match[str]) -> str:
    return re.split(r"[/\\]", match.group().rstrip("/\\"))[-1]
