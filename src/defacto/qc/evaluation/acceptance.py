"""What is left of a classifier's answers above a threshold: counts, and the rates that follow from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from defacto.qc.binomial import Share, upper_bound
from defacto.qc.evaluation.bootstrap import Array, Indices, divide
from defacto.qc.evaluation.roc import Flags
from defacto.types import Outcome

OUTCOMES = tuple(Outcome)
PASS, NO_ANSWER = OUTCOMES.index(Outcome.PASS), len(OUTCOMES)


@dataclass(frozen=True)
class Rates:
    """How well one class is told from the others.

    Parameters
    ----------
    sensitivity : Share
        Of the scans of this class, those called so.
    specificity : Share
        Of the scans of other classes, those not called so.
    precision : Share
        Of the scans called so, those of this class.
    f1 : float
        Harmonic mean of sensitivity and precision; NaN where the class neither is there nor is called.
    """

    sensitivity: Share
    specificity: Share
    precision: Share
    f1: float


@dataclass(frozen=True, eq=False)
class Acceptance:
    """The scans accepted at two thresholds.

    Parameters
    ----------
    p_pass, p_other : float
        Least probability to accept a pass, and to accept another class.
    scans : int
        How many there are, accepted or not.
    confusion : ndarray of int, shape (4, 5)
        Accepted scans by truth and by class called; the last column holds those without an answer.
    """

    p_pass: float
    p_other: float
    scans: int
    confusion: Indices

    @property
    def accepted(self) -> Share:
        """Of all scans, those accepted."""
        return Share(int(self.confusion.sum()), self.scans)

    @property
    def right(self) -> Share:
        """Of the accepted scans, those called what they are."""
        return Share(int(np.trace(self.confusion)), int(self.confusion.sum()))

    @property
    def missed(self) -> Share:
        """Of the accepted passes, those that are truly not a pass: the miss rate."""
        called = int(self.confusion[:, PASS].sum())
        return Share(called - int(self.confusion[PASS, PASS]), called)

    @property
    def missed_at_most(self) -> float:
        """The exact upper 95 % bound of the miss rate; NaN where no pass is accepted."""
        missed = self.missed
        return upper_bound(missed.count, missed.of) if missed.of else math.nan

    @property
    def rates(self) -> tuple[Rates, ...]:
        """How well each class is told from the others, among the accepted scans."""
        return tuple(_rates(self.confusion, k) for k in range(len(OUTCOMES)))


def accept(truth: Indices, p: Array, p_pass: float, p_other: float) -> Acceptance:
    """Accept what is sure enough, and count it.

    Parameters
    ----------
    truth : ndarray, shape (n,)
        Index of each scan's class in `OUTCOMES`.
    p : ndarray, shape (n, 4)
        Probability of each class. A scan with a NaN has no answer and is never accepted.
    p_pass, p_other : float
        A scan is accepted where its largest probability is at least this.
    """
    chosen, _ = choose(p)
    accepted = accepted_rows(p, p_pass, p_other)
    return Acceptance(p_pass, p_other, len(truth), confusion(truth[accepted], chosen[accepted]))


def choose(p: Array) -> tuple[Indices, Array]:
    """Return the class of the largest probability, and that probability.

    Of equal ones the class farthest from pass is chosen. A scan with a NaN has no answer: `NO_ANSWER`, NaN.
    """
    answered = answered_rows(p)
    chosen = np.full(len(p), NO_ANSWER)
    p_chosen = np.full(len(p), np.nan)
    chosen[answered] = len(OUTCOMES) - 1 - p[answered, ::-1].argmax(axis=1)
    p_chosen[answered] = p[answered].max(axis=1)
    return chosen, p_chosen


def answered_rows(p: Array) -> Flags:
    """Return which scans have four probabilities, shape (n,)."""
    return np.asarray(np.isfinite(p).all(axis=1))


def accepted_rows(p: Array, p_pass: float, p_other: float) -> Flags:
    """Return which scans are sure enough, shape (n,)."""
    chosen, p_chosen = choose(p)
    return np.asarray(p_chosen >= np.where(chosen == PASS, p_pass, p_other))


def confusion(truth: Indices, chosen: Indices) -> Indices:
    """Count scans by truth and by class chosen, shape (4, 5)."""
    shape = (len(OUTCOMES), len(OUTCOMES) + 1)
    return np.bincount(truth * shape[1] + chosen, minlength=shape[0] * shape[1]).reshape(shape)


def f1(counts: Array) -> Array:
    """Return F1 of each class, shape (..., 4), of confusions, shape (..., 4, 5)."""
    there, called = counts.sum(axis=-1), counts[..., :NO_ANSWER].sum(axis=-2)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    return divide(2 * hits, there + called)


def _rates(counts: Indices, k: int) -> Rates:
    hits, there, called = int(counts[k, k]), int(counts[k].sum()), int(counts[:, k].sum())
    others = int(counts.sum()) - there
    return Rates(
        Share(hits, there),
        Share(others - (called - hits), others),
        Share(hits, called),
        2 * hits / (there + called) if there + called else math.nan,
    )
