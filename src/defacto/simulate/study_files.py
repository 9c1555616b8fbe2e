"""What lies around the scans of a made BIDS study: descriptions, participants, sidecars."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from defacto.simulate.contrast import Contrast

_SIDECARS: Mapping[Contrast, Mapping[str, Any]] = {
    Contrast.T1W: {"RepetitionTime": 2.3, "EchoTime": 0.00298, "InversionTime": 0.9, "FlipAngle": 9},
    Contrast.T2W: {"RepetitionTime": 5.2, "EchoTime": 0.098, "FlipAngle": 150},
    Contrast.PDW: {"RepetitionTime": 2.8, "EchoTime": 0.011, "FlipAngle": 150},
    Contrast.FLAIR: {"RepetitionTime": 9.0, "EchoTime": 0.089, "InversionTime": 2.5, "FlipAngle": 150},
    Contrast.T1W_GADOLINIUM: {"RepetitionTime": 0.55, "EchoTime": 0.0089, "FlipAngle": 70},
    Contrast.RANDOM: {},
}
_NAMES_THE_PATIENT = {
    "PatientName": "Made^Person",
    "PatientBirthDate": "19010101",
    "InstitutionName": "Hospital of Nowhere",
    "DeviceSerialNumber": "00000",
    "AcquisitionDateTime": "1901-01-01T08:00:00",
    "ImageComments": "made by defacto; nobody was scanned",
}


@dataclass(frozen=True)
class Participant:
    """A row of participants.tsv."""

    label: str
    age: int
    sex: str
    size: float = 1.0


def sidecar_of(contrast: Contrast, slice_mm: float) -> dict[str, Any]:
    """Return what a converter writes beside a scan, with what names a patient still in it."""
    sidecar = {
        "Modality": "MR",
        "MagneticFieldStrength": 3,
        "Manufacturer": "Made",
        **_SIDECARS[contrast],
        "SliceThickness": slice_mm,
        **_NAMES_THE_PATIENT,
    }
    if contrast is Contrast.T1W_GADOLINIUM:
        sidecar["ContrastBolusIngredient"] = "GADOLINIUM"
    return sidecar


def write_study_files(folder: Path, participants: Sequence[Participant]) -> None:
    """Write what a BIDS data set has beside its scans.

    Parameters
    ----------
    folder : Path
        Where to; made if it is not there.
    participants : sequence of Participant
        Who takes part.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_json(
        folder / "dataset_description.json",
        {
            "Name": "A made study",
            "BIDSVersion": "1.10.0",
            "DatasetType": "raw",
            "License": "CC0",
            "Authors": ["defacto"],
            "HowToAcknowledge": "Nobody was scanned for this.",
        },
    )
    (folder / "README").write_text(
        "A study made by defacto from an average head. Nobody was scanned: the persons, their faces and what "
        "names them in the sidecars are made up.\n",
        encoding="utf-8",
    )
    rows = ["participant_id\tage\tsex", *(f"sub-{p.label}\t{p.age}\t{p.sex}" for p in participants)]
    (folder / "participants.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    write_json(
        folder / "participants.json",
        {
            "age": {"Description": "Age of the participant, made up", "Units": "year"},
            "sex": {"Description": "Sex of the participant, made up", "Levels": {"F": "female", "M": "male"}},
        },
    )


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON whose bytes depend on the content alone."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
