"""Scans of a run that are to be tried again, and what their next attempt changes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from defacto.config import DefaceSettings, Settings, deface_settings
from defacto.pipeline.scan_job import next_attempt
from defacto.pipeline.state import standing_of_record
from defacto.pipeline.store import Store
from defacto.types import State


@dataclass(frozen=True)
class Retry:
    """A scan that is to be tried again.

    Parameters
    ----------
    name : str
        The scan.
    number : int
        Of the next attempt.
    reason : str
        Why there is to be one.
    before, after : DefaceSettings
        Parameters of the last attempt and of the next.
    """

    name: str
    number: int
    reason: str
    before: DefaceSettings
    after: DefaceSettings

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """What the next attempt does otherwise: values before and after, by the name of the parameter."""
        before, after = asdict(self.before), asdict(self.after)
        return {name: (before[name], value) for name, value in after.items() if before[name] != value}


def find_retries(out: Path, settings: Settings) -> list[Retry]:
    """Return the scans of a run that are to be tried again, and with what parameters, by their history.

    Raises
    ------
    DefactoError
        If the folder holds no run.
    """
    found = []
    for record in Store.open(out).records():
        standing = standing_of_record(record, settings)
        after = next_attempt(record, settings) if standing.state is State.RETRY else None
        if after is not None and record.attempts:
            before = deface_settings(record.attempts[-1].parameters)
            found.append(Retry(record.scan.name, record.next_number, standing.reason, before, after))
    return found
