"""A value judged in its place: by the allow-list of sidecars, by what its tag is for, and by its own form."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from defacto.privacy.sidecar import is_allowed
from defacto.privacy.sidecar_terms import BOOLEANS, NUMBERS, VALUES, WORDS
from defacto.privacy.suspicion import (
    LEAST_INTEGER,
    MARKS,
    Form,
    marks_of_number,
    marks_of_text,
)
from defacto.privacy.suspicion_dates import is_moved
from defacto.privacy.suspicion_names import given_name_in_label, name_in_label
from defacto.privacy.suspicion_words import EXPECTED, PERSONAL_TAG, PLAIN_COLUMNS, PROSE_TAG, USUAL

DESCRIPTION = "dataset_description"
NAMES = "name"
HEADERS = ("nifti", "mgh", "gzip")
TEXTS = "text"
DICTIONARY = ".json"
TABLE = ".tsv"
NOT_READ = "not read"
_KNOWN = frozenset({*NUMBERS, *BOOLEANS, *VALUES, *WORDS})
_AGE = re.compile(r"(?:^|[_. ])(?:age|AGE)(?:$|[_. ])|(?:^|[a-z_.])Age(?:$|[_.A-Z])")
_MISSING = frozenset({"", "n/a", "N/A", "na", "NA", "nan", "NaN", "none", "None", "null"})
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|[+-]?\.\d+")
_VERSION = re.compile(r"[Vv]ersion")
_LETTERS = re.compile(r"[^\W\d_]{3,}")
_CODE_LABEL = re.compile(r"[a-z2-7]{10}")
_RELEASE = re.compile(r"\s*v?\d+\.\d+(?:\.\d+)?\S*\s+\d{4}-\d{2}-\d{2}\s*")
_OWN_TEXT = re.compile(r"Voxels of sub-\S+ that were (removed|replaced): 1 = \1, 0 = kept as it was\.")
_DIGITS_OF_VERSION = re.compile(r"\d{1,2}\.\d{1,2}\.\d{1,2}(?!\d)")


def weight(marks: tuple[str, ...]) -> int:
    """Return how suspicious these marks are together."""
    return sum(MARKS[mark].weight for mark in marks)


def in_order(marks: set[str] | frozenset[str]) -> tuple[str, ...]:
    """Return marks, the most suspicious first."""
    return tuple(mark for mark in MARKS if mark in marks) if marks else ()


def judge(place: str, name: str, text: str, *, is_json: bool = False) -> tuple[str, ...]:
    """Return the reasons to look at a value.

    Parameters
    ----------
    place : str
        Empty for sidecars; else one of those of this module, or the name of a kind of table.
    name : str
        The tag there.
    text : str
        The value as one line.
    is_json : bool
        Whether it is no text.

    Returns
    -------
    tuple of str
        Names of `defacto.privacy.suspicion.MARKS`, the most suspicious first; empty for what is plain.
    """
    if place == NAMES:
        return in_order(_judge_name(name, text))
    if place == NOT_READ:
        return (NOT_READ,)
    if place in HEADERS:
        return in_order(_judge_header(place, name, text))
    if place == TEXTS:
        return () if _RELEASE.fullmatch(text) else in_order(marks_of_text(text, "prose"))
    if place.endswith(TABLE):
        return in_order(_judge_cell(name, text))
    return in_order(_judge_tag(place, name, text, is_json=is_json))


def _judge_tag(place: str, name: str, text: str, *, is_json: bool) -> set[str]:
    value = _value(text) if is_json else text
    if (not place and is_allowed(name, value)) or is_moved(text):
        return set()
    last, form, is_age = _kind_of(place, name)
    if isinstance(value, float | int):
        found = set(marks_of_number(value, age=is_age))
    else:
        found = set(_marks_of(value, form, age=is_age))
    if _OWN_TEXT.fullmatch(text):
        found = set()
    if _VERSION.search(last) and not is_json and _DIGITS_OF_VERSION.search(text):
        found.discard("date")
    if not place.endswith(DICTIONARY):
        found |= {"identifying tag"} if is_personal(last) and not _is_empty(value) else set()
    if not place and name in _KNOWN and not _is_empty(value):
        found.add("unexpected")
    if not place and not found and form == "text" and _has_unknown_word(text):
        found.add("unknown word")
    return found - EXPECTED.get(name, set()) - EXPECTED.get(last, set())


def _value(text: str) -> Any:
    return float(text) if text[:1].isdigit() or text[:1] == "-" else json.loads(text)


@lru_cache(maxsize=65536)
def _kind_of(place: str, name: str) -> tuple[str, Form, bool]:
    """Return the last part of a tag, what form its values have, and whether they are ages."""
    last = name.rpartition(".")[2]
    prose = place or PROSE_TAG.search(name) or PROSE_TAG.search(last)
    return last, "prose" if prose else "text", _AGE.search(last) is not None


@lru_cache(maxsize=65536)
def is_personal(name: str) -> bool:
    """Whether a tag is made for what names a person, a place, a device or a time, or for free text."""
    return PERSONAL_TAG.search(name) is not None


def _is_empty(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip() in _MISSING
    return value is None or (isinstance(value, list | dict) and not value)


def _marks_of(value: Any, form: Form, *, age: bool) -> Iterator[str]:
    if isinstance(value, str):
        if value.strip() in _MISSING:
            return
        yield from marks_of_text(value, form)
        if age and _NUMBER.fullmatch(value.strip()):
            yield from marks_of_number(float(value), age=True)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        yield from marks_of_number(value, age=age)
    elif isinstance(value, list):
        for item in value:
            if type(item) is float or type(item) is int:
                if age or abs(item) >= LEAST_INTEGER:
                    yield from marks_of_number(item, age=age)
            else:
                yield from _marks_of(item, form, age=age)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _marks_of(key, form, age=False)
            yield from _marks_of(item, form, age=age)


def is_plain_column(place: str, name: str) -> bool:
    """Whether a tag is a column that is different in every row by its nature, and tells nothing by that."""
    return place.endswith(TABLE) and (
        name.lower() in PLAIN_COLUMNS or name in {"participant_id", "session_id", "sample_id", "filename"}
    )


def _judge_cell(name: str, text: str) -> set[str]:
    bare = text.strip()
    if bare in _MISSING or is_moved(bare):
        return set()
    if name in {"participant_id", "session_id", "sample_id"}:
        key, _, label = bare.partition("-")
        return _judge_name(key if label else "sub", label or bare)
    if name == "filename":
        return {
            mark for part in re.split(r"[/_.]", bare) for mark in _judge_name("file", part.partition("-")[2])
        }
    found = {"identifying tag"} if is_personal(name) else set()
    if _NUMBER.fullmatch(bare):
        least, most = PLAIN_COLUMNS.get(name.lower(), (0.0, 0.0))
        if least < most and least <= float(bare) <= most:
            return found
        return found | marks_of_number(float(bare), age=bool(_AGE.search(name))) | _marks_of_digits(bare)
    found |= set(_marks_of(bare, "text", age=bool(_AGE.search(name))))
    return found or ({"unknown word"} if _has_unknown_word(bare) else set())


def _marks_of_digits(text: str) -> frozenset[str]:
    """Return the marks of digits as text: dates of six digits, numbers with leading zeros."""
    return marks_of_text(text, "label") if text.isdigit() else frozenset()


def _judge_name(name: str, text: str) -> set[str]:
    found = set(marks_of_text(text, "label"))
    if (name in {"sub", "ses"} and name_in_label(text)) or given_name_in_label(text):
        found.add("name")
    if _CODE_LABEL.fullmatch(text) and not text.isalpha():
        found -= {"number", "name"}
    if name in {"file", "folder"} and text:
        found |= marks_of_text(text.replace("_", " "), "prose")
    return found


def _judge_header(place: str, name: str, text: str) -> set[str]:
    if place == "gzip" and name == "time":
        return {"date"}
    found = set(marks_of_text(text, "text"))
    if place == "gzip" or name not in {"descrip", "intent_name"}:
        return found | {"header text"}
    return found or ({"unknown word"} if _has_unknown_word(text) else set())


def _has_unknown_word(text: str) -> bool:
    """Whether a text holds a word, of three letters or more, that is on no list of usual words."""
    return any(word.casefold() not in USUAL for word in _LETTERS.findall(text))
