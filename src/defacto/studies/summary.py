"""A comparison in figures: shares with exact intervals, paired tests, strata, the worst of each method."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from defacto.config import Settings
from defacto.qc.binomial import Share
from defacto.studies.heads import UNKNOWN
from defacto.studies.judge import BRAIN_DAMAGED, FACE_LEFT, NOT_DONE, SUCCESS, UNSURE, VERDICTS
from defacto.studies.rows import Row
from defacto.studies.tests import exact_interval, holm, mcnemar
from defacto.types import Outcome

WORST = 10
THICK_MM = 3.0
_RANK = {NOT_DONE: 0, BRAIN_DAMAGED: 1, FACE_LEFT: 2, UNSURE: 3, SUCCESS: 4}


@dataclass(frozen=True)
class MethodSummary:
    """What one method did to all heads.

    Parameters
    ----------
    name : str
        The method.
    counts : mapping of str to int
        Heads by verdict.
    of : int
        Heads.
    passed, wrong : int
        How many the machine passed, and how many of those were no success.
    removed_percent, brain_lost_ml, seconds, memory_mb : tuple of float
        Known values, one a head.
    chosen : mapping of str to int
        Of ``auto``: how often it took which method.
    """

    name: str
    counts: Mapping[str, int]
    of: int
    passed: int
    wrong: int
    removed_percent: tuple[float, ...]
    brain_lost_ml: tuple[float, ...]
    seconds: tuple[float, ...]
    memory_mb: tuple[float, ...]
    chosen: Mapping[str, int]

    def share(self, verdict: str) -> Share:
        """Return the share of heads with a verdict."""
        return Share(self.counts[verdict], self.of)

    def interval(self, verdict: str) -> tuple[float, float]:
        """Return its exact 95 % interval."""
        return exact_interval(self.counts[verdict], self.of)

    @property
    def sentence(self) -> str:
        """How it did, in a line."""
        low, high = self.interval(SUCCESS)
        rest = ", ".join(f"{self.counts[each]} {each}" for each in VERDICTS[1:] if self.counts[each])
        return (
            f"{self.name:<14} {self.counts[SUCCESS]:>4} of {self.of} succeed"
            f" ({100 * self.share(SUCCESS).value:.1f} %, {100 * low:.1f} to {100 * high:.1f})"
            + (f"; {rest}" if rest else "")
        )


@dataclass(frozen=True)
class Paired:
    """Two methods on the same heads."""

    one: str
    other: str
    only_one: int
    only_other: int
    of: int
    p: float
    p_holm: float


@dataclass(frozen=True)
class Stratum:
    """The successes of each method among some of the heads."""

    kind: str
    name: str
    heads: int
    success: Mapping[str, Share]


@dataclass(frozen=True)
class Comparison:
    """All that a comparison found.

    Parameters
    ----------
    rows : tuple of Row
        One for each method and head.
    methods : tuple of MethodSummary
        In the order asked for.
    paired : tuple of Paired
        Every two methods, Holm's correction over all of them.
    strata : tuple of Stratum
        By contrast, slices and age.
    worst : mapping of str to tuple of Row
        Of each method its ten worst; fewer where fewer failed.
    settings : Settings
        Parameters and limits.
    """

    rows: tuple[Row, ...]
    methods: tuple[MethodSummary, ...]
    paired: tuple[Paired, ...]
    strata: tuple[Stratum, ...]
    worst: Mapping[str, tuple[Row, ...]]
    settings: Settings

    @property
    def heads(self) -> int:
        """How many heads."""
        return len({row.head for row in self.rows})

    @property
    def made(self) -> bool:
        """Whether all of them are judged by the truth."""
        return all(row.by == "truth" for row in self.rows)


def summarise(rows: Sequence[Row], settings: Settings) -> Comparison:
    """Return what a comparison found.

    Parameters
    ----------
    rows : sequence of Row
        From `defacto.studies.compare.compare`; at least one.
    settings : Settings
        With which they were made.
    """
    names = list(dict.fromkeys(row.method for row in rows))
    by_method = {name: [row for row in rows if row.method == name] for name in names}
    return Comparison(
        tuple(rows),
        tuple(_method(name, found) for name, found in by_method.items()),
        _pairs(by_method),
        _strata(by_method),
        {name: _worst(found) for name, found in by_method.items()},
        settings,
    )


def _method(name: str, rows: Sequence[Row]) -> MethodSummary:
    passed = [row for row in rows if row.machine == Outcome.PASS.value]
    chosen = [row.chosen for row in rows if row.chosen]
    return MethodSummary(
        name,
        {verdict: sum(row.verdict == verdict for row in rows) for verdict in VERDICTS},
        len(rows),
        len(passed),
        sum(row.verdict != SUCCESS for row in passed),
        _known(row.removed_percent for row in rows),
        _known(row.brain_lost_ml for row in rows),
        _known(row.seconds for row in rows),
        _known(row.memory_mb for row in rows),
        {each: chosen.count(each) for each in dict.fromkeys(chosen)},
    )


def _known(values: object) -> tuple[float, ...]:
    return tuple(value for value in values if math.isfinite(value))  # type: ignore[attr-defined]


def _pairs(by_method: Mapping[str, Sequence[Row]]) -> tuple[Paired, ...]:
    found = []
    for one, other in combinations(by_method, 2):
        success = {row.head: row.verdict == SUCCESS for row in by_method[other]}
        both = [row for row in by_method[one] if row.head in success]
        first, second, p = mcnemar([r.verdict == SUCCESS for r in both], [success[r.head] for r in both])
        found.append((one, other, first, second, len(both), p))
    corrected = holm([each[-1] for each in found])
    return tuple(Paired(*each, p_holm) for each, p_holm in zip(found, corrected, strict=True))


def _strata(by_method: Mapping[str, Sequence[Row]]) -> tuple[Stratum, ...]:
    kinds: dict[str, Callable[[Row], str]] = {
        "contrast": lambda row: row.contrast,
        "slices": lambda row: _slices(row.slice_mm),
        "age": lambda row: _age(row.years),
    }
    every = [row for rows in by_method.values() for row in rows]
    found = []
    for kind, of in kinds.items():
        for name in sorted({of(row) for row in every}):
            success = {
                method: Share(
                    sum(row.verdict == SUCCESS for row in rows if of(row) == name),
                    sum(of(row) == name for row in rows),
                )
                for method, rows in by_method.items()
            }
            found.append(Stratum(kind, name, len({r.head for r in every if of(r) == name}), success))
    return tuple(found)


def _slices(slice_mm: float) -> str:
    if not math.isfinite(slice_mm):
        return UNKNOWN
    return f"{THICK_MM:g} mm or thicker" if slice_mm >= THICK_MM else f"thinner than {THICK_MM:g} mm"


def _age(years: str) -> str:
    try:
        age = float(years)
    except ValueError:
        return UNKNOWN
    return next(
        (word for limit, word in ((18, "under 18"), (40, "18 to 39"), (65, "40 to 64")) if age < limit),
        "65 and over",
    )


def _worst(rows: Sequence[Row]) -> tuple[Row, ...]:
    failed = [row for row in rows if row.verdict != SUCCESS]
    return tuple(
        sorted(
            failed, key=lambda row: (_RANK[row.verdict], -_or_zero(row.brain_lost_ml), -len(row.left.split()))
        )[:WORST]
    )


def _or_zero(value: float) -> float:
    return value if math.isfinite(value) else 0.0
