"""The figures of a classifier that get their interval by drawing persons."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from defacto.qc.binomial import wilson
from defacto.qc.evaluation.acceptance import OUTCOMES, answered_rows, choose, f1
from defacto.qc.evaluation.bootstrap import Array, Estimate, Indices, divide, draw_weights, percentiles
from defacto.qc.evaluation.reliability import bin_of
from defacto.qc.evaluation.roc import macro_areas, rank_pairs

_CALLS = len(OUTCOMES) + 1


@dataclass(frozen=True)
class Intervals:
    """Figures with 95 % intervals."""

    accuracy: Estimate
    macro_auc: Estimate
    ece: Estimate
    f1: tuple[Estimate, ...]


def intervals(truth: Indices, p: Array, clusters: Indices, *, bins: int, draws: int, seed: int) -> Intervals:
    """Work out figures for all scans and for draws of their clusters.

    Parameters
    ----------
    truth : ndarray, shape (n,)
        Index of each scan's class.
    p : ndarray, shape (n, 4)
        Probabilities; a scan with a NaN has no answer.
    clusters : ndarray, shape (n,)
        Which independent unit each scan belongs to, from 0 without gaps.
    bins : int
        Of the calibration error.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    Intervals
        With one cluster there are no intervals. Where all scans are right, or none, draws do not differ:
        the interval of accuracy is then that of Wilson with as many scans as there are clusters.
    """
    units = int(clusters.max()) + 1
    figures = _Figures(truth, p, clusters, units, bins)
    values = figures.of(np.ones((1, units)))[0]
    found = [Estimate(float(value)) for value in values]
    if units > 1:
        samples = np.concatenate([figures.of(w) for w in draw_weights(units, len(truth), draws, seed)])
        found = [percentiles(float(value), drawn) for value, drawn in zip(values, samples.T, strict=True)]
    if values[0] in {0.0, 1.0}:
        found[0] = Estimate(found[0].value, *wilson(round(values[0]) * units, units))
    return Intervals(found[0], found[1], found[2], tuple(found[3:]))


class _Figures:
    """Sums by cluster, from which the figures of any draw follow."""

    def __init__(self, truth: Indices, p: Array, clusters: Indices, units: int, bins: int) -> None:
        chosen, p_chosen = choose(p)
        here = answered_rows(p)
        gap = p_chosen[here] - (chosen == truth)[here]
        calls = _CALLS * truth + chosen
        self._counts = _summed(clusters, calls, np.ones(len(truth)), (units, _CALLS * len(OUTCOMES)))
        self._gaps = _summed(clusters[here], bin_of(p_chosen[here], bins), gap, (units, bins))
        rankings = rank_pairs(truth[here], p[here])
        self._rankings = [replace(ranking, rows=clusters[here][ranking.rows]) for ranking in rankings]

    def of(self, weights: Array) -> Array:
        """Return accuracy, macro area, calibration error and four F1 for each set of weights."""
        counts = (weights @ self._counts).reshape(-1, len(OUTCOMES), _CALLS)
        answered = counts[..., :-1].sum(axis=(1, 2))
        right = np.trace(counts, axis1=1, axis2=2) / counts.sum(axis=(1, 2))
        gaps = np.abs(weights @ self._gaps).sum(axis=1)
        error = divide(gaps, answered)
        return np.column_stack([right, macro_areas(self._rankings, weights), error, f1(counts)])


def _summed(clusters: Indices, places: Indices, values: Array, shape: tuple[int, int]) -> Array:
    flat = np.bincount(clusters * shape[1] + places, weights=values, minlength=shape[0] * shape[1])
    return flat.astype(np.float64).reshape(shape)
