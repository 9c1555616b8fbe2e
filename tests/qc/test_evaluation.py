import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defacto.qc.evaluation import THRESHOLDS, evaluate
from defacto.qc.evaluation.acceptance import NO_ANSWER, accept, choose
from defacto.qc.evaluation.reliability import calibration_error, reliability
from defacto.qc.evaluation.roc import auc, hand_till, macro_area, roc_curve


def made(n=300, *, seed=1, skill=2.0, persons=None, ties=False):
    """Return truths, probabilities and persons of an imperfect classifier."""
    random = np.random.default_rng(seed)
    truth = random.integers(4, size=n)
    z = random.normal(size=(n, 4))
    z[np.arange(n), truth] += skill
    p = np.exp(z)
    p /= p.sum(axis=1, keepdims=True)
    p = np.round(p, 1) if ties else p
    return truth, p, None if persons is None else random.integers(persons, size=n).astype(str)


def sure(truth, p=1.0):
    rows = np.full((len(truth), 4), (1 - p) / 3)
    rows[np.arange(len(truth)), truth] = p
    return rows


def same(a, b):
    return (
        (a.accuracy, a.macro_auc, a.ece, a.f1, a.log_loss, a.pairs[0].a, a.bins)
        == (b.accuracy, b.macro_auc, b.ece, b.f1, b.log_loss, b.pairs[0].a, b.bins)
    ) and np.array_equal(a.settled.confusion, b.settled.confusion)


scored = st.lists(st.tuples(st.integers(-30, 30), st.booleans()), min_size=1, max_size=60)


@given(scored, st.sampled_from([lambda x: 3 * x - 7, lambda x: x**3, np.arctan, lambda x: np.exp(x / 10)]))
def test_the_area_is_unchanged_by_monotone_transforms(pairs, transform):
    scores, positive = (np.array(each) for each in zip(*pairs, strict=True))
    before, after = auc(scores.astype(float), positive), auc(transform(scores.astype(float)), positive)
    assert before == after or (np.isnan(before) and np.isnan(after))


@given(scored)
def test_the_area_is_that_below_the_curve(pairs):
    scores, positive = (np.array(each) for each in zip(*pairs, strict=True))
    curve = roc_curve(scores.astype(float), positive, ~positive)
    if not len(curve.false_rate):
        assert np.isnan(auc(scores.astype(float), positive))
        return
    below = np.trapezoid(curve.true_rate, curve.false_rate)
    assert auc(scores.astype(float), positive) == pytest.approx(below)
    assert (np.diff(curve.false_rate) >= 0).all()
    assert (np.diff(curve.true_rate) >= 0).all()


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 40))
def test_hand_and_till_count_pairs(seed, n):
    truth, p, _ = made(n, seed=seed, skill=0.5, ties=True)
    found = iter(hand_till(truth, p))
    areas = []
    for i, j in combinations(range(4), 2):
        a, b = p[truth == i], p[truth == j]
        pair = next(found)
        if not len(a) or not len(b):
            assert np.isnan(pair.a)
            continue
        one = np.mean([[(x > y) + (x == y) / 2 for y in b[:, i]] for x in a[:, i]])
        other = np.mean([[(x > y) + (x == y) / 2 for y in a[:, j]] for x in b[:, j]])
        assert (pair.a_first, pair.a_second) == pytest.approx((one, other))
        areas.append((one + other) / 2)
    expected = np.mean(areas) if areas else np.nan
    assert macro_area(truth, p) == pytest.approx(expected, nan_ok=True)


def test_a_perfect_classifier_is_perfect():
    truth = np.repeat(np.arange(4), 25)
    found = evaluate(truth, sure(truth), np.tile(np.arange(10), 10))
    assert found.accuracy.value == found.macro_auc.value == 1
    assert 0.6 < found.accuracy.low < 0.75, "ten persons, all right: Wilson"
    assert found.log_loss == found.ece.value == 0
    assert [each.value for each in found.f1] == [1, 1, 1, 1]
    assert all(pair.a == 1 for pair in found.pairs)
    assert all(each.accepted.value == each.right.value == 1 for each in found.sweep)
    assert found.settled.missed.count == 0
    assert found.settled.missed_at_most == pytest.approx(1 - 0.05 ** (1 / 25))
    assert found.right_by_p[-1] == 100
    assert not found.wrong_by_p.any()


@pytest.mark.parametrize("persons", [None, 20])
@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_the_order_of_scans_changes_nothing(persons, seed):
    truth, p, names = made(80, seed=seed, persons=persons, ties=seed % 2 == 0)
    order = np.random.default_rng(seed).permutation(80)
    once = evaluate(truth, p, names, draws=20)
    again = evaluate(truth[order], p[order], None if names is None else names[order], draws=20)
    assert same(once, again)


@settings(max_examples=25)
@given(st.integers(0, 1000), st.sampled_from([None, 2, 15]), st.floats(0.0, 4.0))
def test_intervals_hold_their_figure(seed, persons, skill):
    found = evaluate(*made(60, seed=seed, persons=persons, skill=skill), draws=50)
    for each in (found.accuracy, found.macro_auc, found.ece, *found.f1):
        assert each.low <= each.value <= each.high


def test_intervals_widen_where_scans_of_a_person_are_alike():
    truth, p, _ = made(400)
    alone = evaluate(truth, p).accuracy
    tenfold = evaluate(np.repeat(truth, 10), np.repeat(p, 10, axis=0), np.repeat(np.arange(400), 10)).accuracy
    assert tenfold.high - tenfold.low == pytest.approx(alone.high - alone.low, rel=0.15)


def test_one_person_gives_no_interval():
    found = evaluate(*made(50, persons=1))
    assert np.isnan([found.accuracy.low, found.macro_auc.low, found.ece.high]).all()


def test_a_higher_threshold_accepts_no_more():
    shares = [each.accepted.count for each in evaluate(*made()).sweep]
    assert shares == sorted(shares, reverse=True)
    assert len(shares) == len(THRESHOLDS) == 16
    assert shares[0] == 300


def test_equal_probabilities_never_favour_a_pass():
    chosen, p = choose(np.array([[0.5, 0.5, 0, 0], [0.4, 0, 0.2, 0.4], [0.25] * 4, [1.0, 0, 0, 0]]))
    assert chosen.tolist() == [1, 3, 3, 0]
    assert p.tolist() == [0.5, 0.4, 0.25, 1.0]


def test_counts_at_the_thresholds_by_hand():
    truth = np.array([0, 0, 1, 1, 2, 3, 2])
    p = sure(np.array([0, 0, 0, 1, 2, 3, 2]))
    for row, top in enumerate([0.75, 0.74, 0.9, 0.79, 0.8, 0.95, np.nan]):
        p[row] = sure(np.array([int(p[row].argmax())]), top)[0]
    cut = accept(truth, p, 0.75, 0.80)
    assert cut.confusion.tolist() == [[1, 0, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    assert (cut.accepted.count, cut.accepted.of) == (4, 7)
    assert cut.right.value == 0.75
    assert (cut.missed.count, cut.missed.of) == (1, 2)
    rates = cut.rates[0]
    assert (rates.sensitivity.value, rates.precision.value) == (1.0, 0.5)
    assert (rates.specificity.count, rates.specificity.of) == (2, 3)
    assert rates.f1 == pytest.approx(2 / 3)
    assert np.isnan(cut.rates[1].precision.value)


def test_what_has_no_answer_is_not_right_and_not_accepted():
    truth, p, _ = made(100)
    p[:40] = np.nan
    found = evaluate(truth, p)
    assert found.unanswered == 40
    assert found.every.confusion[:, NO_ANSWER].sum() == 40
    assert found.accuracy.value <= 0.6
    assert found.sweep[0].accepted.count == 60
    assert found.macro_auc.value == evaluate(truth[40:], p[40:]).macro_auc.value
    assert np.isfinite(found.log_loss)


@pytest.mark.parametrize("truth", [[0], [1, 1, 1], [0, 2], [3] * 9])
@pytest.mark.parametrize("answer", [True, False])
def test_absent_classes_are_unknown(truth, answer):
    p = np.full((len(truth), 4), 0.25 if answer else np.nan)
    found = evaluate(np.array(truth), p, draws=30)
    absent = [k for k in range(4) if k not in truth]
    assert np.isnan([found.every.rates[k].sensitivity.value for k in absent]).all()
    assert np.isnan(found.macro_auc.value) == (len(set(truth)) < 2 or not answer)
    assert np.isnan(found.ece.value) == (not answer)
    assert np.isnan(found.settled.missed_at_most)


def test_calibration_by_hand():
    p = np.array([0.95, 0.95, 0.85, 1.0])
    right = np.array([True, False, True, True])
    assert calibration_error(p, right, 10) == pytest.approx((abs(2.9 - 2) + 0.15) / 4)
    bins = reliability(p, right, 10)
    assert [each.right.of for each in bins] == [0] * 8 + [1, 3]
    assert bins[-1].mean_p == pytest.approx(2.9 / 3)
    assert np.isnan(bins[0].mean_p)


def test_log_loss_by_hand_is_finite_where_sure_and_wrong():
    found = evaluate(np.array([0, 1]), np.array([[0.5, 0.5, 0, 0], [1.0, 0, 0, 0]]), draws=2)
    assert found.log_loss == pytest.approx((np.log(2) + 15 * np.log(10)) / 2)


def test_shapes_are_checked():
    for truth, p in [(np.zeros(0, int), np.zeros((0, 4))), (np.zeros(3, int), np.zeros((3, 3)))]:
        with pytest.raises(ValueError, match="expected p of shape"):
            evaluate(truth, p)


def test_five_thousand_scans_and_a_thousand_draws_take_seconds():
    begin = time.process_time()
    evaluate(*made(5000, persons=600))
    assert time.process_time() - begin < 10
