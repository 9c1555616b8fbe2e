"""BIDS file names: taken apart into entities, and put together again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

VOLUME_EXTENSIONS = (".nii.gz", ".nii", ".hdr.gz", ".hdr", ".mgh.gz", ".mgz", ".mgh")
"""Endings of the files that are read as volumes; of a pair, the header."""

LONG_NAMES = {
    "subject": "sub",
    "session": "ses",
    "sample": "sample",
    "task": "task",
    "tracksys": "tracksys",
    "acquisition": "acq",
    "nucleus": "nuc",
    "volume": "voi",
    "ceagent": "ce",
    "tracer": "trc",
    "staining": "stain",
    "reconstruction": "rec",
    "direction": "dir",
    "run": "run",
    "modality": "mod",
    "echo": "echo",
    "flip": "flip",
    "inv": "inv",
    "inversion": "inv",
    "mt": "mt",
    "mtransfer": "mt",
    "part": "part",
    "processing": "proc",
    "proc": "proc",
    "hemisphere": "hemi",
    "space": "space",
    "split": "split",
    "recording": "recording",
    "chunk": "chunk",
    "segmentation": "seg",
    "resolution": "res",
    "density": "den",
    "label": "label",
    "description": "desc",
}
"""Long name of an entity (as pybids and filter files use it) to its key in file names."""

ORDER = tuple(dict.fromkeys(LONG_NAMES.values()))
"""Keys in the order in which BIDS wants them."""

_ENTITY = re.compile(r"([a-z]+)-([A-Za-z0-9+]+)")
_SUFFIX = re.compile(r"[A-Za-z][A-Za-z0-9]*")


@dataclass(frozen=True)
class Name:
    """A BIDS file name in its parts.

    Parameters
    ----------
    entities : mapping of str to str
        Key to label, in the order of the name.
    suffix : str
        For example ``T1w``.
    extension : str
        With its dot; may be empty.
    """

    entities: Mapping[str, str]
    suffix: str
    extension: str = ""

    @property
    def stem(self) -> str:
        """The name without its extension."""
        return "_".join([*(f"{key}-{label}" for key, label in self.entities.items()), self.suffix])

    def __str__(self) -> str:
        return self.stem + self.extension


def parse(file_name: str) -> Name | None:
    """Take a BIDS file name apart; None where it is not one.

    Examples
    --------
    >>> parse("sub-01_acq-highres_T1w.nii.gz").entities
    {'sub': '01', 'acq': 'highres'}
    >>> parse("brain.nii.gz") is None
    True
    """
    stem, dot, extension = file_name.partition(".")
    *pairs, suffix = stem.split("_")
    matches = [_ENTITY.fullmatch(pair) for pair in pairs]
    entities = {match[1]: match[2] for match in matches if match}
    whole = len(entities) == len(pairs) and next(iter(entities), None) == "sub"
    if not whole or not _SUFFIX.fullmatch(suffix):
        return None
    return Name(entities, suffix, dot + extension)


def in_order(entities: Mapping[str, str]) -> dict[str, str]:
    """Sort entities as BIDS wants them; keys that BIDS does not know come last."""
    rank = {key: place for place, key in enumerate(ORDER)}
    return dict(sorted(entities.items(), key=lambda item: (rank.get(item[0], len(rank)), item[0])))


def volume_extension(file_name: str) -> str | None:
    """Return the ending by which a file is read as a volume, as it is written there; None for other files."""
    for extension in VOLUME_EXTENSIONS:
        if file_name.lower().endswith(extension):
            return file_name[-len(extension) :]
    return None
