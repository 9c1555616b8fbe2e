"""What a person decided about the values of a data set: what is accepted, and what is struck out.

::

    accepted = ["SeriesDescription=t1 mprage", "name:acq"]
    strike = ["ProtocolName", "TaskName=rest"]

An entry is a tag, or a tag with a value: text as it is, anything else as JSON; of more than 400 letters
``sha256:`` and the digest of the whole.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from defacto.errors import SettingsError
from defacto.privacy.tally import Tag, Value

_DIGEST = re.compile("sha256:[0-9a-f]{64}")


class Choice(StrEnum):
    """What was decided of a value."""

    OPEN = "open"
    ACCEPTED = "accepted"
    STRUCK = "struck"


@dataclass(frozen=True)
class Strikes:
    """Decisions.

    Parameters
    ----------
    accepted, strike : frozenset of str
        Entries; a strike of a tag or of its value outweighs an acceptance.
    """

    accepted: frozenset[str] = frozenset()
    strike: frozenset[str] = frozenset()

    def of(self, tag: Tag, value: Value | None = None) -> Choice:
        """Return what was decided of a value, or of a tag as a whole."""
        entries = {str(tag)} if value is None else {str(tag), entry_of(tag, value)}
        if entries & self.strike:
            return Choice.STRUCK
        return Choice.ACCEPTED if entries & self.accepted else Choice.OPEN

    @property
    def for_sidecars(self) -> tuple[str, ...]:
        """What is struck out of sidecars, for setting ``privacy.strike``: of values the digests alone."""
        return tuple(sorted(_hidden(entry) for entry in self.strike if ":" not in entry.partition("=")[0]))


def _hidden(entry: str) -> str:
    tag, sign, text = entry.partition("=")
    if not sign or _DIGEST.fullmatch(text):
        return entry
    return f"{tag}=sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def entry_of(tag: Tag, value: Value) -> str:
    """Return how a strikes file names a value."""
    return f"{tag}=sha256:{value.digest}" if value.digest else f"{tag}={value.text}"


def read_strikes(path: Path | None) -> Strikes:
    """Read a strikes file; None gives no decisions.

    Raises
    ------
    SettingsError
        If it cannot be read, or is not one.
    """
    if path is None:
        return Strikes()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The strikes file {path.name} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The strikes file {path.name} is not TOML: {error}.") from error
    unknown = sorted(set(document) - {"accepted", "strike"})
    if unknown:
        raise SettingsError(
            f"The strikes file {path.name}: expected accepted and strike, got {unknown[0]};"
            " save it anew from the page of `defacto audit`."
        )
    lists = {name: _entries(path, name, document.get(name, [])) for name in ("accepted", "strike")}
    if both := sorted(lists["accepted"] & lists["strike"]):
        raise SettingsError(
            f"The strikes file {path.name}: {both[0].partition('=')[0]} stands under both accepted and"
            " strike; keep one."
        )
    return Strikes(**lists)


def _entries(path: Path, name: str, entries: Any) -> frozenset[str]:
    if not isinstance(entries, list) or not all(
        isinstance(entry, str) and entry.strip() for entry in entries
    ):
        raise SettingsError(
            f'The strikes file {path.name}: expected {name} to be a list of "TAG" or "TAG=value".'
        )
    return frozenset(map(str, entries))
