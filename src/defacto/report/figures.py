"""Shares and areas as a person reads them: no more digits than tell, and a dash for unknown."""

from __future__ import annotations

import math

UNKNOWN = "–"


def percent(share: float) -> str:
    """Return a share in percent; one near 0 or 1 is never rounded to it.

    Examples
    --------
    >>> percent(0.9643), percent(0.99996), percent(1.0), percent(float("nan"))
    ('96.4 %', '99.996 %', '100 %', '–')
    """
    return UNKNOWN if math.isnan(share) else f"{_digits(share)} %"


def span(interval: tuple[float, float]) -> str:
    """Return an interval of a share in percent, the sign left out."""
    return UNKNOWN if math.isnan(sum(interval)) else f"{_digits(interval[0])} to {_digits(interval[1])}"


def decimals(value: float, places: int = 3) -> str:
    """Return a number with fixed decimals; one near 1 is never rounded to it."""
    if math.isnan(value):
        return UNKNOWN
    while places < 6 and round(value, places) == 1 and value < 1:
        places += 1
    return f"{value:.{places}f}"


def decimal_span(low: float, high: float, places: int = 3) -> str:
    """Return an interval with fixed decimals."""
    return UNKNOWN if math.isnan(low + high) else f"{decimals(low, places)} to {decimals(high, places)}"


def _digits(share: float) -> str:
    if share in {0.0, 1.0}:
        return f"{100 * share:.0f}"
    places = next((n for n in range(1, 5) if 0 < round(100 * share, n) < 100), 5)
    return f"{100 * share:.{places}f}"
