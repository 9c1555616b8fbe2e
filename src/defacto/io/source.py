"""What was found in an input folder: sources to deface, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from defacto.io.series import Series

Origin = Literal["bids", "nifti", "dicom"]
"""Kind of input."""


@dataclass(frozen=True, eq=False)
class Source:
    """One scan to deface, before it is opened. Its representation shows neither path nor person.

    Parameters
    ----------
    name : str
        BIDS stem, for example ``sub-01_ses-1_T1w``; unique within the input.
    subject : str
        Label without ``sub-``.
    session : str or None
        Label without ``ses-``.
    suffix, datatype : str
        For example ``T1w`` and ``anat``.
    entities : mapping of str to str
        All entities of the name, in its order.
    origin : {"bids", "nifti", "dicom"}
        Kind of input.
    note : str or None
        A sentence for people: what was assumed or found wanting.
    path : Path or None
        The volume file, absolute, opened read-only; None for a DICOM series.
    sidecar : mapping
        What the JSON sidecars say, inheritance applied. Not cleaned: `defacto.privacy.sidecar` does that.
    series : Series or None
        The DICOM series.
    identity : str or None
        What a new subject label stands for: patient ID, or relative path of a loose file. None where the
        label is the input's own. For `defacto.io.subjects.link_table` only; never to be shown.
    facts : mapping
        What may be said of the person and the day: ``Participant`` and a moved ``AcquisitionDateTime``.
    """

    name: str
    subject: str
    session: str | None
    suffix: str
    datatype: str
    entities: Mapping[str, str]
    origin: Origin
    note: str | None = None
    path: Path | None = field(default=None, repr=False)
    sidecar: Mapping[str, Any] = field(default_factory=dict, repr=False)
    series: Series | None = field(default=None, repr=False)
    identity: str | None = field(default=None, repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class LeftOut:
    """Something that was seen and is not taken.

    Parameters
    ----------
    name : str
        A BIDS stem, or a description without names of persons, for example ``sub-x2k4, series 4``.
    reason : str
        A sentence without its full stop.
    """

    name: str
    reason: str


Found = tuple[list[Source], list[LeftOut]]
"""What is taken, and what is not."""


def why_unreadable(path: Path, is_link: bool, root: Path) -> str | None:
    """Return why a file may not be opened (a link that dangles or leaves `root`, no rights), or None.

    Parameters
    ----------
    path : Path
        The file.
    is_link : bool
        Whether it, or a folder on the way from `root`, is a symbolic link.
    root : Path
        The input folder, resolved.
    """
    if is_link:
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):
            return "a symbolic link that leads nowhere (with git-annex or DataLad: get the file first)"
        if not target.is_relative_to(root):
            return "a symbolic link that leaves the input folder"
    try:
        with path.open("rb"):
            return None
    except OSError as error:
        return f"it cannot be read ({(error.strerror or 'unknown error').lower()})"
