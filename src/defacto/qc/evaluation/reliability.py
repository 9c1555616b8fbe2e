"""Whether probabilities mean what they say: the reliability diagram and the expected calibration error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from defacto.qc.binomial import Share
from defacto.qc.evaluation.bootstrap import Array, Indices
from defacto.qc.evaluation.roc import Flags


@dataclass(frozen=True)
class Bin:
    """Scans of about the same probability.

    Parameters
    ----------
    low, high : float
        Its edges.
    mean_p : float
        Mean probability of its scans; NaN where it has none.
    right : Share
        How many of them are right.
    """

    low: float
    high: float
    mean_p: float
    right: Share


def reliability(p: Array, right: Flags, bins: int) -> tuple[Bin, ...]:
    """Count how often a probability was right, in bins of equal width from 0 to 1.

    Parameters
    ----------
    p : ndarray, shape (n,)
        Probabilities, 0 to 1.
    right : ndarray of bool, shape (n,)
        Whether what they speak for is so.
    bins : int
        How many.
    """
    place = bin_of(p, bins)
    n = np.bincount(place, minlength=bins)
    hits = np.bincount(place, weights=right, minlength=bins)
    sums = np.bincount(place, weights=p, minlength=bins)
    return tuple(
        Bin(b / bins, (b + 1) / bins, sums[b] / n[b] if n[b] else math.nan, Share(int(hits[b]), int(n[b])))
        for b in range(bins)
    )


def calibration_error(p: Array, right: Flags, bins: int) -> float:
    """Return the expected calibration error, 0 to 1, lower is better; NaN of no scans.

    The mean distance between probability and share right over the bins, weighted by their scans.

    References
    ----------
    Guo et al. (2017), arXiv:1706.04599.
    """
    gaps = np.bincount(bin_of(p, bins), weights=p - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(p)) if len(p) else math.nan


def bin_of(p: Array, bins: int) -> Indices:
    """Return the bin of each probability; an upper edge belongs to the next bin, 1 to the last."""
    return np.clip((p * bins).astype(np.int64), 0, bins - 1)
