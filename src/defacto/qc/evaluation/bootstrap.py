"""Intervals by drawing persons again and again, with all draws worked out at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

_MOST_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval; NaN where unknown."""

    value: float
    low: float = math.nan
    high: float = math.nan


def draw_weights(clusters: int, rows: int, draws: int, seed: int) -> Iterator[Array]:
    """Draw as many clusters as there are, with replacement, and count how often each was drawn.

    Parameters
    ----------
    clusters : int
        Independent units, such as persons.
    rows : int
        Scans of all clusters; they set how many draws are held at once.
    draws, seed : int
        How many draws; the same seed gives the same draws.

    Yields
    ------
    ndarray, shape (some draws, clusters)
        Times that each cluster was drawn.
    """
    random = np.random.default_rng(seed)
    at_once = max(1, _MOST_AT_ONCE // max(rows, clusters, 1))
    for begin in range(0, draws, at_once):
        some = min(at_once, draws - begin)
        drawn = random.integers(clusters, size=(some, clusters)) + clusters * np.arange(some)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=some * clusters)
        yield counts.reshape(some, clusters).astype(np.float64)


def percentiles(value: float, samples: Array) -> Estimate:
    """Return a figure with the middle 95 % of its draws, widened to hold the figure itself.

    Parameters
    ----------
    value : float
        The figure of all scans.
    samples : ndarray, shape (draws,)
        The figure in each draw; NaN where a draw does not have it.
    """
    known = samples[np.isfinite(samples)]
    if math.isnan(value) or not known.size:
        return Estimate(value)
    low, high = np.percentile(known, [2.5, 97.5])
    return Estimate(value, min(value, float(low)), max(value, float(high)))


def divide(of: Array, by: Array) -> Array:
    """Return quotients of equal shape; NaN where there is nothing to divide by."""
    found: Array = np.divide(of, by, out=np.full(of.shape, np.nan), where=by > 0)
    return found
