"""The study in numbers, from the sums that are kept: nothing here looks at single scans."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from defacto.config import Settings
from defacto.pipeline.tally import BINS
from defacto.qc.agreement import cohen_kappa, fleiss_kappa
from defacto.qc.binomial import upper_bound
from defacto.report.flow import Sankey, draw_flow, flow_of_paths, path
from defacto.types import Mode, Outcome, State

Totals = Mapping[tuple[Any, ...], float]
WORDS = tuple(outcome.value for outcome in Outcome)
PAPER_S = {Mode.VERIFICATION: 0.8, Mode.MANUAL: 3.8}
"""Seconds a scan that Delbarre et al. (2022) measured."""


@dataclass(frozen=True)
class Pace:
    """How long people take in one mode.

    Parameters
    ----------
    mode : Mode
        Which.
    answers : int
        Given so far.
    mean_s : float
        Seconds an answer, over those that were timed; NaN without any.
    """

    mode: Mode
    answers: int
    mean_s: float

    @property
    def expected_s(self) -> float:
        """Seconds an answer, the paper's where none was timed."""
        return PAPER_S.get(self.mode, math.nan) if math.isnan(self.mean_s) else self.mean_s


@dataclass(frozen=True)
class Reliability:
    """What people say of scans to which the classifier gave about the same probability of a pass."""

    low: float
    high: float
    scans: int
    good: int


def counts(totals: Totals) -> dict[State, int]:
    """Return scans by state."""
    return {state: round(totals.get(("state", state.value), 0)) for state in State}


def sankey(totals: Totals) -> Sankey:
    """Return the picture of where every scan went."""
    ways = {key[1:]: round(amount) for key, amount in totals.items() if key[0] == "way"}
    rounds = max((len(words) for words, _ in ways), default=0)
    paths: Counter[tuple[str, ...]] = Counter()
    for (words, state), amount in ways.items():
        paths[path(words, State(state), rounds)] += amount
    return draw_flow(flow_of_paths(paths, rounds))


def results(totals: Totals) -> int:
    """Return how many results of attempts there are: all by hand, somebody would look at each."""
    return round(sum(len(key[1]) * amount for key, amount in totals.items() if key[0] == "way"))


def paces(totals: Totals, reviewer: str | None = None) -> dict[Mode, Pace]:
    """Return how long people take, or one of them."""
    found = {}
    for mode in Mode:
        sums = {
            what: sum(
                amount
                for key, amount in totals.items()
                if key[0] == what and key[2] == mode.value and reviewer in {None, key[1]}
            )
            for what in ("answers", "timed", "seconds")
        }
        mean_s = sums["seconds"] / sums["timed"] if sums["timed"] > 0.5 else math.nan
        found[mode] = Pace(mode, round(sums["answers"]), mean_s)
    return found


def reviewers(totals: Totals) -> list[str]:
    """Return who answered."""
    return sorted({str(key[1]) for key in totals if key[0] == "answers"})


def pairs(totals: Totals) -> dict[tuple[str, str], np.ndarray[Any, np.dtype[np.float64]]]:
    """Return what pairs of readers said of the same results: rows are the first one's words."""
    place = {word: n for n, word in enumerate(WORDS)}
    found: dict[tuple[str, str], Any] = defaultdict(lambda: np.zeros((len(WORDS), len(WORDS))))
    for key, amount in totals.items():
        if key[0] == "readers":
            for (first, word), (second, other) in combinations(key[1], 2):
                found[first, second][place[word], place[other]] += amount
    return dict(found)


def kappas(totals: Totals) -> list[tuple[str, str, int, float]]:
    """Return Cohen's kappa of each pair of readers: (first, second, results read by both, kappa)."""
    return [
        (*names, round(float(matrix.sum())), cohen_kappa(matrix))
        for names, matrix in sorted(pairs(totals).items())
    ]


def confusion(totals: Totals) -> dict[tuple[str, str], int]:
    """Return how often one reader said a word and another reader another of the same result."""
    summed = sum(pairs(totals).values(), start=np.zeros((len(WORDS), len(WORDS))))
    either = summed + summed.T - np.diag(np.diag(summed))
    return {
        (one, other): round(float(either[n, m]))
        for n, one in enumerate(WORDS)
        for m, other in enumerate(WORDS)
    }


def kappa_of_all(totals: Totals) -> tuple[int, float]:
    """Return how many results several people read, and Fleiss' kappa over them."""
    rows = []
    for key, amount in totals.items():
        if key[0] == "readers":
            said = Counter(word for _, word in key[1])
            rows += [[said[word] for word in WORDS]] * round(amount)
    words = np.array(rows, dtype=np.float64).reshape(-1, len(WORDS))
    return len(rows), fleiss_kappa(words)


def against_machine(totals: Totals) -> dict[tuple[str, str], int]:
    """Return results by the machine's word and the people's."""
    return {key[1:]: round(amount) for key, amount in totals.items() if key[0] == "machine"}


def reliability(totals: Totals) -> list[Reliability]:
    """Return what people say by the classifier's probability of a pass."""
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for key, amount in totals.items():
        if key[0] == "calibration":
            found[key[2]][0] += round(amount)
            found[key[2]][1] += round(amount) if key[3] else 0
    return [Reliability(n / BINS, (n + 1) / BINS, *found[n]) for n in sorted(found)]


def risk_now(totals: Totals, settings: Settings, confidence: float = 0.95) -> tuple[int, int, float] | None:
    """Return, of labelled scans above the threshold of a pass: how many, how many bad, and the bound on bad.

    None where none is above. The threshold is taken to the next part's border above it.
    """
    least = math.ceil(settings.qc.p_pass * BINS - 1e-9) / BINS
    above = [each for each in reliability(totals) if each.low >= least - 1e-9]
    accepted = sum(each.scans for each in above)
    if not accepted:
        return None
    bad = accepted - sum(each.good for each in above)
    return accepted, bad, upper_bound(bad, accepted, confidence)
