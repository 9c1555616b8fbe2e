"""A made BIDS study of any size, after a recipe, with the truth about every head beside it."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from defacto.errors import SettingsError
from defacto.io.volume import scan_from_arrays, write
from defacto.simulate.bases import load_bases
from defacto.simulate.contrast import Contrast
from defacto.simulate.dataset import load_cached
from defacto.simulate.head import MadeHead, draw_head, make_head
from defacto.simulate.processes import in_processes
from defacto.simulate.ranges import Ranges
from defacto.simulate.recipe import build
from defacto.simulate.scene import Scene
from defacto.simulate.structures import Structure
from defacto.simulate.study_files import Participant, sidecar_of, write_json, write_study_files
from defacto.types import Affine, Feature, LabelVolume

TRUTH = Path("derivatives") / "truth"
_FOLDER = resources.files("defacto.simulate") / "recipes" / "studies"
_COLUMNS = ("scan", "base", "years", "contrast", "voxel_mm", "shape", "lie", "brain_ml", "in_view")


@dataclass(frozen=True)
class TrialScan:
    """A scan of a protocol: what follows the participant in its name, its contrast, and how many get it."""

    name: str
    contrast: str
    share: float = 1.0


@dataclass(frozen=True)
class Trial:
    """A recipe of a study.

    Parameters
    ----------
    name, about : str
        What it is called, and what it is like.
    scans : tuple of TrialScan
        Protocol.
    ranges : Ranges
        From what persons and acquisitions are drawn.
    """

    name: str
    about: str
    scans: tuple[TrialScan, ...]
    ranges: Ranges = field(default_factory=Ranges)


def trial_names() -> list[str]:
    """Return the names of the recipes of studies that come with defacto."""
    return sorted(
        each.name.removesuffix(".toml") for each in _FOLDER.iterdir() if each.name.endswith(".toml")
    )


def read_trial(name: str) -> Trial:
    """Read a recipe of a study by its name, or from a file whose name ends in ``.toml``.

    Raises
    ------
    SettingsError
        If there is no such recipe, or it holds what none has.
    """
    try:
        if name.endswith(".toml"):
            text = Path(name).read_text(encoding="utf-8")
        elif name in trial_names():
            text = (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")
        else:
            known = ", ".join(trial_names())
            raise SettingsError(
                f"There is no recipe {name} of a study; expected one of {known}, or a file *.toml."
            )
        document = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"The recipe {Path(name).name} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The recipe {Path(name).name} is not TOML: {error}.") from error
    scans = tuple(build(TrialScan, each, "scans.") for each in document.pop("scans", []))
    for scan in scans:
        if scan.contrast not in {each.value for each in Contrast}:
            raise SettingsError(f"Recipe {name}: expected a contrast as T1w or FLAIR, got {scan.contrast!r}.")
    ranges = build(Ranges, document.pop("heads_from", {}), "heads_from.")
    trial: Trial = build(Trial, document | {"scans": scans, "ranges": ranges}, "")
    if not trial.scans:
        raise SettingsError(f"Recipe {trial.name}: expected at least one of [[scans]], got none.")
    return trial


def make_trial(
    folder: Path,
    trial: Trial,
    *,
    people: int,
    seed: int = 1,
    bases: Path | None = None,
    nprocs: int | None = None,
) -> int:
    """Make a study, and beside it ``derivatives/truth``: label maps, parameters, and a table.

    Parameters
    ----------
    folder : Path
        A new or empty folder, or one of the same study, whose files are replaced.
    trial : Trial
        The recipe.
    people : int
        How many take part.
    seed : int
        The same seed gives the same bytes, whatever ``nprocs``.
    bases : Path, optional
        Folder of label maps to make persons from; without it the template alone.
    nprocs : int, optional
        Processes at once; by default the cores there are.

    Returns
    -------
    int
        The number of scans.

    Raises
    ------
    SettingsError
        If the folder holds something else.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / TRUTH).is_dir():
        raise SettingsError(f"{folder.name} is not empty; give a new or empty folder.")
    (folder / TRUTH).mkdir(parents=True, exist_ok=True)
    names = list(load_bases(bases))
    jobs = [(folder, trial, seed, number, bases, names[number % len(names)]) for number in range(people)]
    jobs.sort(key=lambda job: (job[5], job[3]))
    found = dict(in_processes(make_participant, jobs, nprocs))
    participants = [found[number][0] for number in range(people)]
    rows = [row for number in range(people) for row in found[number][1]]
    write_study_files(folder, participants)
    _write_truth_files(folder / TRUTH, trial, rows)
    return len(rows)


def make_participant(
    folder: Path, trial: Trial, seed: int, number: int, bases: Path | None, base_name: str
) -> tuple[int, tuple[Participant, list[dict[str, Any]]]]:
    """Make all scans of one person; return the row of the person and those of the scans."""
    rng = np.random.default_rng([seed, number])
    label = f"{number + 1:03d}"
    years = float(rng.uniform(*trial.ranges.age_years))
    ranges = replace(trial.ranges, age_years=(years, years))
    person = draw_head(rng, base_name, ranges).person
    rows = []
    for order, each in enumerate(trial.scans):
        chance = np.random.default_rng([seed, number, order])
        if chance.random() >= each.share and (order > 0 or len(trial.scans) > 1):
            continue
        drawn = draw_head(chance, base_name, replace(ranges, contrasts={each.contrast: 1.0}))
        head = make_head(load_cached(bases, base_name), replace(drawn, person=person))
        rows.append(_write_scan(folder, f"sub-{label}", each, head, years))
    return number, (Participant(label, round(years), "FM"[int(rng.integers(2))]), rows)


def _write_scan(folder: Path, subject: str, scan: TrialScan, head: MadeHead, years: float) -> dict[str, Any]:
    stem = f"{subject}_{scan.name}"
    raw, truth = folder / subject / "anat", folder / TRUTH / subject / "anat"
    raw.mkdir(parents=True, exist_ok=True)
    truth.mkdir(parents=True, exist_ok=True)
    acquired = head.parameters.acquisition
    write(raw / f"{stem}.nii.gz", head.scan)
    write_json(raw / f"{stem}.json", sidecar_of(Contrast(scan.contrast), max(acquired.voxel_mm)))
    entities, _, suffix = stem.rpartition("_")
    affine = head.scan.grid.affine
    _write_labels(
        truth / f"{entities}_space-orig_desc-{suffix}structures_dseg.nii.gz", head.structures, affine
    )
    shell = np.where(np.abs(head.surface_mm) < 3, head.features, 0).astype(np.uint8)
    _write_labels(truth / f"{entities}_space-orig_desc-{suffix}features_dseg.nii.gz", shell, affine)
    write_json(truth / f"{stem}_head.json", head.parameters.to_json())
    scene = Scene(head, load_cached(None, "template"))
    return {
        "scan": f"{subject}/anat/{stem}.nii.gz",
        "base": head.parameters.base,
        "years": round(years, 1),
        "contrast": scan.contrast,
        "voxel_mm": " ".join(f"{v:.3g}" for v in acquired.voxel_mm),
        "shape": " ".join(map(str, head.scan.grid.shape)),
        "lie": acquired.lie or "n/a",
        "brain_ml": f"{scene.brain_points.size * scene.grid.voxel_ml:.1f}",
        "in_view": " ".join(f.value for f, points in scene.skin.items() if points.size) or "n/a",
    }


def _write_labels(path: Path, labels: LabelVolume, affine: Affine) -> None:
    write(path, scan_from_arrays(labels, affine, dtype="uint8"))


def _write_truth_files(folder: Path, trial: Trial, rows: Sequence[dict[str, Any]]) -> None:
    write_json(
        folder / "dataset_description.json",
        {
            "Name": f"The truth about a made study ({trial.name})",
            "BIDSVersion": "1.10.0",
            "DatasetType": "derivative",
            "License": "CC0",
            "GeneratedBy": [{"Name": "defacto simulate study"}],
        },
    )
    labels = {
        "structures": [(each.value, each.name.lower()) for each in Structure],
        "features": [(each.label, each.value) for each in Feature],
    }
    for name, pairs in labels.items():
        lines = ["index\tname", *(f"{value}\t{word}" for value, word in pairs)]
        (folder / f"desc-{name}_dseg.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = ["\t".join(_COLUMNS), *("\t".join(str(row[name]) for name in _COLUMNS) for row in rows)]
    (folder / "scans.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
