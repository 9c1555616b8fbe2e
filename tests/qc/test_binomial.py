import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defacto.qc.binomial import Share, at_most, lower_bound, upper_bound, wilson

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
confidences = st.floats(0.5, 0.999)


def chance_of_at_most(k, n, p):
    return math.fsum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))


@given(counts, st.floats(0.001, 0.999))
def test_the_tail_is_the_sum_of_its_terms(count, p):
    assert at_most(*count, p) == pytest.approx(chance_of_at_most(*count, p), rel=1e-9, abs=1e-12)


@given(counts, confidences)
def test_bounds_solve_their_defining_equation(count, confidence):
    k, n = count
    if k < n:
        p = upper_bound(k, n, confidence)
        assert chance_of_at_most(k, n, p) == pytest.approx(1 - confidence, rel=1e-6)
    if k > 0:
        p = lower_bound(k, n, confidence)
        assert 1 - chance_of_at_most(k - 1, n, p) == pytest.approx(1 - confidence, rel=1e-5, abs=1e-9)


@given(counts, confidences)
def test_bounds_and_interval_hold_the_share(count, confidence):
    k, n = count
    assert 0 <= lower_bound(k, n, confidence) <= k / n <= upper_bound(k, n, confidence) <= 1
    low, high = wilson(k, n, confidence)
    assert 0 <= low <= k / n <= high <= 1


@given(counts)
def test_more_bad_ones_and_more_confidence_raise_the_bound(count):
    k, n = count
    assert upper_bound(k, n, 0.9) <= upper_bound(k, n, 0.95)
    if k < n:
        assert upper_bound(k, n) <= upper_bound(k + 1, n)
        assert upper_bound(k, n + 1) <= upper_bound(k, n)


@pytest.mark.parametrize(
    ("k", "n", "confidence", "low", "high"),
    [(0, 10, 0.975, 0.0, 0.30850), (5, 10, 0.975, 0.18709, 0.81291), (10, 10, 0.975, 0.69150, 1.0)],
)
def test_published_values(k, n, confidence, low, high):
    assert lower_bound(k, n, confidence) == pytest.approx(low, abs=1e-5)
    assert upper_bound(k, n, confidence) == pytest.approx(high, abs=1e-5)


def test_none_bad_is_the_root_of_the_doubt():
    assert upper_bound(0, 598) == pytest.approx(1 - 0.05 ** (1 / 598), rel=1e-12)
    assert upper_bound(0, 597) > 0.005 > upper_bound(0, 598)


def test_of_none_nothing_is_known():
    assert upper_bound(0, 0) == 1
    assert lower_bound(0, 0) == 0
    assert wilson(0, 0) == (0, 1)
    assert math.isnan(Share(0, 0).value)
    assert all(map(math.isnan, Share(0, 0).interval))


def test_many_scans_are_no_trouble():
    off = 1.645 * math.sqrt(0.01 * 0.99 / 235_000)
    assert lower_bound(2350, 235_000) == pytest.approx(0.01 - off, abs=1e-5)
    assert upper_bound(2350, 235_000) == pytest.approx(0.01 + off, abs=1e-5)


@pytest.mark.parametrize(("k", "n", "confidence"), [(-1, 5, 0.95), (6, 5, 0.95), (1, 5, 0.0), (1, 5, 1.0)])
def test_nonsense_is_refused(k, n, confidence):
    for bound in (upper_bound, lower_bound, wilson):
        with pytest.raises(ValueError, match="expected a"):
            bound(k, n, confidence)
