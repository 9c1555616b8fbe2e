"""Tests of paired yes and no: McNemar's exact test, and Holm's correction for many of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from defacto.qc.binomial import at_most, lower_bound, upper_bound

_TWO_SIDED = 0.975


def exact_interval(count: int, of: int) -> tuple[float, float]:
    """Return the two-sided exact 95 % interval of a share (Clopper and Pearson).

    Examples
    --------
    >>> low, high = exact_interval(163, 179)
    >>> round(low, 3), round(high, 3)
    (0.859, 0.948)
    """
    return lower_bound(count, of, _TWO_SIDED), upper_bound(count, of, _TWO_SIDED)


def mcnemar(one: Sequence[bool], other: Sequence[bool]) -> tuple[int, int, float]:
    """Return on how many only the one succeeded, on how many only the other, and the exact p value.

    Parameters
    ----------
    one, other : sequence of bool
        Whether each succeeded, on the same heads in the same order.

    References
    ----------
    McNemar (1947), doi:10.1007/BF02295996.

    Examples
    --------
    >>> mcnemar([True] * 6 + [False], [False] * 6 + [False])
    (6, 0, 0.03125)
    """
    if len(one) != len(other):
        raise ValueError(f"expected the same heads, got {len(one)} and {len(other)}")
    first = sum(a and not b for a, b in zip(one, other, strict=True))
    second = sum(b and not a for a, b in zip(one, other, strict=True))
    if first + second == 0:
        return 0, 0, 1.0
    return first, second, min(1.0, 2 * at_most(min(first, second), first + second, 0.5))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number, in the order given.

    References
    ----------
    Holm (1979), https://www.jstor.org/stable/4615733.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, p_values[place] * (len(p_values) - rank)))
        corrected[place] = highest
    return corrected
