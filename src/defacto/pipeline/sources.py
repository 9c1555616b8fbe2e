"""Scans to work on: found in BIDS data sets, DICOM folders and loose files; opened one at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from defacto.config import Settings
from defacto.errors import DefactoError, InputError
from defacto.io import bids, dicom, mapping, volume
from defacto.io.choice import Choice
from defacto.io.kind import kind_of
from defacto.io.source import Found, Source
from defacto.pipeline.people import with_facts, with_new_labels
from defacto.pipeline.records import Mark, ScanRow
from defacto.privacy.person import words_in_sidecar, words_of
from defacto.privacy.sidecar import clean
from defacto.types import Scan


@dataclass(frozen=True)
class Selection:
    """Which scans of the input are asked for.

    Parameters
    ----------
    participants, sessions : tuple of str
        Labels; none: all.
    filters : mapping, optional
        As `defacto.io.choice.read_filters` returns it.
    key_file : Path, optional
        Secret that new subject labels are made with.
    series_map : Path, optional
        TOML file that says what DICOM series are.
    """

    participants: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    filters: Mapping[str, Any] | None = None
    key_file: Path | None = None
    series_map: Path | None = None


@dataclass(frozen=True, eq=False)
class Opened:
    """A scan in memory.

    Parameters
    ----------
    scan : Scan
        The original.
    sidecar : mapping
        What its sidecar says, cleaned.
    """

    scan: Scan
    sidecar: Mapping[str, Any] = field(default_factory=dict)


def find_sources(folder: Path, settings: Settings, selection: Selection) -> Found:
    """Find the scans of an input folder, of whatever kind it is, under names that give nobody away."""
    found, left_out = _find(folder, settings, selection)
    told = with_facts(found, folder, settings.privacy, selection.key_file)
    return with_new_labels(told, settings.privacy, selection.key_file), left_out


def _find(folder: Path, settings: Settings, selection: Selection) -> Found:
    if kind_of(folder) != "dicom":
        return bids.find(
            folder,
            settings.input,
            participants=selection.participants,
            sessions=selection.sessions,
            filters=selection.filters,
            key_file=selection.key_file,
        )
    choice = Choice.of(settings.input, selection.participants, selection.sessions, selection.filters)
    return dicom.find(folder, choice, selection.key_file, mapping.read_mapping(selection.series_map))


def row_of(source: Source) -> ScanRow:
    """Return what the store keeps of a source: neither its path nor whom it shows."""
    return ScanRow(
        name=source.name,
        subject=source.subject,
        session=source.session,
        suffix=source.suffix,
        datatype=source.datatype,
        origin=source.origin,
        note=source.note,
    )


def open_source(source: Source, settings: Settings, work: Path) -> Opened:
    """Read a scan into memory; a DICOM series is converted first.

    Parameters
    ----------
    source : Source
        What to open.
    settings : Settings
        ``settings.input`` limits the size.
    work : Path
        Folder for temporary files.

    Raises
    ------
    InputError
        If it cannot be used.
    """
    if source.series is not None:
        with TemporaryDirectory(dir=work, ignore_cleanup_errors=True) as folder:
            converted = dicom.convert(source.series, Path(folder))
            return _read(source, converted.path, converted.sidecar, settings)
    if source.path is None:
        raise InputError(f"{source.name}: expected a file or a DICOM series, got neither.")
    return _read(source, source.path, source.sidecar, settings)


def _read(source: Source, path: Path, sidecar: Mapping[str, Any], settings: Settings) -> Opened:
    scan = volume.read(path, max_memory_gb=settings.input.max_memory_gb, name=source.name)
    known = words_in_sidecar(sidecar)
    if source.series is not None:
        known |= words_of(source.series.person)
    return Opened(scan, {**clean(sidecar, settings.privacy, known), **source.facts})


def files_of(source: Source) -> Sequence[Path]:
    """Return the files that a source is read from."""
    if source.series is not None:
        return tuple(Path(file.path) for file in source.series.files)
    return () if source.path is None else (source.path,)


def stamp_of(source: Source) -> str:
    """Return a hash of the sizes and times of change of a source's files; empty where they cannot be seen."""
    return _hash(_stamps(files_of(source)))


def mark_of(source: Source) -> Mark:
    """Return by what a change of the source will be noticed; reads all of it."""
    stamp = stamp_of(source)
    return Mark(_hash(_contents(files_of(source))), stamp)


def has_changed(source: Source, mark: Mark) -> bool:
    """Whether a source is no longer what it was; looks into the files only where size or time differ."""
    return stamp_of(source) != mark.stamp and mark_of(source).fingerprint != mark.fingerprint


def _stamps(files: Sequence[Path]) -> Iterable[bytes]:
    for path in files:
        try:
            seen = path.stat()
        except OSError:
            yield b"?"
        else:
            yield f"{seen.st_size}:{seen.st_mtime_ns};".encode()


def _contents(files: Sequence[Path]) -> Iterable[bytes]:
    for path in files:
        try:
            with path.open("rb") as file:
                yield hashlib.file_digest(file, "sha256").digest()
        except OSError:
            yield b"?"


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def sentence(error: DefactoError) -> str:
    """Return an error's message as one line."""
    return " ".join(str(error).split())
