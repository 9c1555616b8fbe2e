"""Attempts, reviews and histories for tests, without a scan behind them."""

from __future__ import annotations

from dataclasses import asdict

from hypothesis import strategies as st

from defacto.config import DefaceSettings
from defacto.pipeline.records import ScanRow
from defacto.types import Attempt, Decision, Measure, Outcome, Prediction, Reason, Review

SCAN = ScanRow("sub-01_T1w", "01", None, "T1w", "anat", "bids")


def make_attempt(number=1, outcome=Outcome.PASS, *, sure=True, error=None, parameters=None, volume=True):
    """Return an attempt with that end."""
    return Attempt(
        number=number,
        method="template",
        version="1",
        parameters=asdict(parameters or DefaceSettings()),
        measures={"brain_lost_ml": Measure("brain_lost_ml", 0.0, "ml")},
        decision=Decision(outcome, (Reason("Because.", "brain_lost_ml", 0.0, 0.0),), sure),
        files={"volume": "x"} if volume and error is None else {},
        error=error,
    )


decisions = st.tuples(st.sampled_from([None, *Outcome]), st.booleans())


@st.composite
def attempts(draw, max_size=4):
    """Draw a history of attempts."""
    number = draw(st.integers(0, max_size))
    return [
        make_attempt(
            i + 1,
            *draw(st.tuples(st.sampled_from([None, *Outcome]))),
            sure=draw(st.booleans()),
            error=draw(st.sampled_from([None, None, "It broke."])),
            volume=draw(st.booleans()),
        )
        for i in range(number)
    ]


@st.composite
def reviews(draw, number):
    """Draw reviews on attempts 1 to number."""
    if number == 0:
        return []
    one = st.builds(
        Review,
        attempt=st.integers(1, number),
        outcome=st.sampled_from(list(Outcome)),
        reviewer=st.sampled_from(["Ada", "Bo"]),
    )
    return draw(st.lists(one, max_size=5))


@st.composite
def histories(draw):
    """Draw attempts with reviews."""
    tried = draw(attempts())
    return tried, draw(reviews(len(tried)))


PREDICTION = Prediction("seat 1", {Outcome.PASS: 0.7, Outcome.DEEP: 0.3})
