"""Areas under ROC curves of two and of many classes, with weights, ties counted half."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from defacto.qc.evaluation.bootstrap import Array, Indices, divide

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Two classes sorted by a score, so that the area costs one running sum for any weights.

    Parameters
    ----------
    rows : ndarray, shape (m,)
        Rows of both classes, lowest score first; or, for weights of clusters, the cluster of each.
    positive : ndarray of bool, shape (m,)
        Which of them are of the positive class.
    below, upto : ndarray, shape (positives,)
        For each positive, how many of `rows` score less, and how many score less or the same.
    """

    rows: Indices
    positive: Flags
    below: Indices
    upto: Indices

    def area(self, weights: Array) -> Array:
        """Return the area under the curve for each set of weights.

        Parameters
        ----------
        weights : ndarray, shape (draws, n)
            How often each row, or cluster, counts.

        Returns
        -------
        ndarray, shape (draws,)
            Chance that a positive scores more than a negative, ties counted half; NaN where a class is
            absent.
        """
        sorted_weights = weights[:, self.rows]
        negatives = np.zeros((len(weights), len(self.rows) + 1))
        np.cumsum(np.where(self.positive, 0.0, sorted_weights), axis=1, out=negatives[:, 1:])
        positives = sorted_weights[:, self.positive]
        won = (positives * (negatives[:, self.below] + negatives[:, self.upto])).sum(axis=1) / 2
        pairs = positives.sum(axis=1) * negatives[:, -1]
        return divide(won, pairs)


def rank(scores: Array, positive: Flags, negative: Flags) -> Ranking:
    """Sort the rows of two classes by a score.

    Parameters
    ----------
    scores : ndarray, shape (n,)
        Higher speaks for the positive class; finite for the rows of both classes.
    positive, negative : ndarray of bool, shape (n,)
        The rows of each class.
    """
    members = np.flatnonzero(positive | negative)
    rows = members[np.argsort(scores[members], kind="stable")]
    ordered, is_positive = scores[rows], positive[rows]
    below = np.searchsorted(ordered, ordered[is_positive], side="left")
    upto = np.searchsorted(ordered, ordered[is_positive], side="right")
    return Ranking(rows, is_positive, below, upto)


def auc(scores: Array, positive: Flags) -> float:
    """Return the area under the ROC curve of positives against all others; NaN where a class is absent.

    Examples
    --------
    >>> auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    0.875
    """
    return float(rank(scores, positive, ~positive).area(np.ones((1, len(scores))))[0])


@dataclass(frozen=True, eq=False)
class Curve:
    """An ROC curve: both rates rise together from 0 to 1; empty where a class is absent."""

    false_rate: Array
    true_rate: Array


def roc_curve(scores: Array, positive: Flags, negative: Flags) -> Curve:
    """Return the ROC curve of two classes, one point for each score."""
    if not positive.any() or not negative.any():
        return Curve(np.empty(0), np.empty(0))
    members = positive | negative
    order = np.argsort(-scores[members], kind="stable")
    ordered, is_positive = scores[members][order], positive[members][order]
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    true = np.cumsum(is_positive)[last] / positive.sum()
    false = np.cumsum(~is_positive)[last] / negative.sum()
    return Curve(np.append(0.0, false), np.append(0.0, true))


@dataclass(frozen=True, eq=False)
class Pair:
    """Two classes against each other, for the measure of Hand and Till.

    Parameters
    ----------
    first, second : int
        The classes.
    a_first : float
        A(first|second): the chance that a row of the first class has the higher p of the first class.
    a_second : float
        A(second|first): the same the other way round.
    """

    first: int
    second: int
    a_first: float
    a_second: float

    @property
    def a(self) -> float:
        """A(first, second): the mean of both."""
        return (self.a_first + self.a_second) / 2


def hand_till(truth: Indices, p: Array) -> tuple[Pair, ...]:
    """Return the area between each two classes, as Hand and Till (2001) define it.

    Parameters
    ----------
    truth : ndarray, shape (n,)
        Class of each row, 0 to classes - 1.
    p : ndarray, shape (n, classes)
        Probability of each class.

    Returns
    -------
    tuple of Pair
        In the order (0, 1), (0, 2), ...; NaN where a class is absent.

    References
    ----------
    doi:10.1023/A:1010920819831
    """
    once = np.ones((1, len(truth)))
    rankings = rank_pairs(truth, p)
    areas = [float(ranking.area(once)[0]) for ranking in rankings]
    pairs = combinations(range(p.shape[1]), 2)
    return tuple(Pair(i, j, areas[2 * k], areas[2 * k + 1]) for k, (i, j) in enumerate(pairs))


def pair_curves(truth: Indices, p: Array) -> tuple[tuple[Curve, Curve], ...]:
    """Return the curves of each pair of classes: by p of the first, and by p of the second."""
    return tuple(
        (
            roc_curve(p[:, i], truth == i, truth == j),
            roc_curve(p[:, j], truth == j, truth == i),
        )
        for i, j in combinations(range(p.shape[1]), 2)
    )


def macro_area(truth: Indices, p: Array) -> float:
    """Return the measure M of Hand and Till, 0 to 1, higher is better; see `macro_areas`."""
    return float(macro_areas(rank_pairs(truth, p), np.ones((1, len(truth))))[0])


def rank_pairs(truth: Indices, p: Array) -> list[Ranking]:
    """Return the two rankings of each pair of classes, those of (0|1), (1|0), (0|2), ..."""
    found = []
    for i, j in combinations(range(p.shape[1]), 2):
        for one, other in ((i, j), (j, i)):
            found.append(rank(p[:, one], truth == one, truth == other))
    return found


def macro_areas(rankings: Sequence[Ranking], weights: Array) -> Array:
    """Return the measure M of Hand and Till for each set of weights, shape (draws,).

    The mean over the pairs of which both classes are there; NaN where there is none.
    """
    total, known = np.zeros(len(weights)), np.zeros(len(weights))
    for ranking in rankings:
        area = ranking.area(weights)
        total += np.nan_to_num(area)
        known += np.isfinite(area)
    return divide(total, known)
