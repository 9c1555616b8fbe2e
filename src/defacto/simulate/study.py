"""A made BIDS study: what `defacto demo` runs on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from defacto.io.volume import write
from defacto.simulate.acquisition import AcquisitionParameters, acquire, draw_acquisition
from defacto.simulate.base import load_base
from defacto.simulate.contrast import Contrast, ContrastParameters, draw_contrast, make_palette
from defacto.simulate.person import Person, PersonParameters, draw_person, make_person

_KEPT_OF_TRUNCATED = 0.6


@dataclass(frozen=True)
class Participant:
    """A row of participants.tsv."""

    label: str
    age: int
    sex: str
    size: float = 1.0


@dataclass(frozen=True)
class Protocol:
    """A scan of the study.

    Parameters
    ----------
    participant : str
        Label, without ``sub-``.
    name : str
        What follows the participant in the file's name.
    contrast : Contrast
        Its kind.
    acquisition : AcquisitionParameters
        About what is drawn.
    truncated : bool
        The file ends too early, as after a full disk.
    """

    participant: str
    name: str
    contrast: Contrast
    acquisition: AcquisitionParameters
    truncated: bool = False


@dataclass(frozen=True)
class Recipe:
    """All that makes one scan; drawn once, applied as often as wanted."""

    protocol: Protocol
    person: PersonParameters
    contrast: ContrastParameters
    acquisition: AcquisitionParameters


PARTICIPANTS = (
    Participant("01", 34, "F", 0.98),
    Participant("02", 61, "M", 1.03),
    Participant("03", 27, "M"),
    Participant("04", 55, "F", 0.97),
    Participant("05", 6, "F", 0.90),
    Participant("06", 45, "M", 1.02),
)

_ISOTROPIC = AcquisitionParameters((160, 208, 208), (1.2, 1.2, 1.2), noise=0.02)
_AXIAL_46 = AcquisitionParameters(
    (256, 256, 46), (0.9375, 0.9375, 5.0), offset_mm=(0, 0, -6), noise=0.025, dtype="uint16"
)
_AXIAL_60 = AcquisitionParameters((192, 256, 60), (0.98, 0.98, 4.0), storage="LPS", noise=0.02)
_TURNED = AcquisitionParameters((168, 168, 168), (1.5, 1.5, 1.5), tilt_deg=(10.0, 8.0, 27.0), dtype="float32")
_SAGITTAL = AcquisitionParameters((144, 200, 200), (1.3, 1.25, 1.25), storage="PSR", noise=0.03)
_FLAIR = AcquisitionParameters((148, 190, 190), (1.3, 1.3, 1.3), storage="LAS", noise=0.025)
_SMALL = AcquisitionParameters((144, 168, 176), (1.4, 1.4, 1.4), air="zero", dtype="uint8", noise=0.015)

PROTOCOLS = (
    Protocol("01", "T1w", Contrast.T1W, _ISOTROPIC),
    Protocol("01", "T2w", Contrast.T2W, _AXIAL_46),
    Protocol("02", "T1w", Contrast.T1W, _TURNED),
    Protocol("03", "PDw", Contrast.PDW, _SAGITTAL),
    Protocol("03", "FLAIR", Contrast.FLAIR, _FLAIR),
    Protocol("04", "ce-gadolinium_T1w", Contrast.T1W_GADOLINIUM, _AXIAL_60),
    Protocol("05", "T1w", Contrast.T1W, _SMALL),
    Protocol("06", "T1w", Contrast.T1W, _ISOTROPIC, truncated=True),
)

_SIDECARS: Mapping[Contrast, Mapping[str, Any]] = {
    Contrast.T1W: {"RepetitionTime": 2.3, "EchoTime": 0.00298, "InversionTime": 0.9, "FlipAngle": 9},
    Contrast.T2W: {"RepetitionTime": 5.2, "EchoTime": 0.098, "FlipAngle": 150},
    Contrast.PDW: {"RepetitionTime": 2.8, "EchoTime": 0.011, "FlipAngle": 150},
    Contrast.FLAIR: {"RepetitionTime": 9.0, "EchoTime": 0.089, "InversionTime": 2.5, "FlipAngle": 150},
    Contrast.T1W_GADOLINIUM: {"RepetitionTime": 0.55, "EchoTime": 0.0089, "FlipAngle": 70},
}
_NAMES_THE_PATIENT = {
    "PatientName": "Made^Person",
    "PatientBirthDate": "19010101",
    "InstitutionName": "Hospital of Nowhere",
    "DeviceSerialNumber": "00000",
    "AcquisitionDateTime": "1901-01-01T08:00:00",
    "ImageComments": "made by defacto; nobody was scanned",
}


def make_study(folder: Path, *, seed: int = 1) -> None:
    """Make a BIDS study of eight scans of six made persons, one of them in a truncated file.

    Parameters
    ----------
    folder : Path
        Where to; made if it is not there. Files of the same name are replaced.
    seed : int
        The same seed gives the same bytes.
    """
    _write_study_files(folder)
    recipes = draw_study(seed)
    load_base()
    with ThreadPoolExecutor(max_workers=2) as pool:
        persons = dict(pool.map(_person_of, {r.protocol.participant: r for r in recipes}.values()))
        list(
            pool.map(lambda recipe: _make_scan(folder, recipe, persons[recipe.protocol.participant]), recipes)
        )


def draw_study(seed: int) -> list[Recipe]:
    """Draw all that makes the study; each person and each scan has its own source of chance."""
    persons = {
        each.label: draw_person(np.random.default_rng([seed, 0, number]), size=each.size)
        for number, each in enumerate(PARTICIPANTS)
    }
    recipes = []
    for number, protocol in enumerate(PROTOCOLS):
        rng = np.random.default_rng([seed, 1, number])
        contrast = draw_contrast(rng, protocol.contrast)
        acquisition = draw_acquisition(rng, protocol.acquisition)
        recipes.append(Recipe(protocol, persons[protocol.participant], contrast, acquisition))
    return recipes


def _person_of(recipe: Recipe) -> tuple[str, Person]:
    return recipe.protocol.participant, make_person(recipe.person, load_base().grid)


def _make_scan(folder: Path, recipe: Recipe, person: Person) -> None:
    base, protocol = load_base(), recipe.protocol
    scan = acquire(
        base, person, make_palette(base, recipe.contrast), recipe.acquisition, recipe.contrast.lesions
    ).scan
    stem = f"sub-{protocol.participant}_{protocol.name}"
    path = folder / f"sub-{protocol.participant}" / "anat" / f"{stem}.nii.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, scan)
    if protocol.truncated:
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * _KEPT_OF_TRUNCATED)])
    _write_json(path.with_name(f"{stem}.json"), _sidecar(protocol))


def _sidecar(protocol: Protocol) -> dict[str, Any]:
    """Return what a converter writes beside a scan, with what names a patient still in it."""
    sidecar = {
        "Modality": "MR",
        "MagneticFieldStrength": 3,
        "Manufacturer": "Made",
        **_SIDECARS[protocol.contrast],
        "SliceThickness": protocol.acquisition.voxel_mm[2],
        **_NAMES_THE_PATIENT,
    }
    if protocol.contrast is Contrast.T1W_GADOLINIUM:
        sidecar["ContrastBolusIngredient"] = "GADOLINIUM"
    return sidecar


def _write_study_files(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(
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
    rows = ["participant_id\tage\tsex", *(f"sub-{p.label}\t{p.age}\t{p.sex}" for p in PARTICIPANTS)]
    (folder / "participants.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    _write_json(
        folder / "participants.json",
        {
            "age": {"Description": "Age of the participant, made up", "Units": "year"},
            "sex": {"Description": "Sex of the participant, made up", "Levels": {"F": "female", "M": "male"}},
        },
    )


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
