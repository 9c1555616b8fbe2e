"""Method ``atlas``: what may be face by an atlas of persons, but for what may be brain."""

from __future__ import annotations

from functools import cache

import numpy as np

from defacto.anatomy import Context, load_template
from defacto.anatomy.morphology import distance_mm
from defacto.config import DefaceSettings
from defacto.deface.layer import away_mm, hull_mm, skin_layer
from defacto.deface.method import moved, spare_brain
from defacto.types import FloatVolume, Removal, Scan

_MAY_BE_BRAIN = 0.1
_FACE_WIDER_MM, _WIDER_DOWN_TO_MM = 6.0, 20.0
_EARS_WIDER_MM = 4.0
_EARS_DEEP_MM = 8.0
_FURTHER_MM = 5.0
"""So much farther than the layer of skin the cut keeps from the brain."""


class AtlasMethod:
    """Remove what is face, or an ear, in any of ten persons, except what may be brain, dilated.

    After MRI_Deface (Bischoff-Grethe et al., doi:10.1002/hbm.20312), with an atlas made of our own heads: the
    shells around the skin of eyes, nose and mouth. Brain is what one of 13 persons or more have there, and
    what the scan itself shows. The face is taken 6 mm wider, but not below 20 mm under the skin: a person's
    temporal lobe may end right behind the orbit. What is removed is never closer than 5 mm and
    ``brain_margin_mm`` to either, but for the skin (`skin_layer`), which goes all around. A nudge to the back
    removes so much more all around, one to the front so much less.
    """

    name = "atlas"
    version = "6"

    def removal(self, scan: Scan, context: Context, settings: DefaceSettings) -> Removal:
        """Return what to remove; see `DefaceSettings` for the parameters.

        Raises
        ------
        StepError
            If no head stands out from the air.
        """
        right, anterior, superior = settings.nudge_mm
        hull = hull_mm(context)
        face = away_mm("p_face")
        cut = np.minimum(np.float32(_FACE_WIDER_MM) - face, hull + np.float32(_WIDER_DOWN_TO_MM))
        cut = np.maximum(cut, -face)
        if settings.ears:
            ears = np.float32(_EARS_WIDER_MM) - away_mm("p_ears")
            cut = np.maximum(cut, np.minimum(ears, hull + np.float32(_EARS_DEEP_MM)))
        cut = moved(cut, context, (right, 0.0, superior)) - np.float32(anterior)
        brain = np.minimum(_brain_away_mm(), context.brain_mm)
        cut = np.minimum(cut, brain - np.float32(settings.brain_margin_mm + _FURTHER_MM))
        cut = np.maximum(cut, skin_layer(scan, context, settings))
        return spare_brain(self, cut, context, settings)


@cache
def _brain_away_mm() -> FloatVolume:
    return distance_mm(load_template().p_brain > _MAY_BE_BRAIN)
