"""Make a classifier's probabilities honest, and find the threshold that keeps a risk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from defacto.qc.binomial import at_most, upper_bound

Floats = npt.NDArray[np.float64]

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
THRESHOLDS = (0.999, 0.998, 0.995, *(round(0.99 - 0.01 * i, 2) for i in range(50)))
"""Tried in this order: from strict to loose, down to 0.50, below which another outcome may be likelier."""
SPARE = 2
"""The search begins where so many bad ones could be borne, so that one unlucky label does not end it."""
_FLOOR = -50.0
"""Least difference of a logit to the largest: log-probabilities of 0 are minus infinity."""


@dataclass(frozen=True)
class Threshold:
    """The loosest threshold that keeps the risk.

    Parameters
    ----------
    p_pass : float
        A scan with this probability of a pass or more is accepted.
    accepted, bad : int
        Labelled scans that it accepts, and those of them that are bad.
    share : float
        Accepted scans among all labelled, 0 to 1.
    bound : float
        Upper bound of the share of bad scans among accepted ones, 0 to 1.
    """

    p_pass: float
    accepted: int
    bad: int
    share: float
    bound: float


@dataclass(frozen=True)
class TooFew:
    """There are too few labels for any threshold.

    Parameters
    ----------
    needed : int
        Least number of labelled accepted passes, if none of them is bad.
    accepted : int
        How many there are at the loosest threshold.
    """

    needed: int
    accepted: int


@dataclass(frozen=True)
class NoneHolds:
    """There are labels enough, but too many accepted scans are bad.

    Parameters
    ----------
    p_pass : float
        The threshold that the search began and ended with.
    accepted, bad : int
        Labelled scans that it accepts, and those of them that are bad.
    bound : float
        Upper bound of the share of bad scans among accepted ones, 0 to 1.
    """

    p_pass: float
    accepted: int
    bad: int
    bound: float


def scaled(logits: npt.ArrayLike, temperature: float) -> Floats:
    """Return softmax(logits / temperature): calibrated probabilities.

    Parameters
    ----------
    logits : array, shape (n, 4)
        Logits or log-probabilities; minus infinity stands for a probability of 0.
    temperature : float
        Above 0; 1 changes nothing, more makes less sure.

    Returns
    -------
    ndarray, shape (n, 4)
        Rows sum to 1, and keep their order.

    Raises
    ------
    ValueError
        If a row holds NaN, plus infinity or nothing finite, or the temperature is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"expected a temperature above 0, got {temperature}")
    powers = np.exp(_differences(logits) / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(logits: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """Return the temperature with the least log loss.

    The log loss is convex in 1 / temperature; its slope is bisected. Where the loss keeps falling, as when
    every prediction is right, the end of the range (0.05 to 20) is returned; where all rows are flat, 1.

    Parameters
    ----------
    logits : array, shape (n, 4)
        Logits or log-probabilities; minus infinity stands for a probability of 0.
    truth : array of int, shape (n,)
        Column of the true outcome, 0 to 3.

    Raises
    ------
    ValueError
        If there is nothing to learn from, or the arrays do not fit.

    References
    ----------
    Guo et al. (2017), On calibration of modern neural networks, doi:10.48550/arXiv.1706.04599.
    """
    differences, columns = _differences(logits), np.asarray(truth)
    if columns.shape != differences.shape[:1] or not columns.size:
        raise ValueError(f"expected as many truths as logits, got {columns.shape} and {differences.shape}")
    if not ((columns >= 0) & (columns < differences.shape[1])).all():
        raise ValueError(f"expected truths from 0 to {differences.shape[1] - 1}")
    if not differences.any():
        return 1.0
    aim = float(differences[np.arange(columns.size), columns.astype(np.intp)].mean())
    low, high = np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE)
    for _ in range(60):
        middle = (low + high) / 2
        expected = (scaled(differences, float(np.exp(middle))) * differences).sum(axis=1).mean()
        low, high = (low, middle) if expected <= aim else (middle, high)
    return float(np.clip(np.exp((low + high) / 2), MIN_TEMPERATURE, MAX_TEMPERATURE))


@lru_cache
def needed(bad: int, risk: float, confidence: float) -> int:
    """Return how many labelled accepted passes it takes at least when so many of them are bad.

    Examples
    --------
    >>> needed(0, 0.005, 0.95)
    598
    """
    _check(risk, confidence)
    low, high = bad, bad + 1
    while at_most(bad, high, risk) > 1 - confidence:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if at_most(bad, middle, risk) <= 1 - confidence else (middle, high)
    return high


def find_threshold(
    p_pass: npt.ArrayLike, bad: npt.ArrayLike, risk: float, confidence: float
) -> Threshold | TooFew | NoneHolds:
    """Find the loosest threshold at which the share of bad scans among accepted passes is below a risk.

    Each of `THRESHOLDS` is tested by the exact binomial tail: so few bad ones among so many accepted have a
    chance of 1 - confidence or less where the true share is the risk or more. The search is paid for by its
    order, which no label has a say in: from strict to loose, each at full level, until the first that fails.
    It begins where enough scans are accepted for `SPARE` bad ones to be borne, or as many as half of those
    at the loosest threshold could bear.

    Parameters
    ----------
    p_pass : array, shape (n,)
        Probability of a pass, 0 to 1; with NaN a scan is never accepted.
    bad : array of bool, shape (n,)
        Whether the scan is not a pass in truth.
    risk : float
        Between 0 and 1.
    confidence : float
        Between 0.5 and 1.

    Returns
    -------
    Threshold or TooFew or NoneHolds
        With a chance of at most 1 - confidence, the threshold returned does not keep the risk.

    Raises
    ------
    ValueError
        If the arrays do not fit, or risk or confidence is out of range.

    Notes
    -----
    Scans are taken to be drawn at random, labelled before the search and independent of each other.

    A wrong threshold is returned only if the first wrong one in the order passes its test. Whether the order
    begins at or above it depends only on counts at it and below, given which the bad ones above are
    binomial. Where the order begins below it, the test is exact as long as the scans between the two are bad
    at the rate of the risk or more, as they are where the share of bad scans does not fall on loosening.
    Without any such assumption it is exact for the share expected at the probabilities of the labelled scans:
    bad ones of unlike chances vary less than the binomial (Hoeffding).

    References
    ----------
    Angelopoulos et al. (2021), Learn then test, doi:10.48550/arXiv.2110.01052.
    Hoeffding (1956), doi:10.1214/aoms/1177728178.
    """
    _check(risk, confidence)
    p, wrong = np.asarray(p_pass, dtype=np.float64), np.asarray(bad)
    if p.ndim != 1 or p.shape != wrong.shape or wrong.dtype != np.bool_:
        raise ValueError(
            f"expected probabilities and truths (bool) of n scans, got {p.shape} and {wrong.shape}"
        )
    tests = [(t, int((p >= t).sum()), int((wrong & (p >= t)).sum())) for t in THRESHOLDS]
    most = tests[-1][1]
    least = needed(0, risk, confidence)
    if most < least:
        return TooFew(least, most)
    begin = next(
        (n for n in (needed(spare, risk, confidence) for spare in range(SPARE, 0, -1)) if n <= most // 2),
        least,
    )
    order = [each for each in tests if each[1] >= begin]
    held = list(takewhile(lambda each: at_most(each[2], each[1], risk) <= 1 - confidence, order))
    t, n, k = held[-1] if held else order[0]
    bound = upper_bound(k, n, confidence)
    return Threshold(t, n, k, n / len(p), bound) if held else NoneHolds(t, n, k, bound)


def _differences(logits: npt.ArrayLike) -> Floats:
    values = np.asarray(logits, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"expected logits (n, 4), got {values.shape}")
    top = values.max(axis=1, keepdims=True)
    if not np.isfinite(top).all():
        raise ValueError("expected logits with a finite largest one in each row")
    return np.asarray(np.maximum(values - top, _FLOOR))


def _check(risk: float, confidence: float) -> None:
    if not 0 < risk < 1:
        raise ValueError(f"expected a risk between 0 and 1, got {risk}")
    if not 0.5 < confidence < 1:
        raise ValueError(f"expected a confidence between 0.5 and 1, got {confidence}")
