"""How well readers agree, beyond chance: Cohen's and Fleiss' kappa."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.float64]


def cohen_kappa(confusion: Counts) -> float:
    """Return Cohen's kappa of two readers, 1 for full agreement, 0 for that of chance.

    Parameters
    ----------
    confusion : ndarray, shape (k, k)
        Scans by the first reader's word (rows) and the second's.

    Returns
    -------
    float
        NaN where nothing was read, or where both always say the same one word: chance alone agrees fully.

    References
    ----------
    Cohen 1960, doi:10.1177/001316446002000104.

    Examples
    --------
    >>> round(cohen_kappa(np.array([[20.0, 5.0], [10.0, 15.0]])), 3)
    0.4
    """
    total = confusion.sum()
    if not total:
        return math.nan
    by_chance = float(confusion.sum(axis=0) @ confusion.sum(axis=1)) / total**2
    return _beyond_chance(float(np.trace(confusion)) / total, by_chance)


def fleiss_kappa(words: Counts) -> float:
    """Return Fleiss' kappa of many readers, who need not be the same for every scan.

    Each scan weighs by its pairs of readers; with as many readers for every scan it is Fleiss' own.

    Parameters
    ----------
    words : ndarray, shape (scans, k)
        How many readers gave a scan each of k words; scans with fewer than two readers are left out.

    References
    ----------
    Fleiss 1971, doi:10.1037/h0031619.

    Examples
    --------
    >>> fleiss_kappa(np.array([[3.0, 0.0], [0.0, 3.0]]))
    1.0
    """
    readers = words.sum(axis=1)
    words, readers = words[readers > 1], readers[readers > 1]
    if not len(words):
        return math.nan
    pairs = readers * (readers - 1)
    agreed = float((words * (words - 1)).sum() / pairs.sum())
    shares = words.sum(axis=0) / words.sum()
    return _beyond_chance(agreed, float(shares @ shares))


def _beyond_chance(observed: float, by_chance: float) -> float:
    return math.nan if by_chance >= 1 - 1e-12 else (observed - by_chance) / (1 - by_chance)
