"""A temperature keeps the order and never makes the loss worse; a threshold that is found keeps the risk."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from defacto.qc.binomial import at_most
from defacto.qc.calibrate import (
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    THRESHOLDS,
    NoneHolds,
    Threshold,
    TooFew,
    find_threshold,
    fit_temperature,
    needed,
    scaled,
)

logits = st.integers(1, 30).flatmap(lambda n: arrays(float, (n, 4), elements=st.floats(-30, 30)))


def loss(values, truth, temperature):
    p = scaled(values, temperature)[np.arange(len(truth)), truth]
    return -np.log(np.maximum(p, 1e-300)).mean()


def drawn(temperature, n=20_000, seed=1):
    """Return logits that are right when divided by that temperature, and truths drawn from them."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 2, (n, 4))
    p = scaled(values, 1.0)
    truth = (rng.random((n, 1)) > p.cumsum(axis=1)).sum(axis=1).clip(0, 3)
    return values * temperature, truth


@given(logits, st.floats(0.05, 20))
def test_probabilities_sum_to_one_and_keep_their_order(values, temperature):
    p = scaled(values, temperature)
    assert np.allclose(p.sum(axis=1), 1)
    for row, made in zip(values, p, strict=True):
        assert (np.diff(made[np.argsort(row)]) >= 0).all()


@given(logits, st.data())
def test_no_other_temperature_has_a_smaller_loss(values, data):
    truth = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values))))
    fitted = fit_temperature(values, truth)
    assert MIN_TEMPERATURE <= fitted <= MAX_TEMPERATURE
    best = loss(values, truth, fitted)
    for other in (MIN_TEMPERATURE, fitted / 1.05, 1.0, fitted * 1.05, MAX_TEMPERATURE):
        if MIN_TEMPERATURE <= other <= MAX_TEMPERATURE:
            assert best <= loss(values, truth, other) + 1e-7


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_the_temperature_of_made_logits_is_found(temperature):
    values, truth = drawn(temperature)
    assert fit_temperature(values, truth) == pytest.approx(temperature, rel=0.03)


def test_log_probabilities_do_as_well_as_logits():
    values, truth = drawn(2.0, n=500)
    with np.errstate(divide="ignore"):
        log_p = np.log(scaled(values, 1.0))
    assert fit_temperature(log_p, truth) == pytest.approx(fit_temperature(values, truth))


def test_a_probability_of_zero_stays_finite():
    log_p = np.array([[0.0, -np.inf, -np.inf, -np.inf], [-np.inf, 0.0, -np.inf, -np.inf]])
    assert fit_temperature(log_p, [0, 1]) == pytest.approx(MIN_TEMPERATURE)
    assert fit_temperature(log_p, [1, 2]) == pytest.approx(MAX_TEMPERATURE)
    assert np.isfinite(scaled(log_p, 2.0)).all()


def test_flat_rows_teach_nothing():
    assert fit_temperature(np.zeros((3, 4)), [0, 1, 2]) == 1.0


@pytest.mark.parametrize(
    ("values", "truth"),
    [
        (np.zeros((0, 4)), []),
        (np.zeros((2, 4)), [0]),
        (np.zeros((1, 4)), [4]),
        (np.zeros((1, 4)), [-1]),
        (np.zeros(4), [0, 0, 0, 0]),
        (np.full((1, 4), np.nan), [0]),
        (np.full((1, 4), -np.inf), [0]),
        (np.array([[0, 0, 0, np.inf]]), [0]),
    ],
)
def test_what_cannot_be_fitted_is_an_error(values, truth):
    with pytest.raises(ValueError, match="expected"):
        fit_temperature(values, truth)


@pytest.mark.parametrize(("risk", "confidence"), [(0.005, 0.95), (0.01, 0.9), (0.05, 0.99), (0.3, 0.6)])
def test_as_many_are_needed_as_the_logarithms_say(risk, confidence):
    assert needed(0, risk, confidence) == math.ceil(math.log(1 - confidence) / math.log(1 - risk))


@given(st.integers(0, 20), st.floats(0.002, 0.5), st.floats(0.6, 0.99))
def test_needed_is_the_least(bad, risk, confidence):
    n = needed(bad, risk, confidence)
    assert at_most(bad, n, risk) <= 1 - confidence
    assert n - 1 == bad or at_most(bad, n - 1, risk) > 1 - confidence


def test_one_label_too_few_is_too_few():
    for n in (0, 597):
        assert find_threshold(np.ones(n), np.zeros(n, bool), 0.005, 0.95) == TooFew(598, n)
    found = find_threshold(np.ones(598), np.zeros(598, bool), 0.005, 0.95)
    assert isinstance(found, Threshold)
    assert (found.p_pass, found.accepted, found.share) == (THRESHOLDS[-1], 598, 1.0)
    assert found.bound <= 0.005


def test_the_loosest_that_holds_is_found():
    p = np.r_[np.full(2000, 0.97), np.full(500, 0.7)]
    found = find_threshold(p, p < 0.9, 0.01, 0.95)
    assert isinstance(found, Threshold)
    assert (found.p_pass, found.accepted, found.bad, found.share) == (0.71, 2000, 0, 0.8)


def test_an_unlucky_label_at_the_strict_end_does_not_end_the_search():
    p = np.r_[np.full(600, 0.9995), np.full(3000, 0.96)]
    bad = np.arange(p.size) == 0
    found = find_threshold(p, bad, 0.005, 0.95)
    assert isinstance(found, Threshold)
    assert found.bad == 1


def test_too_many_bad_ones_hold_nowhere():
    found = find_threshold(np.full(1000, 0.9), np.arange(1000) < 50, 0.01, 0.95)
    assert isinstance(found, NoneHolds)
    assert (found.p_pass, found.accepted, found.bad) == (0.9, 1000, 50)
    assert found.bound > 0.05


def test_unknown_is_never_accepted():
    p = np.r_[np.full(600, 0.9), np.full(600, np.nan)]
    found = find_threshold(p, np.isnan(p), 0.005, 0.95)
    assert isinstance(found, Threshold)
    assert (found.accepted, found.share) == (600, 0.5)


@pytest.mark.parametrize(
    ("p", "bad", "risk", "confidence"),
    [
        ([0.5], [True, False], 0.1, 0.9),
        ([0.5], [1], 0.1, 0.9),
        ([[0.5]], [[True]], 0.1, 0.9),
        ([0.5], [True], 0.0, 0.9),
        ([0.5], [True], 1.0, 0.9),
        ([0.5], [True], 0.1, 1.0),
        ([0.5], [True], 0.1, 0.5),
        ([0.5], [True], float("nan"), 0.9),
    ],
)
def test_what_cannot_be_searched_is_an_error(p, bad, risk, confidence):
    with pytest.raises(ValueError, match="expected"):
        find_threshold(p, np.array(bad), risk, confidence)


labelled = st.integers(0, 2**32 - 1).flatmap(
    lambda seed: st.builds(
        lambda n, share, power: _made(seed, n, share, power),
        st.integers(20, 600),
        st.floats(0, 0.2),
        st.floats(0, 3),
    )
)


def _made(seed, n, share, power):
    rng = np.random.default_rng(seed)
    p = rng.beta(4, 0.5, n)
    return p, rng.random(n) < share * (1 - p) ** power


@given(labelled, st.floats(0.02, 0.3), st.floats(0.6, 0.95))
def test_what_is_found_passes_its_own_test(made, risk, confidence):
    p, bad = made
    found = find_threshold(p, bad, risk, confidence)
    if isinstance(found, Threshold):
        accepted = p >= found.p_pass
        assert (found.accepted, found.bad) == (accepted.sum(), bad[accepted].sum())
        assert found.bound <= risk + 1e-12
        assert at_most(found.bad, found.accepted, risk) <= 1 - confidence


@given(labelled, st.floats(0.02, 0.3), st.integers(0, 599))
def test_a_worse_label_never_loosens_the_threshold(made, risk, at):
    p, bad = made
    before = find_threshold(p, bad, risk, 0.9)
    worse = bad.copy()
    worse[at % p.size] = True
    after = find_threshold(p, worse, risk, 0.9)
    if isinstance(after, Threshold):
        assert isinstance(before, Threshold)
        assert after.p_pass >= before.p_pass


@given(labelled, st.floats(0.02, 0.2))
def test_more_risk_or_less_confidence_bears_more(made, risk):
    p, bad = made
    strict = find_threshold(p, bad, risk, 0.9)
    assume(isinstance(strict, Threshold))
    assert at_most(strict.bad, strict.accepted, 1.5 * risk) <= 0.1
    assert at_most(strict.bad, strict.accepted, risk) <= 0.2


GRID = np.array(THRESHOLDS)
STEPS = len(GRID)


def rates_to_reach(share_at, mass):
    """Return the rate of bad scans in each step for which the share among accepted ones is as given."""
    bad = np.diff(np.cumsum(mass) * share_at, prepend=0.0)
    return (bad / mass).clip(0, 1)


def adversaries(risk, n):
    """Yield name, mass of each step of the grid (the rest lies below 0.5) and rate of bad scans in it."""
    even = np.full(STEPS, 0.9 / STEPS)
    over = 1.0001 * risk
    yield "all just bad", even, np.full(STEPS, over)
    top = np.r_[0.8, np.full(STEPS - 1, 0.1 / (STEPS - 1))]
    yield "all just bad, crowded top", top, np.full(STEPS, over)
    for turn in (1, 10, 30):
        share = np.where(np.arange(STEPS) < turn, 0.5 * risk, over)
        yield f"just bad from step {turn}", even, rates_to_reach(share, even)
    yield "good, then just bad at the end", even, rates_to_reach(np.r_[np.zeros(STEPS - 1), over], even)
    for factor in (1.2, 2.0, 5.0):
        falling = np.linspace(factor * risk, over, STEPS)
        yield f"top {factor} times as bad", even, rates_to_reach(falling, even)
    saw = np.where(np.arange(STEPS) % 2 == 0, over, 0.97 * risk)
    yield "above and below by turns", even, rates_to_reach(saw, even)
    for spare in range(3):
        brink = min(0.9, needed(spare, risk, 0.95) / n)
        mass = np.r_[brink, np.full(STEPS - 1, (1 - brink) / STEPS)]
        yield f"begins by chance, {spare}", mass, rates_to_reach(np.full(STEPS, over), mass)
        share = np.r_[1.1 * risk, np.full(STEPS - 2, 0.95 * risk), over]
        yield f"begins by chance, {spare}, falling", mass, rates_to_reach(share, mass)


def violations(mass, rate, n, risk, confidence, runs, seed=5):
    """Return how often a threshold is found whose true share of bad scans is the risk or more."""
    rng = np.random.default_rng(seed)
    values = np.r_[GRID, 0.1]
    true_share = np.cumsum(mass * rate) / np.cumsum(mass)
    weights = np.r_[mass, max(0.0, 1 - mass.sum())]
    wrong = 0
    for _ in range(runs):
        step = rng.choice(STEPS + 1, size=n, p=weights / weights.sum())
        bad = rng.random(n) < np.r_[rate, 1.0][step]
        found = find_threshold(values[step], bad, risk, confidence)
        if isinstance(found, Threshold):
            wrong += bool(true_share[THRESHOLDS.index(found.p_pass)] >= risk)
    return wrong / runs


def most(confidence, runs):
    """Return the largest rate that chance allows where the true one is 1 - confidence (3.5 errors)."""
    return 1 - confidence + 3.5 * math.sqrt(confidence * (1 - confidence) / runs)


@pytest.mark.parametrize("case", list(adversaries(0.05, 300)), ids=lambda case: case[0])
def test_the_risk_is_kept(case):
    _, mass, rate = case
    assert violations(mass, rate, 300, 0.05, 0.9, 400) <= most(0.9, 400)


@pytest.mark.slow
@pytest.mark.parametrize(("risk", "n"), [(0.05, 200), (0.05, 700), (0.02, 700), (0.005, 3000)])
def test_the_risk_is_kept_to_the_letter(risk, n):
    for name, mass, rate in adversaries(risk, n):
        assert violations(mass, rate, n, risk, 0.95, 2000) <= most(0.95, 2000), name
