"""Sidecars cleaned by an allow-list: tags of hardware and sequence stay, all else goes."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from defacto.config import PrivacySettings
from defacto.privacy.person import words_of
from defacto.privacy.sidecar_terms import BOOLEANS, NUMBERS, VALUES, WORDS

_MAX_LETTERS = 64
_MAX_ITEMS = 4096
_SAFE_CHARACTERS = re.compile(r"[A-Za-z0-9 _*\\/;:.,+()-]*")
_DATE = re.compile(r"(19|20)\d\d\D?[01]?\d\D?[0-3]?\d|\d{1,2}[-./]\d{1,2}[-./](19|20)?\d\d")
_TOKENS = re.compile(r"[A-Za-z]+|[0-9]+")
_MAX_DIGITS_TOGETHER = 4
_MAX_DIGITS = 12
_LARGEST_KEPT = 99_999
_VOCABULARIES = {tag: frozenset(words.split()) for tag, words in WORDS.items()}
_VALUES = {tag: frozenset(value.casefold() for value in values) for tag, values in VALUES.items()}


def clean(
    sidecar: Mapping[str, Any],
    settings: PrivacySettings | None = None,
    known: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Return what may leave of a sidecar.

    A tag stays if it is on the allow-list (`defacto.privacy.sidecar_terms`) and its value is of the
    expected kind: a number of plausible size, true or false, one of a few values, or a code made of known
    words. Free text, names of institutions, devices and people, serial numbers, unique identifiers, dates
    and times are on no list. Nothing is changed or added; the order of the tags is kept. Cleaning twice is
    cleaning once.

    Parameters
    ----------
    sidecar : mapping
        As it was read.
    settings : PrivacySettings, optional
        ``keep`` adds tags, where their values are numbers, true or false, or short text without a date or
        a long number; ``strike`` takes tags and values out. By default neither.
    known : frozenset of str
        Words that are known of the patient, in lower case: text that holds one goes, even if it is the name
        of a scanner.

    Returns
    -------
    dict
        A part of it.

    Examples
    --------
    >>> clean({"EchoTime": 0.003, "InstitutionName": "General", "Manufacturer": "Siemens"})
    {'EchoTime': 0.003, 'Manufacturer': 'Siemens'}
    """
    settings = settings or PrivacySettings()
    return {
        tag: value
        for tag, value in sidecar.items()
        if (is_allowed(tag, value) or (tag in settings.keep and _is_harmless(value)))
        and not is_struck(tag, value, settings.strike)
        and not (known and words_of(_texts(value)) & known)
    }


def _texts(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def is_struck(tag: str, value: Any, strikes: tuple[str, ...]) -> bool:
    """Whether a person struck out the tag (``TAG``), or the tag with this value.

    A value is named as ``TAG=value`` or, as an audit names long ones, ``TAG=sha256:`` and the digest.
    """
    if not strikes:
        return False
    text = shown(value)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return not {tag, f"{tag}={text}", f"{tag}=sha256:{digest}"}.isdisjoint(strikes)


def shown(value: Any) -> str:
    """Return a value of a sidecar as one line: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def is_allowed(tag: str, value: Any) -> bool:
    """Whether a tag may leave with this value."""
    if tag in BOOLEANS:
        return isinstance(value, bool)
    items = value if isinstance(value, list) else [value]
    if not items or len(items) > _MAX_ITEMS:
        return False
    if tag in NUMBERS:
        return all(_is_number(item, NUMBERS[tag]) for item in items)
    if tag in _VALUES:
        return isinstance(value, str) and value.casefold() in _VALUES[tag]
    if tag in _VOCABULARIES:
        return len(items) <= _MAX_LETTERS and all(_is_code(item, _VOCABULARIES[tag]) for item in items)
    return False


def _is_number(value: Any, largest: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and abs(value) <= largest


def _is_harmless(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return 0 < len(items) <= _MAX_ITEMS and all(
        isinstance(item, bool) or _is_number(item, _LARGEST_KEPT) or _is_short_text(item) for item in items
    )


def _is_short_text(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > _MAX_LETTERS or not _SAFE_CHARACTERS.fullmatch(value):
        return False
    numbers = [token for token in _TOKENS.findall(value) if token.isdigit()]
    short = all(len(number) <= _MAX_DIGITS_TOGETHER for number in numbers)
    return short and sum(map(len, numbers)) <= _MAX_DIGITS and not _DATE.search(value)


def _is_code(value: Any, words: frozenset[str]) -> bool:
    return _is_short_text(value) and all(
        token.isdigit() or token.casefold() in words for token in _TOKENS.findall(value)
    )
