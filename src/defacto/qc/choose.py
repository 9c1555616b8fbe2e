"""Method ``auto``: one method after the other, until one removes the face and leaves the brain."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, Protocol, TypeVar

from defacto.config import Settings
from defacto.errors import StepError
from defacto.qc.decide import counted_features
from defacto.qc.measure import visible_name
from defacto.types import Decision, Measures, Outcome, Reason, Removal


class Tried(Protocol):
    """What a method came to: a dataclass with at least these fields."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def removal(self) -> Removal:
        """What was taken out, and by which method."""
        ...

    @property
    def measures(self) -> Measures:
        """By name."""
        ...

    @property
    def decision(self) -> Decision:
        """The conclusion."""
        ...


AnyTried = TypeVar("AnyTried", bound=Tried)
AUTO = "auto"
ORDER = ("atlas", "template-ears", "template", "features", "shear", "brain")
"""What is tried, the cheapest and the least of the head first; none that replaces a face."""
_OF_THE_SCAN = frozenset({"agreement_mm", "score", "turned_deg", "brain_agreement"})
"""What no method can mend."""


def choose(examine: Callable[[str], AnyTried], settings: Settings) -> AnyTried:
    """Try methods in order until one passes; keep the best, and say why.

    The first that surely passes is kept: the methods stand in the order of their cost, and of what they take
    of the head. Where none does, it is the one that took no brain, then left least of the face, then least of
    the head. What is wrong with the scan itself, as registrations that do not agree, ends the search.

    Parameters
    ----------
    examine : callable
        Takes the name of a method, and returns what it came to.
    settings : Settings
        Of the run.

    Raises
    ------
    StepError
        If no method could be done.
    """
    tried: list[AnyTried] = []
    told: list[str] = []
    for name in ORDER:
        try:
            found = examine(name)
        except StepError as error:
            told.append(f"{name}: {error}")
            continue
        tried.append(found)
        if _passed(found) or _hopeless(found.decision):
            break
        told.append(f"{name}: {found.decision.reasons[0].sentence}")
    if not tried:
        raise StepError(f"No method could be done. {' '.join(told)}")
    best = min(tried, key=lambda each: _badness(each, settings))
    why = _why(best, told)
    return replace(best, decision=replace(best.decision, reasons=(*best.decision.reasons, Reason(why))))


def _passed(found: Tried) -> bool:
    return found.decision.sure and found.decision.outcome is Outcome.PASS


def _hopeless(decision: Decision) -> bool:
    return any(reason.measure in _OF_THE_SCAN for reason in decision.reasons) and (
        decision.outcome in {None, Outcome.FAILURE}
    )


def _badness(found: Tried, settings: Settings) -> tuple[bool, float, float, float]:
    """Return what is better the smaller it is."""
    left = max(_value(found, visible_name(feature)) for feature in counted_features(settings))
    beyond = left if left > settings.qc.max_feature_left else 0.0
    return not _passed(found), _value(found, "brain_lost_ml"), beyond, _value(found, "removed_percent")


def _value(found: Tried, name: str) -> float:
    measure = found.measures.get(name)
    value = measure.value if measure is not None else None
    return math.inf if value is None or not math.isfinite(value) else value


def _why(best: Tried, told: list[str]) -> str:
    name = best.removal.method
    taken = f"{_value(best, 'removed_percent'):.0f}% of the head removed"
    others = [each for each in told if not each.startswith(f"{name}: ")]
    if not _passed(best):
        return " ".join([f"No method passed; auto kept {name}, the best, with {taken}.", *others])
    return " ".join([f"auto took {name}, the first that passed, with {taken}.", *others])
