"""Shares of a count: the exact bounds of Clopper and Pearson, and the interval of Wilson."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Share:
    """So many of so many; of none it is NaN."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.count / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of Wilson."""
        return wilson(self.count, self.of) if self.of else (math.nan, math.nan)


def upper_bound(bad: int, n: int, confidence: float = CONFIDENCE) -> float:
    """Return the exact one-sided upper bound of a share (Clopper and Pearson).

    The largest p for which `bad` or fewer of `n` still have a chance of 1 - `confidence`. For the upper end
    of a two-sided 95 % interval give a confidence of 0.975.

    Parameters
    ----------
    bad : int
        How many were counted, 0 to n.
    n : int
        Of how many, independent of each other.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    float
        Share, 0 to 1; 1 where `n` is 0.

    Raises
    ------
    ValueError
        If `bad` is not between 0 and `n`, or `confidence` not between 0 and 1.

    References
    ----------
    Clopper and Pearson (1934), doi:10.1093/biomet/26.4.404.

    Examples
    --------
    >>> round(upper_bound(0, 299), 4)
    0.01
    >>> round(upper_bound(2, 1000, 0.975), 5)
    0.00721
    """
    _check(bad, n, confidence)
    if bad == n:
        return 1.0
    log_choose = _log_choose(bad, n)
    low, high = bad / n, 1.0
    while True:
        middle = (low + high) / 2
        if not low < middle < high:
            return high
        if _tail(log_choose, n, middle) > 1 - confidence:
            low = middle
        else:
            high = middle


def lower_bound(bad: int, n: int, confidence: float = CONFIDENCE) -> float:
    """Return the exact one-sided lower bound of a share; 0 where `n` is 0; see `upper_bound`."""
    return 1.0 - upper_bound(n - bad, n, confidence)


def at_most(count: int, n: int, p: float) -> float:
    """Return the chance of `count` or fewer of `n` where each has the chance `p`, 0 to 1."""
    _check(count, n, CONFIDENCE)
    if count == n or p <= 0:
        return 1.0
    return 0.0 if p >= 1 else _tail(_log_choose(count, n), n, p)


def wilson(count: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the two-sided interval of Wilson of a share; 0 to 1 where `n` is 0.

    References
    ----------
    Wilson (1927), doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> low, high = wilson(90, 100)
    >>> round(low, 4), round(high, 4)
    (0.8256, 0.9448)
    """
    _check(count, n, confidence)
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, scale = count / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == n else min(1.0, middle + half)
    return low, high


def _log_choose(most: int, n: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the logarithm of n over i for i = 0 to `most`."""
    i = np.arange(1, most + 1, dtype=np.float64)
    return np.concatenate([[0.0], np.cumsum(np.log((n - i + 1) / i))])


def _tail(log_choose: np.ndarray[tuple[int], np.dtype[np.float64]], n: int, p: float) -> float:
    i = np.arange(len(log_choose), dtype=np.float64)
    logs = log_choose + i * math.log(p) + (n - i) * math.log1p(-p)
    top = float(logs.max())
    return min(1.0, math.exp(top) * float(np.exp(logs - top).sum()))


def _check(count: int, n: int, confidence: float) -> None:
    if not 0 <= count <= n:
        raise ValueError(f"expected a count from 0 to {n}, got {count}")
    if not 0 < confidence < 1:
        raise ValueError(f"expected a confidence between 0 and 1, got {confidence}")
