"""A made BIDS study: what `defacto demo` runs on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from defacto.io.volume import write
from defacto.simulate.acquisition import AcquisitionParameters, acquire, draw_acquisition
from defacto.simulate.base import load_base
from defacto.simulate.contrast import Contrast, ContrastParameters, draw_contrast, make_palette
from defacto.simulate.person import Person, PersonParameters, draw_person, make_person
from defacto.simulate.study_files import Participant, sidecar_of, write_json, write_study_files

_KEPT_OF_TRUNCATED = 0.6


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


def make_study(folder: Path, *, seed: int = 1) -> None:
    """Make a BIDS study of eight scans of six made persons, one of them in a truncated file.

    Parameters
    ----------
    folder : Path
        Where to; made if it is not there. Files of the same name are replaced.
    seed : int
        The same seed gives the same bytes.
    """
    write_study_files(folder, PARTICIPANTS)
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
    sidecar = sidecar_of(protocol.contrast, protocol.acquisition.voxel_mm[2])
    write_json(path.with_name(f"{stem}.json"), sidecar)
