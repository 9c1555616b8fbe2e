"""Method ``template-ears``: one cut for face and ears, by registration and intensities alone."""

from __future__ import annotations

import numpy as np

from defacto.anatomy import Context, load_template
from defacto.config import DefaceSettings
from defacto.deface.method import ear_cut, moved, spare_brain
from defacto.types import Removal, Scan

_EARS_WIDER_MM = 2.0


class TemplateEarsMethod:
    """Cut face and ears away with one mask of the template.

    After fsl_deface (doi:10.1016/j.neuroimage.2017.10.034): one mask that takes the ears whether or not
    they are asked for. A nudge moves all of it aside and up, but to the back only what is in front of the
    ears, so that these do not come back. Its other knobs, the intensity fraction of the brain extraction
    and the correction of the bias field, are those of `DefaceSettings`. No network widens the cut; so that
    ears do not stay where a person's stand elsewhere, theirs is 2 mm wider than that of ``template``.
    """

    name = "template-ears"
    version = "2"

    def removal(self, scan: Scan, context: Context, settings: DefaceSettings) -> Removal:
        """Return what to remove; see `DefaceSettings` for the parameters."""
        ears = ear_cut(context, settings) + np.float32(_EARS_WIDER_MM)
        cut = np.maximum(moved(load_template().face_cut_mm, context, settings.nudge_mm), ears)
        return spare_brain(self, cut, context, settings)
