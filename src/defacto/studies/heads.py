"""The heads of a data set: made ones with the truth about them, or real ones."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from defacto.config import Settings
from defacto.errors import InputError
from defacto.io import names, volume
from defacto.io.kind import walk_files
from defacto.io.loose import NO_HEAD
from defacto.simulate.bases import load_bases
from defacto.simulate.dataset import load_cached
from defacto.simulate.head import HeadParameters, make_head
from defacto.simulate.scene import Scene
from defacto.simulate.trial import TRUTH
from defacto.types import Scan

UNKNOWN = "n/a"


@dataclass(frozen=True)
class Head:
    """A scan of a head that methods are compared on.

    Parameters
    ----------
    name : str
        Of its file, without the ending; with its folders where names are not unique.
    path : Path
        The file.
    contrast, years : str
        Where they are known.
    truth : Path or None
        Parameters of a made head; None for a real one.
    """

    name: str
    path: Path
    contrast: str = UNKNOWN
    years: str = UNKNOWN
    truth: Path | None = None

    @property
    def person(self) -> str:
        """Who it is: the label of the BIDS name, or the name."""
        parsed = names.parse(self.path.name)
        return parsed.entities["sub"] if parsed and "sub" in parsed.entities else self.name

    def open(self, settings: Settings) -> Scan:
        """Read the scan."""
        return volume.read(self.path, max_memory_gb=settings.input.max_memory_gb)

    def scene(self, scan: Scan, bases: Path | None) -> Scene | None:
        """Make the head again, with all that is known of it; None for a real one.

        Parameters
        ----------
        scan : Scan
            As read; what is made must be the same.
        bases : Path or None
            Folder of the label maps that the data set was made with.

        Raises
        ------
        InputError
            If the base head is not there, or another head comes of it than is in the file.
        """
        if self.truth is None:
            return None
        parameters = HeadParameters.from_json(json.loads(self.truth.read_text(encoding="utf-8")))
        if parameters.base not in load_bases(bases):
            raise InputError(f"{self.name} was made from {parameters.base}; name its folder with --base.")
        base = load_cached(bases, parameters.base)
        head = make_head(base, parameters)
        if not np.array_equal(head.scan.stored, scan.stored):
            raise InputError(
                f"{self.name}: the truth beside it is that of another head; make the study anew."
            )
        return Scene(replace(head, scan=scan), load_cached(None, "template"))


def find_heads(dataset: Path, settings: Settings) -> list[Head]:
    """Find the heads of a folder, in order.

    Parameters
    ----------
    dataset : Path
        Of `defacto simulate study`, or any folder with intact scans of heads.
    settings : Settings
        Which suffixes are taken.

    Raises
    ------
    InputError
        If there are none.
    """
    made = _made_heads(dataset)
    heads = made or _real_heads(dataset, settings)
    if not heads:
        raise InputError(f"{dataset.name} holds no scan of a head; expected NIfTI or MGH files.")
    return heads


def _made_heads(dataset: Path) -> list[Head]:
    table = dataset / TRUTH / "scans.tsv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    heads = []
    for row in rows:
        path = dataset / row["scan"]
        stem = path.name.removesuffix(".nii.gz")
        truth = dataset / TRUTH / path.parent.relative_to(dataset) / f"{stem}_head.json"
        heads.append(Head(stem, path, row["contrast"], row["years"], truth))
    return heads


def _real_heads(dataset: Path, settings: Settings) -> list[Head]:
    paths = [path for path in walk_files(dataset) if _is_head(path, settings)]
    stems = [path.name.removesuffix(names.volume_extension(path.name) or "") for path in paths]
    return [
        Head(stem if stems.count(stem) == 1 else _flat(path, dataset), path, _contrast(path))
        for stem, path in zip(stems, paths, strict=True)
    ]


def _is_head(path: Path, settings: Settings) -> bool:
    if not names.volume_extension(path.name):
        return False
    parsed = names.parse(path.name)
    return parsed.suffix in settings.input.suffixes if parsed else not NO_HEAD.search(path.name.lower())


def _flat(path: Path, dataset: Path) -> str:
    parts: Sequence[str] = path.relative_to(dataset).parts
    return "_".join(parts).removesuffix(names.volume_extension(path.name) or "")


def _contrast(path: Path) -> str:
    parsed = names.parse(path.name)
    return parsed.suffix if parsed else UNKNOWN


def first_heads(heads: Sequence[Head], count: int) -> list[Head]:
    """Return so many heads, one of each person after the other; the same ones for the same heads."""
    by_person: dict[str, list[Head]] = {}
    for head in heads:
        by_person.setdefault(head.person, []).append(head)
    rounds = range(max((len(each) for each in by_person.values()), default=0))
    mixed = [each[n] for n in rounds for each in by_person.values() if n < len(each)]
    return mixed[:count]
