"""The limit that each measure is held against, and how near a scan comes to it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from defacto.config import Settings
from defacto.qc.decide import REPLACED
from defacto.report.words import feature_of, measure_word, moved_feature, number, seen_feature
from defacto.types import Attempt, Measure


@dataclass(frozen=True)
class Check:
    """A measure against its limit.

    Parameters
    ----------
    measure : Measure
        What was measured.
    limit : float or None
        None: it is shown, not judged.
    """

    measure: Measure
    limit: float | None

    @property
    def label(self) -> str:
        """The measure's name as a person says it."""
        word = measure_word(self.measure.name)
        return f"{word}, still visible" if feature_of(self.measure.name) else word

    @property
    def value(self) -> float | None:
        """The value, or None where it is not a finite number."""
        value = self.measure.value
        return value if value is not None and math.isfinite(value) else None

    @property
    def excess(self) -> float | None:
        """How far beyond the limit, in the measure's unit; negative is within; None where not known."""
        if self.value is None or self.limit is None:
            return None
        return (self.value - self.limit) * (1 if self.measure.lower_is_better else -1)

    @property
    def verdict(self) -> str:
        """One of ``within``, ``beyond``, ``unknown``, ``no limit``."""
        if self.value is None:
            return "unknown"
        if self.excess is None:
            return "no limit"
        return "beyond" if self.excess > 0 else "within"

    @property
    def shown(self) -> str:
        """Value and unit."""
        return number(self.measure.value, self.measure.unit)

    @property
    def shown_limit(self) -> str:
        """The limit as a person says it."""
        if self.limit is None:
            return "none"
        side = "at most" if self.measure.lower_is_better else "at least"
        return f"{side} {number(self.limit, self.measure.unit)}"


def settings_limit(name: str, settings: Settings) -> float | None:
    """Return the limit of a pass that the settings give to a measure, or None."""
    if seen_feature(name) is not None:
        return settings.qc.max_feature_seen
    if moved_feature(name) is not None:
        return settings.qc.min_moved_mm
    if feature_of(name) is not None:
        return settings.qc.max_feature_left
    table = {
        "brain_lost_ml": settings.qc.max_brain_lost_ml,
        "agreement_mm": settings.anatomy.agreement_mm,
        "registration_agreement_mm": settings.anatomy.agreement_mm,
        "score": settings.anatomy.min_score,
        "brain_agreement": settings.qc.min_brain_agreement,
        "turned_deg": settings.anatomy.max_turned_deg,
        "registration_score": settings.anatomy.min_score,
    }
    return 0.0 if "outside" in name else table.get(name)


_ONLY_BESIDE_OTHERS = frozenset({"least_visible", "elsewhere_ml"})
"""Measures that a pass may have at any value: they tell a failure from another outcome only."""


def limits(attempts: Iterable[Attempt], settings: Settings) -> dict[str, float]:
    """Return the limits of all measures: from the settings, else from the reasons that name one."""
    found: dict[str, float] = {}
    for attempt in attempts:
        for name in attempt.measures:
            if REPLACED in attempt.measures and (feature_of(name) or seen_feature(name)):
                continue
            if name not in found and (limit := settings_limit(name, settings)) is not None:
                found[name] = limit
        for reason in attempt.decision.reasons:
            if reason.measure in _ONLY_BESIDE_OTHERS:
                continue
            if reason.measure and reason.limit is not None and math.isfinite(reason.limit):
                found.setdefault(reason.measure, reason.limit)
    return found


def checks(measures: Mapping[str, Measure], limit_of: Mapping[str, float]) -> list[Check]:
    """Return every measure against its limit, the judged ones first."""
    found = [Check(measure, limit_of.get(name)) for name, measure in measures.items()]
    return sorted(found, key=lambda check: check.limit is None)


def nearness(measures: Mapping[str, Measure], limit_of: Mapping[str, float]) -> float:
    """Return how near a scan comes to the limits: 0 far, 1 at one, more beyond; unknown is infinite."""
    worst = 0.0
    for check in checks(measures, limit_of):
        if check.limit is None:
            continue
        if check.value is None:
            return math.inf
        span = abs(check.limit) or 1.0
        sign = 1 if check.measure.lower_is_better else -1
        worst = max(worst, 1.0 + sign * (check.value - check.limit) / span)
    return worst
