"""One label of each scan at most, and an unknown one is never a good one."""

from dataclasses import replace

import numpy as np
from attempts_made_up import SCAN, make_attempt, reviews
from hypothesis import given
from hypothesis import strategies as st

from defacto.pipeline.labels import collect_labels
from defacto.pipeline.records import Record
from defacto.types import Outcome, Prediction, Review

MODELS = ("old 1", "new 2")


@st.composite
def records(draw):
    """Draw a scan with attempts, some judged, some reviewed."""
    number = draw(st.integers(0, 3))
    tried = []
    for i in range(number):
        model = draw(st.sampled_from([None, *MODELS]))
        judged = model and Prediction(model, {Outcome.PASS: draw(st.floats(0, 1))})
        tried.append(replace(make_attempt(i + 1), prediction=judged))
    return Record(SCAN, tuple(tried), tuple(draw(reviews(number))))


@given(st.lists(records(), max_size=6))
def test_each_scan_counts_once_at_most(found):
    labels = collect_labels(found, MODELS[1])
    assert len(labels.p_pass) == len(labels.bad)
    assert len(labels.p_pass) + len(labels.p_pass_unlabelled) + labels.others <= len(found)
    assert labels.disagreed <= labels.bad.sum()


@given(records(), st.sampled_from([Outcome.DEEP, Outcome.SHALLOW, Outcome.FAILURE]))
def test_a_bad_word_on_what_counts_makes_it_bad(record, outcome):
    labels = collect_labels([record], MODELS[1])
    if not labels.bad.size:
        return
    said = tuple(Review(attempt.number, outcome, "Cy") for attempt in record.attempts)
    worse = collect_labels([replace(record, reviews=record.reviews + said)], MODELS[1])
    assert worse.bad.all()


def test_a_reviewer_may_correct_a_slip():
    tried = (replace(make_attempt(), prediction=Prediction(MODELS[1], {Outcome.PASS: 0.8})),)
    said = (Review(1, Outcome.DEEP, "Ada"), Review(1, Outcome.PASS, "Ada"))
    assert not collect_labels([Record(SCAN, tried, said)], MODELS[1]).bad.any()


def test_a_prediction_without_a_pass_is_unknown():
    tried = (replace(make_attempt(), prediction=Prediction(MODELS[1], {Outcome.DEEP: 1.0})),)
    labels = collect_labels([Record(SCAN, tried, (Review(1, Outcome.PASS, "Ada"),))], MODELS[1])
    assert np.isnan(labels.p_pass).all()
