"""Choosing among scans: labels of subjects and sessions, and filter files as fMRIPrep takes them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from defacto.config import InputSettings
from defacto.errors import SettingsError
from defacto.io import names

_SUFFIX_OF_QUERY = {
    suffix.lower(): suffix
    for suffix in (
        "T1w",
        "T2w",
        "PDw",
        "FLAIR",
        "T2starw",
        "PDT2",
        "inplaneT1",
        "inplaneT2",
        "UNIT1",
        "MTw",
        "PDT2w",
    )
}
_SPECIAL = {"Query.NONE": None, "Query.ANY": "*"}


@dataclass(frozen=True)
class Query:
    """What scans of one suffix must match: entity key (or ``datatype``) to a value.

    A value is a label, a list of labels of which one must match, ``"*"`` (there must be one) or None (there
    must be none).
    """

    suffixes: tuple[str, ...]
    wanted: Mapping[str, Any]

    def matches(self, name: names.Name, datatype: str) -> bool:
        """Whether the scan's entities are as wanted."""
        have = {**name.entities, "datatype": datatype, "extension": name.extension}
        return all(_fits(value, have.get(key)) for key, value in self.wanted.items())


def read_filters(path: Path) -> Mapping[str, Any]:
    """Read a filter file: a JSON object of queries.

    Raises
    ------
    SettingsError
        If it cannot be read as a JSON object.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The filter file {path.name} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise SettingsError(f"The filter file {path.name} is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise SettingsError(f"The filter file {path.name}: expected an object of queries, got {document!r}.")
    return document


def build_queries(filters: Mapping[str, Any] | None) -> tuple[Query, ...]:
    """Check filters and make queries of them.

    As in fMRIPrep: ``{"t1w": {"session": "01", "acquisition": null, "run": ["1", "2"], "suffix": "T1w"}}``.
    A query restricts the scans of its suffix (by default the one that its name says) and leaves the others
    alone; queries for what is not defaced (``bold``, ``fmap``, ``dwi``) are ignored.

    Raises
    ------
    SettingsError
        If a query is no object, or names an entity that BIDS does not know.
    """
    queries = []
    for query_name, content in (filters or {}).items():
        if not isinstance(content, Mapping):
            raise SettingsError(f"Filter {query_name}: expected an object, got {content!r}.")
        wanted = dict(content)
        suffix = wanted.pop("suffix", _SUFFIX_OF_QUERY.get(query_name.lower()))
        if suffix is None:
            continue
        suffixes = tuple(suffix) if isinstance(suffix, list) else (str(suffix),)
        queries.append(Query(suffixes, {_key(query_name, key): value for key, value in wanted.items()}))
    return tuple(queries)


def _key(query_name: str, key: str) -> str:
    if key in {"datatype", "extension"} or key in names.ORDER:
        return key
    if key not in names.LONG_NAMES:
        known = ", ".join([*names.LONG_NAMES, "datatype", "extension", "suffix"])
        raise SettingsError(f"Filter {query_name}: there is no entity {key}; known are {known}.")
    return names.LONG_NAMES[key]


def _fits(wanted: Any, label: str | None) -> bool:
    if isinstance(wanted, list):
        return any(_fits(each, label) for each in wanted)
    wanted = _SPECIAL.get(wanted, wanted) if isinstance(wanted, str) else wanted
    if wanted is None:
        return label is None
    if label is None:
        return bool(wanted == "Query.OPTIONAL")
    if wanted in {"*", "Query.OPTIONAL"}:
        return True
    if isinstance(wanted, int) and label.isdigit():
        return int(label) == wanted
    return str(wanted) == label


@dataclass(frozen=True)
class Choice:
    """Which scans are asked for.

    Parameters
    ----------
    suffixes : collection of str
        Suffixes that are taken at all.
    participants, sessions : frozenset of str
        Plain labels; empty: all.
    queries : tuple of Query
        From the filter file.
    """

    suffixes: Collection[str]
    participants: frozenset[str]
    sessions: frozenset[str]
    queries: tuple[Query, ...]

    @classmethod
    def of(
        cls,
        settings: InputSettings,
        participants: Iterable[str],
        sessions: Iterable[str],
        filters: Mapping[str, Any] | None,
    ) -> Choice:
        """Build from what a user gives; labels may carry ``sub-`` and ``ses-``."""
        return cls(
            suffixes=frozenset(settings.suffixes),
            participants=frozenset(label.removeprefix("sub-") for label in participants),
            sessions=frozenset(label.removeprefix("ses-") for label in sessions),
            queries=build_queries(filters),
        )

    def wants_subject(self, label: str) -> bool:
        """Whether the subject is asked for."""
        return not self.participants or label in self.participants

    def wants_session(self, label: str | None) -> bool:
        """Whether the session is asked for; None: the subject has no sessions."""
        return not self.sessions or label in self.sessions

    def wants(self, name: names.Name, datatype: str) -> bool:
        """Whether a scan matches one of the queries for its suffix, or there is no query for it."""
        concerned = [query for query in self.queries if name.suffix in query.suffixes]
        return not concerned or any(query.matches(name, datatype) for query in concerned)

    def require_known(self, subjects: Iterable[str], sessions: Iterable[str]) -> None:
        """Raise `SettingsError` where a label is asked for that the input does not hold."""
        _require(self.participants, subjects, "participant")
        _require(self.sessions, sessions, "session")


def _require(wanted: frozenset[str], known: Iterable[str], what: str) -> None:
    there = sorted(set(known))
    if unknown := sorted(wanted.difference(there)):
        shown = ", ".join(there[:12]) + (f" and {len(there) - 12} more" if len(there) > 12 else "")
        raise SettingsError(
            f"There is no {what} {', '.join(unknown)} in the input; it holds: {shown or 'none'}."
        )
