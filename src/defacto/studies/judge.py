"""What a method came to on a head: by the truth where the head was made, by measures where it is real."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from defacto import qc
from defacto.anatomy.head import head_level
from defacto.anatomy.morphology import distance_mm, largest_piece
from defacto.config import Settings
from defacto.qc.decide import REPLACED, counted_features
from defacto.qc.measure import changed_voxels, moved_name, visible_name
from defacto.qc.shares import is_there, spread_mm
from defacto.simulate.made import Made
from defacto.simulate.scene import Scene
from defacto.simulate.truth import find_truth
from defacto.types import Decision, Feature, FloatVolume, Mask, Measure, Measures, Outcome, Removal, Scan

_REACH_MM = 15.0
NOT_DONE = "not done"
UNSURE = "not sure"
SUCCESS = "success"
FACE_LEFT = "failure I"
BRAIN_DAMAGED = "failure II"
VERDICTS = (SUCCESS, FACE_LEFT, BRAIN_DAMAGED, UNSURE, NOT_DONE)
"""As in Gao et al. (doi:10.1117/12.2613175), and two that they had no need of."""


@dataclass(frozen=True)
class Judged:
    """What came of one method on one head.

    Parameters
    ----------
    verdict : str
        One of `VERDICTS`; brain damaged and face left at once is brain damaged.
    outcome : str
        The word of `Outcome`, or that of the verdict.
    brain_lost_ml, removed_percent : float
        Brain lost, and how much of the head was removed; of replaced faces too.
    left : tuple of str
        Features that are left.
    """

    verdict: str
    outcome: str
    brain_lost_ml: float
    removed_percent: float
    left: tuple[str, ...]


def judge(measures: Measures, decision: Decision, settings: Settings) -> Judged:
    """Return the verdict that measures and a decision mean."""
    lost = _number(measures, "brain_lost_ml")
    left = tuple(f.value for f in counted_features(settings) if _is_left(measures, f, settings))
    outcome = decision.outcome.value if decision.outcome is not None and decision.sure else UNSURE
    if outcome == Outcome.PASS.value:
        verdict = SUCCESS
    elif outcome == UNSURE:
        verdict = UNSURE
    elif lost > settings.qc.max_brain_lost_ml:
        verdict = BRAIN_DAMAGED
    else:
        verdict = FACE_LEFT
    return Judged(verdict, outcome, lost, _number(measures, "removed_percent"), left)


def judge_by_truth(
    scene: Scene, original: Scan, result: Scan, removal: Removal, settings: Settings
) -> Judged:
    """Return the verdict by what is known of a made head; no registration has a part in it.

    A face that was removed is judged by `defacto.simulate.truth`. One that was replaced is judged as `qc`
    does, by the change of its skin's shape, but at the places where its features truly are.
    """
    changed = changed_voxels(original, result)
    truth = find_truth(scene, Made(changed))
    measures: dict[str, Measure] = dict(truth.measures)
    total = float(np.count_nonzero(scene.tissue) * scene.grid.voxel_ml)
    measures["removed_percent"] = Measure("removed_percent", 100 * truth.removed_ml / max(total, 1e-9), "%")
    if removal.replacement is not None:
        measures[REPLACED] = Measure(REPLACED, float(np.count_nonzero(removal.mask)), "ml")
        for feature, moved in true_moved(scene, original, result).items():
            visible = 0.0 if moved is None else 1.0
            measures[visible_name(feature)] = Measure(visible_name(feature), visible, "share")
            measures[moved_name(feature)] = Measure(moved_name(feature), moved, "mm", lower_is_better=False)
    return judge(measures, qc.decide(measures, settings), settings)


def true_moved(scene: Scene, original: Scan, result: Scan) -> Mapping[Feature, float | None]:
    """Return how far the skin of each feature truly moved, mm; None for what is not in view."""
    level = head_level(original.volume)
    if level is None:
        return dict.fromkeys(Feature)
    before, after = (_signed(scan.volume, level, scene) for scan in (original, result))
    moved = np.clip(after - before, -_REACH_MM, _REACH_MM).ravel()
    return {
        feature: spread_mm(moved[points]) if is_there(int(points.size), scene.skin_mm2) else None
        for feature, points in scene.skin.items()
    }


def _signed(volume: FloatVolume, level: float, scene: Scene) -> FloatVolume:
    solid: Mask = largest_piece(np.asarray(volume > level))
    return distance_mm(solid, scene.grid.voxel_size_mm)


def _is_left(measures: Measures, feature: Feature, settings: Settings) -> bool:
    seen = _number(measures, visible_name(feature)) > settings.qc.max_feature_left
    if REPLACED not in measures:
        return seen
    return seen and _number(measures, moved_name(feature)) < settings.qc.min_moved_mm


def _number(measures: Measures, name: str) -> float:
    found: Any = measures.get(name)
    return float(found.value) if found is not None and found.value is not None else float("nan")
