"""The files of an attempt, put in place all at once."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from defacto import __version__, render
from defacto.io import volume
from defacto.pipeline import rows
from defacto.pipeline.clock import Clock
from defacto.pipeline.folder import write_whole
from defacto.types import Attempt, Decision, Looks, Measure, Picture, Prediction, Removal, Scan

LARGE_OF = {"render_left": "large_left", "render_right": "large_right"}
"""Views that are kept twice: large too, for the eyes of people on large screens."""


@dataclass(frozen=True, eq=False)
class Examined:
    """What an attempt came to, before anything is written.

    Parameters
    ----------
    result : Scan
        The defaced scan, its header cleaned.
    removal : Removal
        What was taken out.
    measures : mapping
        By name.
    decision : Decision
        The conclusion.
    prediction : Prediction, optional
        The classifier's opinion, where it was asked.
    pictures : mapping of str to Picture
        Role (``render_left``, ..., ``slices``) to picture.
    looks : Looks, optional
        What the classifier saw.
    """

    result: Scan
    removal: Removal
    measures: Mapping[str, Measure]
    decision: Decision
    prediction: Prediction | None = None
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    looks: Looks | None = None


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is written beside the record of an attempt.

    Parameters
    ----------
    sidecar : mapping, optional
        Cleaned; None where the scan could not be opened.
    examined : Examined, optional
        None where a step could not be done.
    """

    sidecar: Mapping[str, Any] | None = None
    examined: Examined | None = None


def put_in_place(
    attempt: Attempt, evidence: Evidence, folder: Path, out: Path, clock: Clock, *, keeps_volume: bool = False
) -> Attempt:
    """Write the files of an attempt beside their place, then move them there at once.

    Parameters
    ----------
    attempt : Attempt
        What is known of it so far.
    evidence : Evidence
        What is to be written.
    folder : Path
        Their place; what an unfinished attempt left there is replaced.
    out : Path
        Folder of the run.
    clock : Clock
        Took the time of the attempt.
    keeps_volume : bool
        Whether the defaced volume is written too.

    Returns
    -------
    Attempt
        With its files, their hashes and the seconds.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    with clock.step("write"):
        if evidence.sidecar is not None:
            write_whole(part / "sidecar.json", to_json(evidence.sidecar))
        if evidence.examined is not None:
            _write_images(part, evidence.examined, keeps_volume=keeps_volume)
    names = {role_of(path.name): path.name for path in sorted(part.iterdir())}
    place = folder.relative_to(out).as_posix()
    attempt = replace(
        attempt,
        files={role: f"{place}/{name}" for role, name in names.items()},
        sha256={role: file_hash(part / name) for role, name in names.items()},
        seconds=clock.seconds,
    )
    write_whole(part / "attempt.json", to_json(attempt_document(attempt)))
    own_hash = file_hash(part / "attempt.json")
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return replace(
        attempt,
        files={**attempt.files, "attempt": f"{place}/attempt.json"},
        sha256={**attempt.sha256, "attempt": own_hash},
    )


def _write_images(folder: Path, examined: Examined, *, keeps_volume: bool) -> None:
    if keeps_volume:
        volume.write(folder / "defaced.nii.gz", examined.result)
    mask = volume.scan_from_arrays(examined.removal.mask, examined.result.grid.affine, dtype="uint8")
    volume.write(folder / "removal.nii.gz", mask)
    for role, picture in examined.pictures.items():
        render.write_png(folder / f"{role}.png", picture)
    if examined.looks is not None:
        render.write_looks(folder / "looks.npz", examined.looks)


def role_of(name: str) -> str:
    """Return the role of a file of an attempt: volume, mask, sidecar, render_left, ..., looks."""
    stem = name.partition(".")[0]
    return {"defaced": "volume", "removal": "mask"}.get(stem, stem)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def attempt_document(attempt: Attempt) -> dict[str, Any]:
    """Return an attempt as JSON values, without the time it took."""
    document = rows.attempt_row(attempt)
    del document["seconds"]
    return document | {
        "defacto": __version__,
        "measures": rows.measure_rows(attempt),
        "prediction": rows.prediction_rows(attempt),
        "decision": rows.decision_row(attempt.decision),
    }


def to_json(document: Mapping[str, Any]) -> str:
    """Return JSON whose bytes depend on the content alone."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
