"""The regions that the anatomy network tells apart."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from defacto.types import Feature, Mask


class Region(IntEnum):
    """A region of the head; its value in a label map.

    The first nine after air are the regions of Gao et al. (doi:10.1117/12.2613175).
    """

    AIR = 0
    VENTRICLES = 1
    CAUDATE = 2
    PUTAMEN = 3
    THALAMUS = 4
    BRAINSTEM = 5
    CEREBRAL_GM = 6
    CEREBRAL_WM = 7
    CEREBELLAR_GM = 8
    CEREBELLAR_WM = 9
    OTHER_BRAIN = 10
    EYES = 11
    NOSE = 12
    MOUTH = 13
    LEFT_EAR = 14
    RIGHT_EAR = 15
    HEAD = 16
    """The rest of the head."""


NINE = tuple(Region(value) for value in range(Region.VENTRICLES, Region.CEREBELLAR_WM + 1))
"""Ventricles, caudate, putamen, thalamus, brainstem, and grey and white matter of cerebrum and cerebellum."""
OF_FEATURE = {
    Feature.NOSE: Region.NOSE,
    Feature.MOUTH: Region.MOUTH,
    Feature.LEFT_EAR: Region.LEFT_EAR,
    Feature.RIGHT_EAR: Region.RIGHT_EAR,
}
"""Features with a region of their own; both eyes share one."""


def is_brain(labels: npt.NDArray[np.uint8]) -> Mask:
    """Return where there is brain: its nine regions and what else is within it."""
    return np.asarray((labels > Region.AIR) & (labels <= Region.OTHER_BRAIN))
