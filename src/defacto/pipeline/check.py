"""Scans that arrive defaced: no original, no run, nothing kept; what can be said of each of them."""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from defacto import anatomy, qc, render
from defacto.anatomy.regions import Region
from defacto.config import Settings
from defacto.errors import DefactoError, InputError
from defacto.io import names, volume
from defacto.io.kind import walk_files
from defacto.io.loose import NO_HEAD
from defacto.pipeline.attempt import classify
from defacto.pipeline.clock import Clock
from defacto.pipeline.job import describe
from defacto.pipeline.sources import sentence
from defacto.qc.classify import DATA
from defacto.simulate.processes import in_processes
from defacto.types import Decision, Grid, Outcome, Picture, Prediction, Reason, Scan

UNSURE = "unsure"
_REPLACED = re.compile(r"refac(e|ed|er|ing)(?![a-z])|facemasking|mask_?face|\bblur(red)?\b")
_TOLD = ("Defacing", "DeidentificationMethod", "GeneratedBy", "DefacingMethod", "ImageComments")
"""Tags of a sidecar that may name how a scan was defaced."""


@dataclass(frozen=True, eq=False)
class Checked:
    """What was found of one file.

    Parameters
    ----------
    path : str
        As it was asked for.
    decision : Decision
        Without an outcome where nothing sure can be said.
    prediction : Prediction, optional
        The classifier's opinion; None where it could not be asked.
    arrival : Arrival, optional
        What the anatomy network sees.
    pictures : mapping of str to Picture
        ``left``, ``right``, ``front`` and ``slices``, where they were asked for. They may show a face.
    seconds : mapping of str to float
        Time by step.
    """

    path: str
    decision: Decision
    prediction: Prediction | None = None
    arrival: qc.Arrival | None = None
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """Its outcome, or ``unsure``."""
        return self.decision.outcome.value if self.decision.outcome else UNSURE

    @property
    def passed(self) -> bool:
        """Whether it is surely a pass."""
        return self.decision.sure and self.decision.outcome is Outcome.PASS

    @property
    def shows_face(self) -> bool:
        """Whether the anatomy network sees both eyes and a nose."""
        return self.arrival is not None and set(self.arrival.features) >= {Region.EYES, Region.NOSE}

    def document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        said = self.prediction
        return {
            "path": self.path,
            "outcome": self.decision.outcome.value if self.decision.outcome else None,
            "probabilities": {o.value: round(p, 4) for o, p in said.p_outcome.items()} if said else {},
            "features": {f.value: round(p, 4) for f, p in said.p_feature.items() if p >= 0.5} if said else {},
            "reasons": [reason.sentence for reason in self.decision.reasons],
            "model": said.model if said else None,
        }


def find_files(paths: Sequence[str], settings: Settings) -> tuple[list[str], dict[str, str]]:
    """Find the scans of heads among files, folders (BIDS sets too) and patterns.

    Returns
    -------
    list of str
        Paths, in order, each once.
    dict of str to str
        Files in folders that are no structural scans of heads, with the reason.

    Raises
    ------
    InputError
        If a path does not exist, or is a file that cannot be a scan.
    """
    found: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for word in paths:
        matched = [word] if Path(word).exists() else sorted(glob.glob(word, recursive=True))  # noqa: PTH207  (of any root)
        if not matched:
            raise InputError(f"There is no {word}; expected files, folders or patterns.")
        for each in matched:
            path = Path(each)
            if path.is_file() and not names.volume_extension(path.name):
                if each == word:
                    raise InputError(f"{path.name}: expected a NIfTI or MGH file.")
                continue
            for file in walk_files(path):
                if not names.volume_extension(file.name):
                    continue
                reason = None if path.is_file() else _why_not(file, settings)
                if reason:
                    left_out[str(file)] = reason
                else:
                    found.setdefault(os.path.abspath(file), str(file))  # noqa: PTH100  (links stay links)
    taken = set(found.values())
    return list(found.values()), {name: why for name, why in left_out.items() if name not in taken}


def _why_not(file: Path, settings: Settings) -> str | None:
    name = names.parse(file.name)
    if name and name.suffix not in settings.input.suffixes:
        return f"images of suffix {name.suffix} are not among those taken (setting input.suffixes)"
    match = None if name else NO_HEAD.search(file.name.lower())
    return f"the name says that it is no structural image ({match[1]})" if match else None


def check_files(
    paths: Sequence[str],
    settings: Settings,
    *,
    ears: bool = False,
    draw: bool = False,
    replaced: bool = False,
    network: Path = DATA,
    nprocs: int | None = None,
) -> Iterator[Checked]:
    """Check files in processes; results come as they are ready.

    Parameters
    ----------
    paths : sequence of str
        Files.
    settings : Settings
        Limits.
    ears : bool
        Whether an ear that can be made out counts.
    draw : bool
        Whether to make pictures.
    replaced : bool
        Whether the faces are known to have been replaced or blurred.
    network : Path
        Folder of the classifier.
    nprocs : int, optional
        Processes at once; by default the cores there are.
    """
    jobs = [(path, settings, ears, draw, network, replaced) for path in paths]
    if len(jobs) == 1 or nprocs == 1:
        yield from (check_file(*job) for job in jobs)
    elif jobs:
        yield from in_processes(check_file, jobs, min(nprocs, len(jobs)) if nprocs else None)


def check_file(
    path: str,
    settings: Settings,
    ears: bool = False,
    draw: bool = False,
    network: Path = DATA,
    replaced: bool = False,
) -> Checked:
    """Check one file; what cannot be judged comes back with a sentence that says so."""
    try:
        scan = volume.read(Path(path), max_memory_gb=settings.input.max_memory_gb)
        replaced = replaced or says_replaced(Path(path))
        return check_scan(scan, settings, path=path, ears=ears, draw=draw, replaced=replaced, network=network)
    except DefactoError as error:
        return Checked(path, Decision(None, (Reason(sentence(error)),), sure=False))
    except Exception as error:
        reason = Reason(f"The tool stopped on it: {describe(error)}.")
        return Checked(path, Decision(None, (reason,), sure=False))


def says_replaced(path: Path) -> bool:
    """Return whether the name or the sidecar of a scan says that its face was replaced or blurred."""
    if _REPLACED.search(path.name.lower()):
        return True
    sidecar = path.with_name(path.name.removesuffix(names.volume_extension(path.name) or "") + ".json")
    try:
        document = json.loads(sidecar.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    told = [document.get(key) for key in _TOLD] if isinstance(document, dict) else []
    return bool(_REPLACED.search(json.dumps([each for each in told if each]).lower()))


def check_scan(
    scan: Scan,
    settings: Settings,
    *,
    path: str = "",
    ears: bool = False,
    draw: bool = False,
    replaced: bool = False,
    explain: bool = False,
    network: Path = DATA,
) -> Checked:
    """Say of a scan alone whether a face can be made out and whether its brain is whole.

    Parameters
    ----------
    scan : Scan
        Intact, defaced, or something else.
    settings : Settings
        Limits.
    path : str
        For the answer.
    ears : bool
        Whether an ear that can be made out counts.
    draw : bool
        Whether to make pictures.
    replaced : bool
        Whether the face is known to have been replaced or blurred.
    explain : bool
        Whether to add ``class_maps``, a picture of what speaks for each answer.
    network : Path
        Folder of the classifier.

    Raises
    ------
    StepError
        If there is nothing to be seen in it.
    """
    clock = Clock()
    with clock.step("segment"):
        seen = anatomy.survey(scan.volume, scan.grid)
    upright = Grid(scan.grid.shape, seen.pose.turn @ scan.grid.affine)
    with clock.step("render"):
        head = render.find_head(scan.volume, upright)
        looks = render.look(scan.volume, upright, head)
    with clock.step("classify"):
        (prediction,) = qc.RenderClassifier(folder=network).predict([looks], ears=ears)
    with clock.step("measure"):
        arrival = qc.look_at(scan, seen)
    pictures: dict[str, Picture] = {}
    if draw:
        with clock.step("draw"):
            pictures = dict(render.surface_views(scan.volume, upright, head))
            pictures["slices"] = render.slices(scan.volume, upright)
    if explain:
        with clock.step("explain"):
            _, pictures["class_maps"] = classify(looks, network, ears=ears)
    decision = qc.decide_alone(prediction, arrival, settings, replaced=replaced)
    return Checked(path, decision, prediction, arrival, pictures, clock.seconds)


def tell_apart(checked: Sequence[Checked]) -> dict[str, int]:
    """Count files by outcome; ``unsure`` are those without one."""
    counts = dict.fromkeys([*(outcome.value for outcome in Outcome), UNSURE], 0)
    for each in checked:
        counts[each.word] += 1
    return counts


__all__ = [
    "UNSURE",
    "Checked",
    "check_file",
    "check_files",
    "check_scan",
    "find_files",
    "tell_apart",
]
