"""Dates and times in text: every common order, DICOM's forms, names of months, digits that embed a date.

A date of the year 1925 or before was moved there on purpose, by which BIDS tells such dates, and is none.
"""

from __future__ import annotations

import re

from defacto.privacy.suspicion_words import MONTHS

_FIRST_YEAR, _LAST_YEAR = 1926, 2099
_MONTHS = "|".join(sorted(MONTHS, key=len, reverse=True))
_THREE = re.compile(r"(?<!\d)(\d{1,4})([-./_ :,])\s?(\d{1,2})\2\s?(\d{1,4})(?!\d)")
_NAMED = re.compile(
    rf"(?<![^\W\d_])(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[\s._/-]*(?:of\s|de\s)?(?P<one>{_MONTHS})"
    rf"|(?P<two>{_MONTHS})[\s._/,-]*(?P<after>\d{{1,4}}))(?:st|nd|rd|th)?"
    rf"(?![^\W\d_])[\s._/,-]*(?:de\s)?(?P<year>\d{{2,4}})?(?!\d)",
    re.IGNORECASE,
)
_MONTH_OF_YEAR = re.compile(
    r"(?<![\d.-])(\d{4})[-/](0[1-9]|1[0-2])(?![\d-])|(?<![\d/.-])(0[1-9]|1[0-2])/(\d{4})(?!\d)"
)
_CLOCK = re.compile(
    r"(?<![\d:.])(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?![\d:])"
    r"|(?<!\d)(?:[01]\d|2[0-3])[0-5]\d[0-5]\d\.\d{1,6}(?!\d)|(?<![\d.])\d{1,2}(?::[0-5]\d)?\s?[ap]\.?m\b\.?"
    r"|(?<!\d)(?:[01]?\d|2[0-3])h[0-5]\d(?!\w)|\btime\s?[=:]\s?\d{4,6}(?:\.\d+)?(?!\d)",
    re.IGNORECASE,
)
_A_MONTH = re.compile(_MONTHS, re.IGNORECASE)
_MAYBE_CLOCK = re.compile(r"\d:\d|\d{6}\.\d|\d\s?[apAPhH]|[tT]ime")
_RUN = re.compile(r"\d{6,}")
_FRACTION = re.compile(r"(?<![\d.])\d+\.$")
_MOVED = re.compile(
    r"(?:1[0-8]\d\d|19[01]\d|192[0-5])-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?"
)
_EPOCH_S = (946_684_800, 2_208_988_800)


def cut_dates(text: str, *, label: bool = False) -> tuple[str, set[str]]:
    """Find dates and times in a text.

    Parameters
    ----------
    text : str
        In any order and language of `MONTHS`.
    label : bool
        Whether it is a label of a file name, where a year and a month alone are a date too.

    Returns
    -------
    str
        The text without them.
    set of str
        ``date`` and ``time``, where there are some.
    """
    found: set[str] = set()
    if not any(c.isdigit() for c in text):
        return text, found

    def noted(mark: str, *, sure: bool) -> str:
        if sure:
            found.add(mark)
        return " "

    def three(match: re.Match[str]) -> str:
        sure = _is_date(match[1], match[3], match[4], match[2])
        return noted("date", sure=True) if sure else match.group()

    def named(match: re.Match[str]) -> str:
        return noted("date", sure=_is_named_date(match))

    def of_year(match: re.Match[str]) -> str:
        return noted("date", sure=_is_year(match[1] or match[4]))

    def run(match: re.Match[str]) -> str:
        digits, whole = match.group(), len(match.group()) in {6, 8, 12, 14}
        if not _run_is_date(digits) or (not whole and _FRACTION.search(text[: match.start()])):
            return digits
        noted("date", sure=True)
        return " " if whole else digits

    text = _THREE.sub(three, text)
    if _A_MONTH.search(text):
        text = _NAMED.sub(named, text)
    if "-" in text or "/" in text:
        text = _MONTH_OF_YEAR.sub(of_year, text)
    if _MAYBE_CLOCK.search(text):
        text = _CLOCK.sub(lambda match: noted("time", sure=True), text)
    text = _RUN.sub(run, text)
    if label and re.search(r"(?<!\d)(?:19|20)\d\d(?:0[1-9]|1[0-2])(?!\d)", text):
        found.add("date")
    return text, found


def is_moved(text: str) -> bool:
    """Whether a text is a date, with or without a time, that was moved to the year 1925 or before."""
    return _MOVED.fullmatch(text) is not None


def has_date_in_digits(digits: str) -> bool:
    """Whether a run of digits holds, anywhere in it, a year, month and day of eight digits."""
    return len(digits) >= 8 and any(_is_ymd(digits[at : at + 8]) for at in range(len(digits) - 7))


def is_epoch(value: float) -> bool:
    """Whether a number may be seconds or milliseconds since 1970, of the years 2000 to 2039."""
    first, last = _EPOCH_S
    return first <= abs(value) < last or first * 1000 <= abs(value) < last * 1000


def _run_is_date(digits: str) -> bool:
    """Whether digits are a date: six or eight of them in any order, or more that begin with one."""
    if len(digits) == 6:
        a, b, c = (int(digits[at : at + 2]) for at in (0, 2, 4))
        return _is_day_month(b, c) or _is_day_month(a, b)
    if len(digits) == 8:
        day, month, year = int(digits[:2]), int(digits[2:4]), digits[4:]
        return _is_ymd(digits) or (_is_day_month(day, month) and _is_year(year))
    return len(digits) > 8 and _is_ymd(digits[:8])


def _is_date(first: str, second: str, third: str, separator: str) -> bool:
    a, b, c = int(first), int(second), int(third)
    if len(first) == 4:
        return _is_year(first) and len(third) <= 2 and _is_day_month(b, c)
    if len(third) == 4 and len(first) <= 2:
        return _is_year(third) and _is_day_month(a, b)
    if separator in " :,_" or len(first) > 2:
        return False
    two = len(third) == 2
    return two and (_is_day_month(a, b) if separator == "." else _is_day_month(a, b) or _is_day_month(b, c))


def _is_named_date(match: re.Match[str]) -> bool:
    year = match["year"] or (match["after"] if len(match["after"] or "") == 4 else None)
    if year and len(year) == 4 and not _is_year(year):
        return False
    day = int(match["day"] or match["after"])
    return 1 <= day <= 31 or bool(year) or len(match["after"] or "") == 2


def _is_ymd(digits: str) -> bool:
    return _is_year(digits[:4]) and _is_day_month(int(digits[6:]), int(digits[4:6]), ordered=True)


def _is_day_month(one: int, other: int, *, ordered: bool = False) -> bool:
    """Whether two numbers are a day and a month, in either order unless `ordered`."""
    straight = 1 <= one <= 31 and 1 <= other <= 12
    return straight or (not ordered and 1 <= other <= 31 and 1 <= one <= 12)


def _is_year(digits: str) -> bool:
    return len(digits) == 4 and _FIRST_YEAR <= int(digits) <= _LAST_YEAR
