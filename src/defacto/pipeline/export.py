"""The one gate: nothing but `export` writes into the outgoing data set, and only what is cleared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from defacto.config import Settings
from defacto.errors import NotClearedError, SettingsError
from defacto.pipeline import export_texts as texts
from defacto.pipeline.evidence import file_hash, to_json
from defacto.pipeline.folder import OutFolder
from defacto.pipeline.locks import lock
from defacto.pipeline.outgoing import Wanted, bring, read_manifest
from defacto.pipeline.records import Record, ScanRow
from defacto.pipeline.run_settings import saved_settings, with_strikes
from defacto.pipeline.state import Standing, last_words, standing_of_record
from defacto.pipeline.store import Store
from defacto.privacy.sidecar import clean
from defacto.types import State

DEFAULT_NAME = "De-identified head MRI"


@dataclass(frozen=True)
class Exported:
    """What an export did.

    Parameters
    ----------
    names : tuple of str
        Scans that are in the data set now.
    kept : mapping of str to Standing
        Scans that are not cleared, and why.
    """

    names: tuple[str, ...]
    kept: Mapping[str, Standing]


def export(
    out: Path,
    target: Path,
    *,
    scans: Sequence[str] | None = None,
    name: str = DEFAULT_NAME,
    strikes: Sequence[str] = (),
) -> Exported:
    """Write cleared scans as a BIDS data set.

    Parameters
    ----------
    out : Path
        Output folder of a run.
    target : Path
        Folder of the data set: new, empty, or what an earlier export made, which is brought up to date.
    scans : sequence of str, optional
        Which scans to add to what was exported before; by default all that are cleared.
    name : str
        Name of the data set.
    strikes : sequence of str
        Tags and values of sidecars that go, besides those of setting ``privacy.strike``.

    Raises
    ------
    NotClearedError
        If a scan that was asked for is not cleared, or none is.
    SettingsError
        If the folder cannot be used.
    """
    check_target(out, target)
    store = Store.open(out, run="export")
    settings = with_strikes(saved_settings(out), strikes)
    with lock(OutFolder(out).lock("export"), wait=True):
        records = {record.scan.name: record for record in store.records()}
        standings = {each: standing_of_record(record, settings) for each, record in records.items()}
        manifest = out / ".exports" / f"{manifest_key(target)}.json"
        chosen = _choose(records, standings, scans, read_manifest(manifest))
        bring(target, _wanted(out, chosen, settings, name), manifest)
        store.add_event("exported", f"{len(chosen)} scans were exported.")
    kept = {each: standing for each, standing in standings.items() if standing.state is not State.CLEARED}
    return Exported(tuple(record.scan.name for record in chosen), kept)


def check_target(out: Path, target: Path) -> None:
    """Refuse a folder to write to that lies in another of ours, or the other way round, or is a file."""
    inside, outside = out.resolve(), target.resolve()
    if outside.is_relative_to(inside) or inside.is_relative_to(outside):
        raise SettingsError(
            "The data set and the output folder lie in one another; choose a folder apart from it:"
            " the output folder is not for sharing."
        )
    if target.exists() and not target.is_dir():
        raise SettingsError(f"{target.name} is a file; expected a folder, or a name that is free.")


def manifest_key(target: Path) -> str:
    """Return by what the output folder knows a folder that it exported to; its path is not written down."""
    return hashlib.sha256(str(target.resolve()).encode()).hexdigest()[:16]


def _choose(
    records: Mapping[str, Record],
    standings: Mapping[str, Standing],
    scans: Sequence[str] | None,
    before: Mapping[str, Any],
) -> list[Record]:
    """Return the cleared among the scans that were asked for or exported before."""
    cleared = [name for name, standing in standings.items() if standing.state is State.CLEARED]
    if scans is not None:
        _require(scans, standings)
        asked = set(scans)
        cleared = [
            name
            for name in cleared
            if name in asked or f"{texts.scan_stem(records[name].scan)}.nii.gz" in before
        ]
    if not cleared and not before:
        raise NotClearedError(
            f"None of the {len(records)} scans is cleared; `defacto status` says where they stand,"
            " `defacto label` clears what a person has looked at."
        )
    return [records[name] for name in cleared]


def _require(scans: Sequence[str], standings: Mapping[str, Standing]) -> None:
    unknown = [name for name in scans if name not in standings]
    if unknown:
        raise NotClearedError(f"There is no scan {unknown[0]} in this run; `defacto status` lists them.")
    held = [name for name in scans if standings[name].state is not State.CLEARED]
    if held:
        said = "; ".join(f"{name} ({standings[name].state.value})" for name in held)
        raise NotClearedError(f"Not cleared, and not exported: {said}.")


def _wanted(out: Path, chosen: Sequence[Record], settings: Settings, name: str) -> dict[str, Wanted]:
    wanted: dict[str, Wanted] = {}
    known: list[tuple[ScanRow, Mapping[str, Any]]] = []
    for record in chosen:
        files, sidecar = _scan_files(out, record, settings)
        known.append((record.scan, sidecar))
        if shared := sorted(set(files) & set(wanted)):
            raise NotClearedError(f"Two scans would be written as {shared[0]}; rename one of the inputs.")
        wanted |= files
    subjects = sorted({record.scan.subject for record in chosen})
    table, columns = texts.participants(subjects, known)
    times = {path: Wanted.text(text) for path, text in texts.scans_tables(known).items()}
    return (
        wanted
        | times
        | {
            "participants.tsv": Wanted.text(table),
            "participants.json": Wanted.text(to_json(columns)),
            "README.md": Wanted.text(texts.readme(name, len(chosen), len(subjects))),
            "dataset_description.json": Wanted.text(to_json(texts.description(name))),
        }
    )


def _scan_files(out: Path, record: Record, settings: Settings) -> tuple[dict[str, Wanted], Mapping[str, Any]]:
    """Return the files of a scan, and its sidecar inside; the gate is here once more, for whoever calls."""
    standing = standing_of_record(record, settings)
    if standing.state is not State.CLEARED:
        raise NotClearedError(f"Not cleared, and not exported: {record.scan.name} ({standing.state.value}).")
    attempt = record.attempts[-1]
    tool = _read_checked(out, record, "attempt")["defacto"]
    verified = bool(last_words(attempt, record.reviews))
    inside = _read_checked(out, record, "sidecar")
    cleaned = clean(inside, settings.privacy)
    said = texts.scan_sidecar(cleaned, attempt, verified=verified, tool=tool)
    scan, mask = texts.scan_stem(record.scan), texts.mask_stem(record.scan)
    files = {
        f"{scan}.nii.gz": Wanted(attempt.sha256["volume"], out / attempt.files["volume"]),
        f"{scan}.json": Wanted.text(to_json(said)),
        f"{mask}.nii.gz": Wanted(attempt.sha256["mask"], out / attempt.files["mask"]),
        f"{mask}.json": Wanted.text(to_json(texts.mask_sidecar(record.scan, attempt, tool))),
    }
    return files, inside


def _read_checked(out: Path, record: Record, role: str) -> dict[str, Any]:
    attempt = record.attempts[-1]
    path = out / attempt.files[role]
    if not path.is_file() or file_hash(path) != attempt.sha256[role]:
        raise NotClearedError(
            f"The file {path.name} of {record.scan.name} is not what it was when the scan was checked;"
            " the scan stays inside."
        )
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document
