"""The skin of face and ears as a layer: what is taken wherever a person's features may stand."""

from __future__ import annotations

from functools import cache

import numpy as np

from defacto.anatomy import Context
from defacto.anatomy.morphology import distance_mm
from defacto.anatomy.template import load_map
from defacto.config import DefaceSettings
from defacto.deface.method import NO_HEAD, moved
from defacto.errors import StepError
from defacto.types import FloatVolume, Scan

_MAY_BE = 0.02
"""Of ten persons, one whose voxel is a fifth within."""
_FACE_WIDER_MM = 12.0
_EARS_WIDER_MM = 9.0
_THIN_MM, _OF_VOXEL, _THICK_MM = 3.7, 0.3, 5.0
"""Thickness of the layer: the first, and so much of the largest side of a voxel, but at most the last."""
_OFF_BRAIN_MM = 3.5


def skin_layer(scan: Scan, context: Context, settings: DefaceSettings) -> FloatVolume:
    """Return a cut that takes the scan's own skin, 4 to 5 mm of it, all around face and ears.

    No registration knows where a person's brow ends or how far the ears stand behind. So the layer reaches
    12 mm beyond what is face in any of ten persons, and 9 mm beyond their ears; it follows the skin that the
    scan itself shows, so that it need not be deep. Where brain lies bare there is no skin: what anybody may
    call brain stays, and 3.5 mm around it. A nudge to the back makes the layer so much wider and thicker, one
    to the front thinner, up to none.

    Parameters
    ----------
    scan : Scan
        The scan.
    context : Context
        Where it lies over the template.
    settings : DefaceSettings
        ``ears`` and ``nudge_mm``.

    Returns
    -------
    ndarray of float32, on the template's grid
        Positive where a voxel is removed, mm.

    Raises
    ------
    StepError
        If no head stands out from the air.
    """
    right, anterior, superior = settings.nudge_mm
    region = np.float32(_FACE_WIDER_MM) - away_mm("p_face")
    if settings.ears:
        region = np.maximum(region, np.float32(_EARS_WIDER_MM) - away_mm("p_ears"))
    region = moved(region, context, (right, 0.0, superior))
    thick_mm = min(_THIN_MM + _OF_VOXEL * max(scan.grid.voxel_size_mm), _THICK_MM)
    layer = np.minimum(region, hull_mm(context) + np.float32(thick_mm)) - np.float32(anterior)
    return np.asarray(np.minimum(layer, context.spared_mm - np.float32(_OFF_BRAIN_MM)))


def hull_mm(context: Context) -> FloatVolume:
    """Return the distance to the skin on the template's grid, mm; negative inside, cavities and bone too.

    Raises
    ------
    StepError
        If no head stands out from the air.
    """
    if context.hull_mm is None:
        raise StepError(NO_HEAD)
    return context.hull_mm


@cache
def away_mm(name: str) -> FloatVolume:
    """Return the distance to what may be face (``p_face``) or an ear (``p_ears``), mm; negative within."""
    return distance_mm(load_map(name) > _MAY_BE)
