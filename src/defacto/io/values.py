"""Values of DICOM tags as plain Python, whatever stands in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pydicom.dataset import Dataset

Vector = tuple[float, ...]
"""Numbers of a DICOM tag."""


def first(data: Dataset, *keywords: str) -> Any:
    """Return the first of the tags that has a value: at the top, in the shared groups, in the first frame."""
    for keyword in keywords:
        if get(data, keyword) not in (None, ""):
            return get(data, keyword)
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for item in (get(data, groups) or ())[:1]:
            for keyword in keywords:
                if (value := search(item, keyword)) is not None:
                    return value
    return None


def search(group: Dataset, keyword: str) -> Any:
    """Return the tag from one of the sequences of a functional group."""
    for element in group:
        if element.VR == "SQ" and element.value and get(element.value[0], keyword) not in (None, ""):
            return get(element.value[0], keyword)
    return None


def get(data: Dataset, keyword: str) -> Any:
    """Return the value of a tag; None where it is missing or makes no sense."""
    try:
        return data.get(keyword)
    except (ValueError, TypeError, OverflowError, AttributeError, LookupError):
        return None


def text(data: Dataset, keyword: str) -> str:
    """Return a tag as text, stripped; empty where it is missing."""
    value = get(data, keyword)
    return "" if value is None else str(value).strip("\0 ")


def codes(data: Dataset, keyword: str) -> tuple[str, ...]:
    """Return a tag of one or more codes, in capitals."""
    value = get(data, keyword)
    several = value if isinstance(value, Sequence) and not isinstance(value, str) else [value or ""]
    return tuple(code for each in several if (code := str(each).strip().upper()))


def numbers(value: Any) -> Vector:
    """Return numbers as a tuple; empty where they are none."""
    try:
        return tuple(float(each) for each in value)
    except (TypeError, ValueError, OverflowError):
        return ()


def number(value: Any) -> float | None:
    """Return the number, or the first of several; None where there is none that is finite."""
    found = numbers([value] if isinstance(value, str | int | float) else value)
    return float(found[0]) if found and math.isfinite(found[0]) else None


def integer(value: Any) -> int | None:
    """Return the whole part of a number; None where there is none."""
    found = number(value)
    return None if found is None else int(found)
