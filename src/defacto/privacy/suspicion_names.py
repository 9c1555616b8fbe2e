"""Names of people in text and labels: by form, by titles, and by frequent given names."""

from __future__ import annotations

import re
from itertools import pairwise

from defacto.privacy.suspicion_words import GIVEN_NAMES, MONTHS, PLAIN_LABELS, TECHNICAL, TITLES

_WORD = re.compile(r"[^\W\d_]+")
_CARET = re.compile(r"[^\W\d_]{2,}\s?\^|\^\s?[^\W\d_]{2,}")
_TITLED = re.compile(rf"\b{TITLES}\b[.:]?\s+([^\W\d_])[\w'’-]+")
_LAST_FIRST = re.compile(r"\s*([^\W\d_])[\w'’-]+,\s*([^\W\d_])[\w'’.-]*(?:\s[^\W\d_][\w.]*)?\s*")
_INITIAL = re.compile(r"(?<![\w.])([^\W\d_])\.\s?(?:[^\W\d_]\.\s?)?([^\W\d_])[^\W\d_]{2,}\b")
_OTHER_SCRIPT = re.compile(r"(?:(?![\W\d_])[\u0370-\u1cff\u2c00-\U0010ffff]){2}")
_JOINTS = str.maketrans("", "", "-'’.")
_PARTS = re.compile(r"[A-ZÀ-Þ]?[a-zà-ÿß]+|[A-ZÀ-Þ]+(?![a-zà-ÿ])|\d+")
_NO_NAMES = TECHNICAL | MONTHS


def names_somebody(text: str, *, strict: bool) -> bool:
    """Whether a text looks like a name, or holds one.

    Parameters
    ----------
    text : str
        Of any length.
    strict : bool
        Whether capitals alone do not count, as in sentences.
    """
    if "^" in text and _CARET.search(text):
        return True
    if any(match[1].isupper() for match in _TITLED.finditer(text)):
        return True
    words = _WORD.findall(text)
    if strict:
        return any(
            first.lower() in GIVEN_NAMES and first[0].isupper() and second[:1].isupper()
            for first, second in pairwise([*words, ""])
        )
    if any(word.lower() in GIVEN_NAMES for word in words):
        return True
    forms = (_LAST_FIRST.fullmatch(text), _INITIAL.search(text))
    capitals = any(match[1].isupper() and match[2].isupper() for match in forms if match)
    return capitals or _OTHER_SCRIPT.search(text) is not None or _is_two_capitals(text)


def _is_two_capitals(text: str) -> bool:
    parts = text.split()
    if not 2 <= len(parts) <= 4 or not all(_is_capital(part) for part in parts):
        return False
    return not any(part.lower().rstrip(".") in _NO_NAMES for part in parts)


def _is_capital(part: str) -> bool:
    """Whether a word is written as those of names are: Jane, O'Neil, Jean-Luc, J., DOE."""
    bare = part.translate(_JOINTS)
    if not bare.isalpha() or not bare[0].isupper():
        return False
    return (
        len(bare) == 1 or bare != part.rstrip(".") or bare[1:].islower() or (bare.isupper() and len(bare) > 2)
    )


def name_in_label(label: str) -> bool:
    """Whether a label of letters alone may be a name, or a given name is part of it."""
    parts = _PARTS.findall(label)
    if any(part.lower() in GIVEN_NAMES for part in parts):
        return True
    if _OTHER_SCRIPT.search(label):
        return True
    return label.isalpha() and len(label) >= 4 and not any(p.lower() in PLAIN_LABELS for p in parts)


def given_name_in_label(label: str) -> bool:
    """Whether a frequent given name is part of a label."""
    return any(len(part) > 2 and part.lower() in GIVEN_NAMES for part in _PARTS.findall(label))
