"""Method ``features``: eyes, nose, mouth and ears as the anatomy network sees them, removed to a depth."""

from __future__ import annotations

import numpy as np

from defacto.anatomy import Context, load_template
from defacto.anatomy.morphology import distance_mm
from defacto.anatomy.regions import OF_FEATURE, Region
from defacto.config import DefaceSettings
from defacto.deface.method import outside_mm, spare_brain
from defacto.errors import StepError
from defacto.types import FloatVolume, Removal, Scan

_BESIDE_MM = {Region.EYES: 12.0}
_BESIDE_ELSE_MM = 5.0
_LEAST_ML = 0.5
_FURTHER_MM = 3.0
"""So much farther than a margin the cut keeps from the brain: it has no surface drawn in front of it."""


class FeaturesMethod:
    """Remove what the anatomy network calls eyes, nose, mouth and ears, and the skin around them.

    After Defacer (Jeong et al., doi:10.2196/22739), with a network of our own: no registration says where to
    cut, and what is neither feature nor beside one stays. Removed is what lies within 12 mm of an eye and
    5 mm of another feature, and not deeper than ``feature_depth_mm`` below the skin; voxels within 3 mm and a
    margin of what anybody may call brain stay. A nudge to the back widens and deepens the cut.
    """

    name = "features"
    version = "3"

    def removal(self, scan: Scan, context: Context, settings: DefaceSettings) -> Removal:
        """Return what to remove; see `DefaceSettings` for the parameters.

        Raises
        ------
        StepError
            If the network sees no feature of a face.
        """
        further_mm = max(0.0, -settings.nudge_mm[1])
        wanted = [Region.EYES, *(r for f, r in OF_FEATURE.items() if settings.ears or not f.is_ear)]
        cut: FloatVolume | None = None
        for region in wanted:
            here = context.seen_region(region)
            if np.count_nonzero(here) * load_template().grid.voxel_ml < _LEAST_ML:
                continue
            beside_mm = _BESIDE_MM.get(region, _BESIDE_ELSE_MM) + further_mm
            around = np.float32(beside_mm) - distance_mm(here)
            cut = around if cut is None else np.maximum(cut, around)
        if cut is None:
            raise StepError("The network sees no eye, nose, mouth or ear in this scan; look at it.")
        cut = np.minimum(cut, np.float32(settings.feature_depth_mm + further_mm) + outside_mm(scan, context))
        brain = context.anybodys_brain_mm
        cut = np.minimum(cut, brain - np.float32(settings.brain_margin_mm + _FURTHER_MM))
        return spare_brain(self, cut, context, settings)
