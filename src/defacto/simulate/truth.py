"""The truth about an outcome, from the anatomy of the made head; no registration, no estimate.

The formulas are those of `defacto.qc.shares`, the rules those of `defacto.qc.decide`: measures and truth
mean the same by the same word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from defacto.config import Settings
from defacto.qc import decide
from defacto.qc.decide import counted_features
from defacto.qc.measure import visible_name
from defacto.qc.shares import is_there, share_left
from defacto.simulate.made import Made
from defacto.simulate.scene import SKIN_MM, Points, Scene, count_seen
from defacto.types import Feature, Mask, Measure, Measures, Outcome


@dataclass(frozen=True)
class Truth:
    """What an outcome came to.

    Parameters
    ----------
    brain_lost_ml, brain_lost_percent : float
        Brain under the removal mask; NaN percent where no brain is in view.
    visible : mapping of Feature to float
        Share of the skin of each feature that can still be seen; 0 where it is not in the field of view.
    least_visible : float
        The least of it among eyes, nose and mouth in view; 0 where none is.
    removed_ml, elsewhere_ml : float
        Tissue removed; and that of it more than 40 mm from every feature.
    in_view : tuple of Feature
        Those of which enough skin is in the field of view.
    """

    brain_lost_ml: float
    brain_lost_percent: float
    visible: Mapping[Feature, float]
    least_visible: float
    removed_ml: float
    elsewhere_ml: float
    in_view: tuple[Feature, ...]

    @property
    def measures(self) -> Measures:
        """As `defacto.qc.decide` takes them; what only a real scan can have wrong is right."""
        values = {
            "brain_lost_ml": self.brain_lost_ml,
            "brain_lost_percent": self.brain_lost_percent,
            **{visible_name(feature): share for feature, share in self.visible.items()},
            "least_visible": self.least_visible,
            "removed_ml": self.removed_ml,
            "elsewhere_ml": self.elsewhere_ml,
            "changed_outside": 0.0,
            "agreement_mm": 0.0,
            "score": 2.0,
            "turned_deg": 0.0,
        }
        return {name: Measure(name, value, "", name != "score") for name, value in values.items()}

    def outcome(self, settings: Settings) -> Outcome:
        """Return how it ended, by the rules and limits of `defacto.qc.decide`; ears as the settings say."""
        outcome = decide(self.measures, settings).outcome
        if outcome is None:
            raise ValueError(f"expected an outcome of a truth without gaps, got none of {self}")
        return outcome

    def without(self, features: Iterable[Feature]) -> Truth:
        """Return the truth as it would be were some features not there."""
        return replace(self, visible={**self.visible, **dict.fromkeys(features, 0.0)})

    def face_left(self, settings: Settings) -> bool:
        """Return whether a feature that counts is visible: the first of the two labels of Brandenburg."""
        limit = settings.qc.max_feature_left
        return any(self.visible[feature] > limit for feature in counted_features(settings))

    def brain_lost(self, settings: Settings) -> bool:
        """Return whether significant brain was lost: the second of the two."""
        return self.brain_lost_ml > settings.qc.max_brain_lost_ml


def find_truth(scene: Scene, made: Made) -> Truth:
    """Tell the truth about an outcome.

    A point of a feature's skin (tissue not deeper than `SKIN_MM`) *can be seen* where the surface of the
    result still lies within 2 mm of it. For tissue taken away that is: some is left within 2 mm. Where
    tissue was put in its place, there must be air within 2 mm too. And where the skin was blurred, at least
    half of its relief must be left: of the displacement that a blur of 8 mm would give.

    Parameters
    ----------
    scene : Scene
        The made head.
    made : Made
        What was done to it.
    """
    solid = solid_after(scene, made)
    visible, face = {}, []
    for feature, points in scene.skin.items():
        there = int(points.size)
        seen = _seen(scene, made, points, solid)
        visible[feature] = share_left(there, seen, scene.skin_mm2)
        if not feature.is_ear and is_there(there, scene.skin_mm2):
            face.append(visible[feature])
    lost, taken, elsewhere = (
        int(np.count_nonzero(part & made.mask)) for part in (scene.brain, scene.tissue, scene.far_tissue)
    )
    total = scene.brain_points.size
    voxel_ml = scene.grid.voxel_ml
    return Truth(
        brain_lost_ml=lost * voxel_ml,
        brain_lost_percent=100.0 * lost / total if total else 0.0,
        visible=visible,
        least_visible=min(face, default=0.0),
        removed_ml=taken * voxel_ml,
        elsewhere_ml=float(elsewhere * voxel_ml),
        in_view=tuple(f for f, points in scene.skin.items() if is_there(int(points.size), scene.skin_mm2)),
    )


def solid_after(scene: Scene, made: Made) -> Mask:
    """Return where there is tissue after an outcome."""
    if made.inside is None:
        return np.asarray(scene.tissue & ~made.mask)
    return np.asarray(np.where(made.mask, made.inside >= 0.5, scene.tissue))


def _seen(scene: Scene, made: Made, points: Points, solid: Mask) -> int:
    if made.flattened is not None:
        points = points[~made.flattened.ravel()[points]]
        return int(points.size)
    return count_seen(points, solid, scene.near, None if made.inside is None else scene.around)


__all__ = ["SKIN_MM", "Truth", "find_truth", "solid_after"]
