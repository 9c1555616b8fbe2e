"""A user's own rules for recognising DICOM series, in TOML.

::

    [[series]]                          # the first entry that matches decides
    match.description = "mprage.*post"  # regular expressions, searched, case ignored:
    match.protocol = "..."              #   description, protocol, sequence, image_type (values joined by /),
    match.model = "Skyra"               #   manufacturer, model
    match.number = 5                    # the series number
    match.echo_time_ms = [60, 200]      # ranges, ends included: echo_time_ms, repetition_time_ms,
                                        #   inversion_time_ms, flip_angle_deg, field_t
    suffix = "T1w"                      # what it is, and
    entities.ce = "gd"                  #   entities besides sub, ses, run and echo

    [[series]]
    match.description = "^AAHead"
    leave_out = "planning"              # or a reason to leave it out

All that stands under ``match`` must hold. An entry overrules recognition and the rules for leaving out, but
not for series that hold no MR images.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from defacto.errors import SettingsError
from defacto.io import names
from defacto.io.contrast import Contrast
from defacto.io.tags import Tags

_TEXTS = ("description", "protocol", "sequence", "image_type", "manufacturer", "model")
_RANGES = ("echo_time_ms", "repetition_time_ms", "inversion_time_ms", "flip_angle_deg", "field_t")
_GIVEN_BY_US = frozenset({"sub", "ses", "run", "echo"})
_LABEL = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True)
class Rule:
    """One entry of a mapping: what must hold, and what then follows (a reason, or a contrast)."""

    texts: Mapping[str, re.Pattern[str]]
    ranges: Mapping[str, tuple[float, float]]
    number: int | None
    verdict: Contrast | str

    def matches(self, tags: Tags, number: int | None) -> bool:
        """Whether all conditions hold for a series."""
        if self.number is not None and number != self.number:
            return False
        if not all(pattern.search(_text(tags, field)) for field, pattern in self.texts.items()):
            return False
        values = {field: getattr(tags, field) for field in self.ranges}
        return all(
            values[field] is not None and low <= values[field] <= high
            for field, (low, high) in self.ranges.items()
        )


def _text(tags: Tags, field: str) -> str:
    value = getattr(tags, field)
    return value if isinstance(value, str) else "/".join(value)


def read_mapping(path: Path | None) -> tuple[Rule, ...]:
    """Read a mapping; None gives no rules.

    Raises
    ------
    SettingsError
        If the file cannot be read, or an entry is wrong.
    """
    if path is None:
        return ()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The mapping {path.name} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise SettingsError(f"The mapping {path.name} is not TOML: {error}.") from error
    return build_rules(document)


def build_rules(document: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Build rules from nested mappings, as TOML gives them."""
    entries = document.get("series")
    if set(document) != {"series"} or not isinstance(entries, list):
        raise SettingsError("A mapping: expected [[series]] tables and nothing else.")
    return tuple(_rule(entry, f"Mapping, series {place}") for place, entry in enumerate(entries, start=1))


def _rule(entry: Any, where: str) -> Rule:
    if not isinstance(entry, dict) or not isinstance(entry.get("match"), dict) or not entry["match"]:
        raise SettingsError(f"{where}: expected a table with at least one match condition.")
    match = dict(entry["match"])
    number = match.pop("number", None)
    if number is not None and type(number) is not int:
        raise SettingsError(f"{where}, match.number: expected a whole number, got {number!r}.")
    if unknown := sorted(set(match) - {*_TEXTS, *_RANGES}):
        known = ", ".join((*_TEXTS, *_RANGES, "number"))
        raise SettingsError(f"{where}: there is no condition {unknown[0]}; known are {known}.")
    return Rule(
        texts={
            field: _pattern(match[field], f"{where}, match.{field}") for field in _TEXTS if field in match
        },
        ranges={
            field: _range(match[field], f"{where}, match.{field}") for field in _RANGES if field in match
        },
        number=number,
        verdict=_verdict(entry, where),
    )


def _verdict(entry: Mapping[str, Any], where: str) -> Contrast | str:
    if set(entry) == {"match", "leave_out"} and isinstance(entry["leave_out"], str):
        return entry["leave_out"]
    suffix, entities = entry.get("suffix"), entry.get("entities", {})
    if set(entry) - {"match", "suffix", "entities"} or not isinstance(suffix, str):
        raise SettingsError(f"{where}: expected either leave_out, or a suffix and entities.")
    if not _LABEL.fullmatch(suffix) or not isinstance(entities, dict):
        raise SettingsError(f"{where}: expected a BIDS suffix such as T1w, got {suffix!r}.")
    return Contrast(
        suffix, names.in_order({_key(key, where): _label(entities[key], where) for key in entities})
    )


def _key(key: str, where: str) -> str:
    short = names.LONG_NAMES.get(key, key)
    if short in _GIVEN_BY_US or short not in names.ORDER:
        raise SettingsError(f"{where}: the entity {key} cannot be set here.")
    return short


def _label(label: Any, where: str) -> str:
    if not isinstance(label, str) or not _LABEL.fullmatch(label):
        raise SettingsError(f"{where}: expected a label of letters and digits, got {label!r}.")
    return label


def _pattern(text: Any, where: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE)
    except (re.error, TypeError) as error:
        raise SettingsError(f"{where}: expected a regular expression, got {text!r} ({error}).") from error


def _range(ends: Any, where: str) -> tuple[float, float]:
    numbers = isinstance(ends, list) and len(ends) == 2 and all(type(end) in {int, float} for end in ends)
    if not numbers or ends[0] > ends[1]:
        raise SettingsError(f"{where}: expected [least, most], got {ends!r}.")
    return float(ends[0]), float(ends[1])
