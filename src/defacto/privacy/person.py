"""A person: the words that would give them away, and the little that may stay of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

OLDEST = 89
"""Ages from this one on are written as ``89+``, as BIDS recommends, in years."""
_NO_NAMES = ("Position", "Sex", "Age", "Weight", "Size", "Orientation", "Species")
_WORD = re.compile(r"[^\W_]{3,}")
_AGE = re.compile(r"(\d{1,3})([DWMY])|(\d{1,3}(?:\.\d+)?)")
_YEARS_IN = {"Y": 1.0, "M": 12.0, "W": 52.18, "D": 365.25}
_DAY = re.compile(r"(?=(\d{8}))")
_SEXES = {"m": "M", "male": "M", "f": "F", "female": "F", "o": "O", "other": "O"}
_MEASURES = {"weight": (0.3, 300.0), "height": (20.0, 250.0)}


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """Return the words of three letters or digits and more, in lower case."""
    return frozenset(word.casefold() for text in texts for word in _WORD.findall(text))


def words_in_sidecar(sidecar: Mapping[str, Any]) -> frozenset[str]:
    """Return the words of what a sidecar says of the patient."""
    tags = (tag for tag in sidecar if tag.startswith(("Patient", "OtherPatient")))
    return words_of(str(sidecar[tag]) for tag in tags if not tag.endswith(_NO_NAMES))


def gives_away(label: str, known: frozenset[str]) -> bool:
    """Whether a label of a name holds a day (eight digits), or a word that is known of the patient.

    Examples
    --------
    >>> gives_away("mr20190304a", frozenset()), gives_away("anna7", frozenset({"anna"}))
    (True, True)
    >>> gives_away("20195304", frozenset()), gives_away("0042", frozenset({"anna"}))
    (False, False)
    """
    folded = label.casefold()
    if folded in known or any(len(word) > 3 and word in folded for word in known):
        return True
    return any(_is_day(match[1]) for match in _DAY.finditer(label))


def _is_day(digits: str) -> bool:
    orders = (
        (digits[:4], digits[4:6], digits[6:]),
        (digits[4:], digits[2:4], digits[:2]),
        (digits[4:], digits[:2], digits[2:4]),
    )
    return any(_exists(int(year), int(month), int(day)) for year, month, day in orders)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        return 1900 <= date(year, month, day).year <= 2099
    except ValueError:
        return False


def kept(facts: Mapping[str, str]) -> dict[str, str]:
    """Return what may stay of a person: age, sex, weight and height, cleaned; in the words of BIDS.

    Parameters
    ----------
    facts : mapping of str to str
        Any of ``age`` (years, or as in DICOM: ``035Y``), ``sex``, ``weight`` (kg), ``height`` (cm).

    Examples
    --------
    >>> kept({"age": "093Y", "sex": "female", "weight": "600", "name": "Doe"})
    {'age': '89+', 'sex': 'F'}
    """
    found = {"age": _age(facts.get("age", "")), "sex": _SEXES.get(facts.get("sex", "").strip().casefold())}
    for name, (low, high) in _MEASURES.items():
        found[name] = _measure(facts.get(name, ""), low, high)
    return {name: value for name, value in found.items() if value is not None}


def _age(text: str) -> str | None:
    match = _AGE.fullmatch(text.strip().upper())
    if match is None:
        return f"{OLDEST}+" if text.strip() in {f"{OLDEST}+", f"{OLDEST + 1}+"} else None
    years = float(match[3]) if match[3] else int(match[1]) / _YEARS_IN[match[2]]
    return f"{OLDEST}+" if years >= OLDEST else f"{round(years, 1):g}"


def _measure(text: str, low: float, high: float) -> str | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return f"{round(number, 1):g}" if low <= number <= high else None
