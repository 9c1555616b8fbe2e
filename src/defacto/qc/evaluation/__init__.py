"""How well a classifier of outcomes does: every figure of `defacto evaluate`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from defacto.config import QcSettings
from defacto.qc.evaluation.acceptance import (
    OUTCOMES,
    Acceptance,
    accept,
    accepted_rows,
    answered_rows,
    choose,
    confusion,
)
from defacto.qc.evaluation.bootstrap import Array, Estimate, Indices
from defacto.qc.evaluation.intervals import intervals
from defacto.qc.evaluation.reliability import Bin, calibration_error, reliability
from defacto.qc.evaluation.roc import Curve, Pair, hand_till, macro_area, pair_curves

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(5, 21))
"""0.25 to 1.00: from accepting everything to accepting certainty."""
BINS = 15
DRAWS = 1000
_LEAST_P = 1e-15


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How well a classifier does on labelled scans.

    Parameters
    ----------
    scans, unanswered : int
        Scans, and those among them without four probabilities: never right and never accepted.
    persons : int or None
        Persons, where known.
    every : Acceptance
        All scans, whatever their probability.
    settled : Acceptance
        The scans accepted at the thresholds of the settings.
    sweep : tuple of Acceptance
        One for each of `THRESHOLDS`.
    accuracy, macro_auc, ece : Estimate
        Share right of all scans; M of Hand and Till; expected calibration error of the class chosen.
    f1 : tuple of Estimate
        For each class.
    log_loss : float
        Mean of -ln p of the true class over the scans with an answer, lower is better.
    pairs, settled_pairs : tuple of Pair
        Areas between each two classes: over all scans, and over those accepted.
    settled_macro_auc : float
        M of Hand and Till over the accepted scans.
    class_ece : tuple of float
        Calibration error of each class's probability.
    bins : tuple of Bin
        The reliability diagram of the class chosen.
    right_by_p, wrong_by_p : ndarray of int, shape (15,)
        Scans by probability of the class chosen, between the `THRESHOLDS`.
    curves : tuple of (Curve, Curve)
        For each pair, by p of its first class and by p of its second.
    """

    scans: int
    unanswered: int
    persons: int | None
    every: Acceptance
    settled: Acceptance
    sweep: tuple[Acceptance, ...]
    accuracy: Estimate
    macro_auc: Estimate
    ece: Estimate
    f1: tuple[Estimate, ...]
    log_loss: float
    pairs: tuple[Pair, ...]
    settled_pairs: tuple[Pair, ...]
    settled_macro_auc: float
    class_ece: tuple[float, ...]
    bins: tuple[Bin, ...]
    right_by_p: Indices
    wrong_by_p: Indices
    curves: tuple[tuple[Curve, Curve], ...]


def evaluate(
    truth: Indices,
    p: Array,
    persons: npt.NDArray[Any] | None = None,
    *,
    p_pass: float = QcSettings.p_pass,
    p_other: float = QcSettings.p_other,
    bins: int = BINS,
    draws: int = DRAWS,
    seed: int = 1,
) -> Evaluation:
    """Evaluate a classifier; the order of the scans does not matter.

    Parameters
    ----------
    truth : ndarray, shape (n,)
        Index of each scan's class in ``list(Outcome)``; n at least 1.
    p : ndarray, shape (n, 4)
        Probabilities in that order, 0 to 1; a scan with a NaN has no answer.
    persons : ndarray, shape (n,), optional
        Whose scan it is: the intervals of accuracy, F1, areas and calibration draw persons, not scans.
    p_pass, p_other : float
        Least probability to accept a pass, and to accept another class.
    bins : int
        Of the reliability diagram.
    draws, seed : int
        Of the bootstrap.

    Raises
    ------
    ValueError
        If shapes do not fit, or there is no scan.
    """
    if not len(truth) or p.shape != (len(truth), len(OUTCOMES)):
        raise ValueError(f"expected p of shape ({len(truth) or 'n'}, {len(OUTCOMES)}), got {p.shape}")
    truth, p, clusters, known = _in_order(truth, p, persons)
    chosen, p_chosen = choose(p)
    answered = answered_rows(p)
    right = chosen == truth
    accepted = accepted_rows(p, p_pass, p_other)
    every = Acceptance(0.0, 0.0, len(truth), confusion(truth, chosen))
    found = intervals(truth, p, clusters, bins=bins, draws=draws, seed=seed)
    return Evaluation(
        scans=len(truth),
        unanswered=int((~answered).sum()),
        persons=known,
        every=every,
        settled=accept(truth, p, p_pass, p_other),
        sweep=tuple(accept(truth, p, t, t) for t in THRESHOLDS),
        accuracy=found.accuracy if known else Estimate(every.right.value, *every.right.interval),
        macro_auc=found.macro_auc,
        ece=found.ece,
        f1=found.f1,
        log_loss=_log_loss(truth[answered], p[answered]),
        pairs=hand_till(truth[answered], p[answered]),
        settled_pairs=hand_till(truth[accepted], p[accepted]),
        settled_macro_auc=macro_area(truth[accepted], p[accepted]),
        class_ece=tuple(
            calibration_error(p[answered, k], truth[answered] == k, bins) for k in range(len(OUTCOMES))
        ),
        bins=reliability(p_chosen[answered], right[answered], bins),
        right_by_p=_histogram(p_chosen[answered & right]),
        wrong_by_p=_histogram(p_chosen[answered & ~right]),
        curves=pair_curves(truth[answered], p[answered]),
    )


def _in_order(
    truth: Indices, p: Array, persons: npt.NDArray[Any] | None
) -> tuple[Indices, Array, Indices, int | None]:
    """Sort the scans by what they hold, so that draws and sums do not depend on their order."""
    if persons is None:
        order = np.lexsort((*p.T, truth))
        return truth[order], p[order], np.arange(len(truth)), None
    names, clusters = np.unique(persons, return_inverse=True)
    order = np.lexsort((*p.T, truth, clusters))
    return truth[order], p[order], clusters[order], len(names)


def _log_loss(truth: Indices, p: Array) -> float:
    if not len(truth):
        return math.nan
    return float(-np.log(np.maximum(p[np.arange(len(truth)), truth], _LEAST_P)).mean())


def _histogram(p: Array) -> Indices:
    place = np.clip(np.searchsorted(THRESHOLDS, p, side="right") - 1, 0, len(THRESHOLDS) - 2)
    return np.bincount(place, minlength=len(THRESHOLDS) - 1)
