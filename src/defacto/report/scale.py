"""Axes: from values to places in a picture, and round numbers to write beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_FARTHEST = 1e15


@dataclass(frozen=True)
class Scale:
    """A horizontal axis.

    Parameters
    ----------
    low, high : float
        Values at its ends; low < high.
    width : float
        Length in px.
    bend : float, optional
        Above 0, the axis is linear below this value and logarithmic above it, for measures of wide range.
    """

    low: float
    high: float
    width: float
    bend: float = 0.0

    def at(self, value: float) -> float:
        """Return the place of a value, in px from the left end; values off the axis lie at its end."""
        low, high = self._bent(self.low), self._bent(self.high)
        share = (self._bent(value) - low) / (high - low)
        return self.width * min(1.0, max(0.0, share))

    def ticks(self) -> list[float]:
        """Return round values along the axis."""
        if not self.bend:
            return round_steps(self.low, self.high)
        powers = range(math.floor(math.log10(self.bend)), math.ceil(math.log10(self.high)) + 1)
        found = [0.0, *(10.0**p for p in powers if self.bend * 0.99 <= 10.0**p <= self.high)]
        return [tick for tick in found if tick >= self.low]

    def _bent(self, value: float) -> float:
        return math.asinh(value / self.bend) if self.bend else value


def round_steps(low: float, high: float, about: int = 5) -> list[float]:
    """Return about `about` round values from low to high: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def _tamed(value: float) -> float:
    """Return a value that an axis can be made for, neither huge nor all but 0."""
    return 0.0 if abs(value) < 1 / _FARTHEST else min(max(value, -_FARTHEST), _FARTHEST)


def scale_for(values: Sequence[float], limit: float | None, unit: str, width: float) -> Scale:
    """Return an axis that holds all values and the limit.

    Shares run from 0 to 1. Values farther out than any measure can be lie at the axis's end. Values of one
    sign over more than two orders of magnitude get a bent axis.
    """
    every = [_tamed(value) for value in (*values, *(() if limit is None else (limit,)))]
    if unit == "share" and all(0 <= value <= 1 for value in every):
        return Scale(0.0, 1.0, width)
    low, high = min([0.0, *every]), max([0.0, *every])
    if low == high:
        return Scale(0.0, 1.0, width)
    high = high + 0.04 * (high - low) if high > 0 else high
    usual = sorted(abs(v) for v in every if v)
    if low == 0 and usual and high > 40 * max(usual[len(usual) // 4], high * 1e-5):
        bend = 10.0 ** math.floor(math.log10(max(usual[len(usual) // 4], high * 1e-5)))
        return Scale(0.0, high, width, bend=bend)
    return Scale(low, high, width)
