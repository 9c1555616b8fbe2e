"""Method ``template``: a cut drawn on the template, carried to the scan, never into the brain."""

from __future__ import annotations

from functools import cache

import numpy as np

from defacto.anatomy import Context, load_template
from defacto.anatomy.morphology import distance_mm
from defacto.anatomy.regions import Region
from defacto.anatomy.template import load_map
from defacto.config import DefaceSettings
from defacto.deface.layer import skin_layer
from defacto.deface.method import ear_cut, moved, spare_brain
from defacto.errors import SettingsError
from defacto.types import FloatVolume, Mask, Removal, Scan

_MASKS = ("own", "pydeface")
_AROUND_MM = {Region.EYES: 8.0, Region.LEFT_EAR: 3.0, Region.RIGHT_EAR: 3.0}
"""So far around what the network sees is cut."""
_NEAR_MM = 12.0
"""What it sees farther from the template's own features is not believed."""
_EAR_FLOOR_MM = 6.0
"""Nothing deeper below the template's skin is taken for an ear."""
_SPARED_MM = 4.0
"""The widening keeps so far from what anybody calls brain, furrows and rim included."""
_EAR_DEPTH = 0.6
"""So much deeper, mm, are the ears cut for each mm by which the face's cut moves back."""


class TemplateMethod:
    """Cut in front of the face, and over the ears, along surfaces drawn on the template.

    After PyDeface and fsl_deface: the cut follows the head by an affine registration. Unlike theirs it is a
    smooth field of distances, so that its edge is sharp on every grid, and voxels within a margin of the
    scan's own brain stay. Around the eyes and ears that the anatomy network sees, near where the template
    has its own, the cut is widened, and all around face and ears the skin goes (`skin_layer`): an affine
    registration cannot know where a person's ears stand. A nudge to the back moves the face's cut and sinks
    that of ears and skin deeper. With pydeface's own mask nothing is widened and the ears stay, as with that
    program.
    """

    name = "template"
    version = "4"

    def removal(self, scan: Scan, context: Context, settings: DefaceSettings) -> Removal:
        """Return what to remove; see `DefaceSettings` for the parameters.

        Raises
        ------
        SettingsError
            If nobody's mask is asked for.
        StepError
            If no head stands out from the air.
        """
        if settings.template_mask not in _MASKS:
            known = ", ".join(_MASKS)
            raise SettingsError(
                f"Setting deface.template_mask: expected one of {known}, got {settings.template_mask}."
            )
        template = load_template()
        own = settings.template_mask == _MASKS[0]
        cut = moved(template.face_cut_mm if own else load_map("pydeface_cut"), context, settings.nudge_mm)
        if not own:
            return spare_brain(self, cut, context, settings)
        if settings.ears:
            deeper = np.float32(_EAR_DEPTH * settings.nudge_mm[1])
            cut = np.maximum(cut, ear_cut(context, settings) - deeper)
        cut = np.maximum(cut, _seen(context, settings))
        cut = np.maximum(cut, skin_layer(scan, context, settings))
        return spare_brain(self, cut, context, settings)


def _seen(context: Context, settings: DefaceSettings) -> FloatVolume:
    """Return how far within the eyes and ears that the network sees, and a rim, a place lies, mm."""
    near = _near_features()
    found = np.full(near.shape, -np.inf, dtype=np.float32)
    if context.seen is None:
        return found
    for region, around_mm in _AROUND_MM.items():
        if settings.ears or region is Region.EYES:
            here = context.seen_region(region) & near
            if here.any():
                around = np.float32(around_mm) - distance_mm(here)
                if region is not Region.EYES:
                    around = np.minimum(around, load_template().skin_mm + np.float32(_EAR_FLOOR_MM))
                found = np.maximum(found, around)
    found[context.spared_mm < _SPARED_MM] = -np.inf
    return found


@cache
def _near_features() -> Mask:
    return distance_mm(load_template().features > 0) < _NEAR_MM
