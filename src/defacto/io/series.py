"""A DICOM series as one volume: its files, its tags, and how its slices lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from defacto.io.tags import ImageFile, Person, StackKey, Tags, Visit

_SAME_PLACE_MM = 0.01


@dataclass(frozen=True, eq=False)
class Series:
    """Files that make one volume: a series, or one echo of it. It shows no person and no path.

    Parameters
    ----------
    number : int or None
        Series number; the one thing to name it by.
    tags : Tags
        What its first file says.
    files : tuple of ImageFile
        At least one.
    key : StackKey
        Person, study and series.
    when : str
        Date and time of the study, for sorting.
    visit : Visit
        Of its first file.
    """

    number: int | None
    tags: Tags = field(repr=False)
    files: tuple[ImageFile, ...] = field(repr=False)
    key: StackKey = field(repr=False)
    when: str = field(default="", repr=False)
    visit: Visit = field(default=Visit(), repr=False)

    @property
    def person(self) -> Person:
        """Who was scanned."""
        return self.key.person

    @cached_property
    def layout(self) -> Layout:
        """How its slices lie."""
        return lay_out(self.key.orientation, [position for file in self.files for position in file.positions])

    @property
    def shown(self) -> str:
        """How it is named to people."""
        return f"series {self.number}" if self.number is not None else "a series without a number"


@dataclass(frozen=True)
class Layout:
    """How slices lie.

    Parameters
    ----------
    n_slices : int
        Places that are filled.
    n_volumes : int
        Images at the place that has most of them.
    n_missing : int
        Places that are empty between the first and the last slice.
    spacing_mm : float
        Distance between neighbouring slices; 0 where it is unknown.
    n_surplus : int
        Images beyond the first in places that have more of them than others.
    """

    n_slices: int
    n_volumes: int = 1
    n_missing: int = 0
    spacing_mm: float = 0.0
    n_surplus: int = 0

    @property
    def note(self) -> str | None:
        """A sentence about missing slices, for people."""
        if not self.n_missing:
            return None
        slices = "slice is" if self.n_missing == 1 else "slices are"
        return (
            f"{self.n_missing} {slices} missing in the series (of {self.n_slices + self.n_missing}): behind "
            f"a gap the geometry is wrong by up to {self.n_missing * self.spacing_mm:.3g} mm"
        )


def lay_out(orientation: Sequence[float], positions: Sequence[Sequence[float]]) -> Layout:
    """Find how slices lie along their normal.

    Parameters
    ----------
    orientation : sequence of float
        Directions of rows and columns, six numbers; without them positions say nothing.
    positions : sequence of (x, y, z)
        Of every image, mm.
    """
    distances = slice_distances(orientation, positions)
    if distances is None:
        return Layout(n_slices=len(positions))
    places, counts = np.unique(np.round(distances / _SAME_PLACE_MM).astype(np.int64), return_counts=True)
    n_volumes = int(counts.max())
    surplus = 0 if counts.min() == n_volumes else int((counts - 1).sum())
    if places.size < 3:
        return Layout(int(places.size), n_volumes, n_surplus=surplus)
    steps = np.diff(places) * _SAME_PLACE_MM
    spacing = float(np.median(steps))
    missing = int(np.maximum(np.round(steps / spacing) - 1, 0).sum())
    return Layout(int(places.size), n_volumes, missing, spacing, surplus)


def slice_distances(
    orientation: Sequence[float], positions: Sequence[Sequence[float]]
) -> npt.NDArray[np.float64] | None:
    """Return the place of every image along the normal of the slices, mm; None where it is not known."""
    if len(orientation) != 6 or not positions or any(len(position) != 3 for position in positions):
        return None
    normal = np.cross(orientation[:3], orientation[3:])
    length = float(np.linalg.norm(normal))
    if length < 0.1:
        return None
    return np.asarray(np.asarray(positions, dtype=np.float64) @ (normal / length))


def first_at_each_place(series: Series) -> tuple[ImageFile, ...]:
    """Return the files of a series in order, without those whose place is taken already."""
    files = sorted(series.files, key=lambda file: (file.instance, file.path))
    distances = slice_distances(series.key.orientation, [file.positions[0] for file in files])
    if distances is None:
        return tuple(files)
    places = np.round(distances / _SAME_PLACE_MM).astype(np.int64).tolist()
    seen: Counter[int] = Counter()
    kept = []
    for place, file in zip(places, files, strict=True):
        if not seen[place]:
            kept.append(file)
        seen[place] += 1
    return tuple(kept)
