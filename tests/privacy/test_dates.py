"""Moved dates: intervals stay, the days are others, and nothing tells how far."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defacto.privacy.dates import Shift, read_moment

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2034, 12, 31))


@given(MOMENTS, MOMENTS, st.text(min_size=1), st.binary(min_size=8))
def test_intervals_stay(one, other, subject, key):
    shift = Shift.of(key, subject)
    assert shift.moved(other) - shift.moved(one) == other - one


@given(MOMENTS, st.text(min_size=1), st.binary(min_size=8))
def test_moved_dates_lie_before_1926_as_bids_tells_them(moment, subject, key):
    assert 1869 < Shift.of(key, subject).moved(moment).year < 1926


def test_the_shift_is_the_subjects_own_and_secret():
    key = b"k" * 32
    assert Shift.of(key, "a") == Shift.of(key, "a")
    assert len({Shift.of(key, label) for label in "abcdefgh"}) == 8
    assert Shift.of(b"other", "a") != Shift.of(key, "a")
    assert "days" not in repr(Shift.of(key, "a"))


@given(MOMENTS)
def test_moments_are_read_from_dicom_and_from_iso(moment):
    assert read_moment(moment.strftime("%Y%m%d"), moment.strftime("%H%M%S.%f")) == moment
    assert read_moment(moment.isoformat()) == moment
    assert read_moment(moment.strftime("%Y%m%d%H%M%S.%f")) == moment


@given(st.text(max_size=20), st.text(max_size=12))
def test_no_text_breaks_the_reading(date, time):
    assert read_moment(date, time) is None or isinstance(read_moment(date, time), datetime)


@pytest.mark.parametrize("date", ["", "n/a", "20201301", "2020-02-30", "yesterday", "202003"])
def test_what_is_no_date_is_none(date):
    assert read_moment(date) is None
