"""Paired tests and exact intervals against what is known of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from defacto.studies.tests import exact_interval, holm, mcnemar

yes_no = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(163, 179, 0.8591, 0.9480), (142, 179, 0.7265, 0.8501), (0, 179, 0.0, 0.0204), (179, 179, 0.9796, 1.0)],
)
def test_exact_intervals_of_gaos_table(count, of, low, high):
    assert exact_interval(count, of) == pytest.approx((low, high), abs=2e-4)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_share_lies_in_its_interval(counted):
    low, high = exact_interval(*counted)
    assert 0 <= low <= counted[0] / counted[1] <= high <= 1


@pytest.mark.parametrize(
    ("first", "second", "p"), [(6, 0, 0.03125), (10, 2, 0.03857), (5, 5, 1.0), (0, 0, 1.0), (1, 0, 1.0)]
)
def test_mcnemar_is_the_exact_sign_test_of_those_that_differ(first, second, p):
    one = [True] * first + [False] * second + [True] * 7 + [False] * 4
    other = [False] * first + [True] * second + [True] * 7 + [False] * 4
    assert mcnemar(one, other) == (first, second, pytest.approx(p, abs=1e-5))


@given(yes_no)
def test_mcnemar_knows_no_order(pairs):
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    first, second, p = mcnemar(one, other)
    assert mcnemar(other, one) == (second, first, pytest.approx(p))
    assert 0 < p <= 1
    assert mcnemar(one, one)[2] == 1.0


def test_other_heads_are_refused():
    with pytest.raises(ValueError, match="same heads"):
        mcnemar([True], [True, False])


@given(st.lists(st.floats(0, 1), max_size=30))
def test_holm_raises_p_values_and_keeps_their_order(values):
    corrected = holm(values)
    assert all(a <= b <= 1 for a, b in zip(values, corrected, strict=True))
    order = np.argsort(values, kind="stable")
    assert all(np.diff(np.array(corrected)[order]) >= 0)
    if values:
        assert min(corrected) == pytest.approx(min(1.0, min(values) * len(values)))
