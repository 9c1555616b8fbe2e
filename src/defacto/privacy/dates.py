"""Dates moved by an offset of the subject's own: intervals stay, the days are others."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_CENTURY_DAYS = 40_177
_SPREAD_SECONDS = 10 * 365 * 86_400
_DATE = re.compile(r"(\d{4})[-.]?(\d\d)[-.]?(\d\d)")
_TIME = re.compile(r"(\d\d):?(\d\d)?:?(\d\d)?(\.\d{1,6})?")
_MOMENT = re.compile(r"(\d{4}-?\d\d-?\d\d)[T ]?([\d:.]*?)(?:Z|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True)
class Shift:
    """How far the dates of one subject are moved into the past.

    Parameters
    ----------
    back : timedelta
        110 to 120 years: a moved date lies before 1926 for scans made until 2035, by which BIDS tells moved
        dates.
    """

    back: timedelta = field(repr=False)

    @classmethod
    def of(cls, key: bytes, subject: str) -> Shift:
        """Return the shift of a subject: the same in every run with that key, and unknown without it."""
        digest = hmac.new(key, f"dates\x1f{subject}".encode(), hashlib.sha256).digest()
        seconds = int.from_bytes(digest[:8], "big") % _SPREAD_SECONDS
        return cls(timedelta(days=_CENTURY_DAYS, seconds=seconds))

    def moved(self, moment: datetime) -> datetime:
        """Return the moment, moved."""
        return moment - self.back


def read_moment(date: str, time: str = "") -> datetime | None:
    """Return a moment from DICOM or ISO text; None where the date is none.

    Examples
    --------
    >>> read_moment("20200304", "101112.25")
    datetime.datetime(2020, 3, 4, 10, 11, 12, 250000)
    >>> read_moment("2020-03-04T10:11:12")
    datetime.datetime(2020, 3, 4, 10, 11, 12)
    """
    if not time and (whole := _MOMENT.fullmatch(date.strip())):
        date, time = whole.groups()
        if date.isdigit() and len(time) > 0 and not _TIME.fullmatch(time):
            return None
    day, hour = _DATE.fullmatch(date.strip()), _TIME.fullmatch(time.strip() or "000000")
    if day is None or hour is None:
        return None
    year, month, of_month = map(int, day.groups())
    hours, minutes, seconds = (int(part or 0) for part in hour.groups()[:3])
    micro = round(float(hour[4] or 0) * 1_000_000)
    try:
        return datetime(year, month, of_month, hours, minutes, min(seconds, 59), min(micro, 999_999))
    except ValueError:
        return None
