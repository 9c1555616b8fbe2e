"""Method ``atlas``: what may be face by an atlas of persons, but for what may be brain."""

from __future__ import annotations

from functools import cache

import numpy as np

from defacto.anatomy import Context, load_template
from defacto.anatomy.morphology import distance_mm
from defacto.anatomy.template import load_map
from defacto.config import DefaceSettings
from defacto.deface.method import moved, spare_brain
from defacto.types import FloatVolume, Removal, Scan

_MAY_BE = 0.02
"""Of ten persons, one whose voxel is a fifth within."""
_MAY_BE_BRAIN = 0.1
_FACE_WIDER_MM = 6.0
_EARS_WIDER_MM = 4.0
_FURTHER_MM = 1.0
"""So much farther than other methods it keeps from what the scan itself shows as brain."""


class AtlasMethod:
    """Remove what is face, or an ear, in any of ten persons, except what may be brain, dilated.

    After MRI_Deface (Bischoff-Grethe et al., doi:10.1002/hbm.20312), with an atlas made of our own heads: the
    shells around the skin of eyes, nose and mouth. Brain is what one of 13 persons or more have there, and
    what the scan itself shows. What is removed is never closer than ``brain_margin_mm`` to either. A nudge
    to the back removes so much more all around, one to the front so much less.
    """

    name = "atlas"
    version = "3"

    def removal(self, scan: Scan, context: Context, settings: DefaceSettings) -> Removal:
        """Return what to remove; see `DefaceSettings` for the parameters."""
        right, anterior, superior = settings.nudge_mm
        cut = np.float32(_FACE_WIDER_MM) - _away_mm("p_face")
        if settings.ears:
            cut = np.maximum(cut, np.float32(_EARS_WIDER_MM) - _away_mm("p_ears"))
        cut = moved(cut, context, (right, 0.0, superior)) - np.float32(anterior)
        brain = np.minimum(_brain_away_mm(), context.brain_mm - np.float32(_FURTHER_MM))
        cut = np.minimum(cut, brain - np.float32(settings.brain_margin_mm))
        return spare_brain(self, cut, context, settings)


@cache
def _away_mm(name: str) -> FloatVolume:
    return distance_mm(load_map(name) > _MAY_BE)


@cache
def _brain_away_mm() -> FloatVolume:
    return distance_mm(load_template().p_brain > _MAY_BE_BRAIN)
