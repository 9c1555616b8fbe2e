"""Scans in a BIDS data set, and the one entry to every kind of input: `find`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from defacto.config import InputSettings
from defacto.errors import InputError
from defacto.io import dicom, inheritance, loose, names
from defacto.io.bidsignore import read_ignore
from defacto.io.check import check
from defacto.io.choice import Choice
from defacto.io.kind import is_bids, is_dicom, kind_of
from defacto.io.mapping import read_mapping
from defacto.io.source import Found, LeftOut, Source, why_unreadable

__all__ = ["LeftOut", "Source", "check", "find", "is_bids", "is_dicom", "kind_of"]

Levels = tuple[tuple[inheritance.SidecarFile, ...], ...]
"""Sidecars of the folders from the data set down to a volume."""


def find(
    folder: Path,
    settings: InputSettings,
    *,
    participants: Iterable[str] = (),
    sessions: Iterable[str] = (),
    filters: Mapping[str, Any] | None = None,
    key_file: Path | None = None,
    mapping_file: Path | None = None,
) -> Found:
    """Find the scans to deface: in a BIDS data set, a DICOM folder, or among loose volume files.

    Parameters
    ----------
    folder : Path
        A BIDS data set, a folder of DICOM files, or of NIfTI and MGH files, or one such file.
    settings : InputSettings
        Which suffixes are taken.
    participants, sessions : iterable of str
        Labels to take, with or without ``sub-`` and ``ses-``; none: all.
    filters : mapping, optional
        As `defacto.io.choice.build_queries` takes it.
    key_file : Path, optional
        The key for new labels (DICOM, loose files); default `defacto.io.subjects.key_path`.
    mapping_file : Path, optional
        The user's own rules for DICOM series, as `defacto.io.mapping` describes them.

    Returns
    -------
    sources : list of Source
        In the order of their names.
    left_out : list of LeftOut
        Images that were seen and are not taken, each with its reason.

    Raises
    ------
    InputError
        If there is nothing here that could be defaced.
    SettingsError
        If a participant or session is asked for that does not exist, or the filters are wrong.
    """
    choice = Choice.of(settings, participants, sessions, filters)
    kind = kind_of(folder)
    if kind == "bids":
        return _Walk(folder.resolve(), choice).run()
    if kind == "dicom":
        return dicom.find(folder, choice, key_file, read_mapping(mapping_file))
    return loose.find(folder, choice, key_file)


@dataclass(frozen=True)
class _Place:
    """A folder of a subject: who, which session, whether a link led here, and the sidecars above."""

    subject: str
    session: str | None
    linked: bool
    levels: Levels


@dataclass
class _Walk:
    root: Path
    choice: Choice
    sources: list[Source] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    subjects: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    is_ignored: Callable[[str], bool] = field(init=False)

    def __post_init__(self) -> None:
        self.is_ignored = read_ignore(self.root)

    def run(self) -> Found:
        entries = _scan(self.root)
        level = _sidecars(entries)
        for entry in entries:
            label = entry.name.removeprefix("sub-")
            if label == entry.name or not entry.is_dir() or self._ignores(entry):
                continue
            self.subjects.add(label)
            if self.choice.wants_subject(label):
                self._enter(entry, _Place(label, None, entry.is_symlink(), (level,)))
        self.choice.require_known(self.subjects, self.sessions)
        if not self.subjects:
            raise InputError(f"The data set {self.root.name} holds no sub- folders (that are not ignored).")
        return self.sources, self.left_out

    def _enter(self, folder: os.DirEntry[str], place: _Place) -> None:
        """Go through a folder of a subject and the folders below it."""
        entries = _scan(folder.path)
        place = _Place(place.subject, place.session, place.linked, (*place.levels, _sidecars(entries)))
        for entry in entries:
            if entry.name.startswith(".") or self._ignores(entry):
                continue
            if not entry.is_dir():
                self._take_file(entry, folder.name, place)
                continue
            session = entry.name.removeprefix("ses-") if entry.name.startswith("ses-") else place.session
            if session is not None:
                self.sessions.add(session)
            linked = place.linked or entry.is_symlink()
            self._enter(entry, _Place(place.subject, session, linked, place.levels))

    def _take_file(self, entry: os.DirEntry[str], datatype: str, place: _Place) -> None:
        if names.volume_extension(entry.name) is None or not self.choice.wants_session(place.session):
            return
        name = names.parse(entry.name)
        if name is not None and not self.choice.wants(name, datatype):
            return
        if name is None:
            shown = f"sub-{place.subject}, file {len(self.left_out) + 1}"
            self.left_out.append(LeftOut(shown, "its name is not a BIDS name"))
        elif reason := self._why_not(entry, name, datatype, place):
            self.left_out.append(LeftOut(name.stem, reason))
        else:
            self._take(Path(entry.path), name, datatype, place)

    def _why_not(self, entry: os.DirEntry[str], name: names.Name, datatype: str, place: _Place) -> str | None:
        if (name.entities["sub"], name.entities.get("ses")) != (place.subject, place.session):
            return "its name says another subject or session than its folder"
        if datatype.startswith(("sub-", "ses-")):
            return "it does not lie in the folder of a datatype, such as anat"
        if reason := why_not_taken(name, self.choice):
            return reason
        if name.stem in self.taken:
            return "another file has the same name but for its ending"
        return why_unreadable(Path(entry.path), place.linked or entry.is_symlink(), self.root)

    def _take(self, path: Path, name: names.Name, datatype: str, place: _Place) -> None:
        sidecar, broken = inheritance.merge(name, place.levels)
        note = f"the sidecar {broken[0]} is not a JSON object and was not read" if broken else None
        self.taken.add(name.stem)
        source = Source(
            name=name.stem,
            subject=place.subject,
            session=place.session,
            suffix=name.suffix,
            datatype=datatype,
            entities=name.entities,
            origin="bids",
            note=note,
            path=path,
            sidecar=sidecar,
        )
        self.sources.append(source)

    def _ignores(self, entry: os.DirEntry[str]) -> bool:
        return self.is_ignored(os.path.relpath(entry.path, self.root))


def why_not_taken(name: names.Name, choice: Choice) -> str | None:
    """Return why an image of this name is no scan to deface; None where it is one."""
    if name.suffix not in choice.suffixes:
        return f"images of suffix {name.suffix} are not among those taken (setting input.suffixes)"
    part = name.entities.get("part", "mag")
    return None if part == "mag" else f"part-{part} is not an image of magnitudes"


def _scan(folder: str | Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _sidecars(entries: Iterable[os.DirEntry[str]]) -> tuple[inheritance.SidecarFile, ...]:
    return tuple(_json_files(entries))


def _json_files(entries: Iterable[os.DirEntry[str]]) -> Iterator[inheritance.SidecarFile]:
    for entry in entries:
        if entry.name.endswith(".json") and (file := inheritance.sidecar_file(Path(entry.path))):
            yield file
