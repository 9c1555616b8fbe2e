"""What the store gives back: ScanRow, Mark, Asked, Record, Event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from defacto.types import Attempt, Review


@dataclass(frozen=True)
class ScanRow:
    """One scan as the store knows it.

    Parameters
    ----------
    name : str
        BIDS stem, for example ``sub-01_ses-1_T1w``.
    subject, session, suffix, datatype : str
        Parts of the name, without their keys; session is None where there is none.
    origin : str
        ``bids``, ``nifti`` or ``dicom``.
    note : str, optional
        What was odd about the input.
    crash : str, optional
        Why the tool itself stopped on the scan after its last attempt.
    """

    name: str
    subject: str
    session: str | None
    suffix: str
    datatype: str
    origin: str
    note: str | None = None
    crash: str | None = None


@dataclass(frozen=True)
class Mark:
    """By what a changed input is noticed.

    Parameters
    ----------
    fingerprint : str
        SHA-256 of the input's content.
    stamp : str
        Hash of its size and time of change: the quick look that says whether to read it again.
    """

    fingerprint: str
    stamp: str


@dataclass(frozen=True)
class Asked:
    """What a person wants of the next attempt.

    Parameters
    ----------
    parameters : mapping
        As of an attempt (JSON values).
    reviewer : str
        Who asked.
    """

    parameters: Mapping[str, Any]
    reviewer: str


@dataclass(frozen=True)
class Record:
    """A scan with all that was ever done on its present input.

    Parameters
    ----------
    scan : ScanRow
        The scan.
    attempts : tuple of Attempt
        In order; those on the present input only.
    reviews : tuple of Review
        In order; those on these attempts.
    attempts_before : int
        How many attempts were made on former contents of the input file.
    mark : Mark, optional
        The input as the last attempt found it.
    asked : Asked, optional
        What a person wants of the next attempt.
    scan_id, attempt_id : int, optional
        Where the scan and its last attempt on the present input stand in the store.
    """

    scan: ScanRow
    attempts: tuple[Attempt, ...] = ()
    reviews: tuple[Review, ...] = ()
    attempts_before: int = 0
    mark: Mark | None = None
    asked: Asked | None = None
    scan_id: int | None = None
    attempt_id: int | None = None

    @property
    def next_number(self) -> int:
        """Number of the next attempt."""
        return self.attempts_before + len(self.attempts) + 1


@dataclass(frozen=True)
class Event:
    """Something that happened in a run.

    Parameters
    ----------
    run : str
        Which run.
    kind : str
        ``started``, ``finished``, ``left_out``, ``crash``, ``changed``, ``exported``, ``settings``.
    scan : str or None
        Name of the scan it is about.
    attempt : int or None
        Number of the attempt it is about.
    text : str
        One sentence, without any path.
    added : datetime
        When, UTC.
    """

    run: str
    kind: str
    scan: str | None
    attempt: int | None
    text: str
    added: datetime
