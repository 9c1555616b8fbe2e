"""What a made head consists of: the names of its structures, and how label maps name them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from defacto.types import Mask


class Structure(IntEnum):
    """A structure of a made head; its value in a label map. The first nine make up most of the brain."""

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
    LIMBIC = 10
    """Hippocampus, amygdala, accumbens."""
    PALLIDUM = 11
    VENTRAL_DC = 12
    CHOROID = 13
    BRAIN_VESSEL = 14
    BRAIN_LESION = 15
    CSF = 16
    """Fluid around brain and spinal cord; not brain."""
    SPINAL_CORD = 17
    SKULL = 18
    MARROW = 19
    MUSCLE = 20
    """Muscle and other soft tissue."""
    EYE = 21
    BEHIND_EYE = 22
    NOSE_INSIDE = 23
    SKIN = 24
    FAT = 25
    VESSEL = 26
    """Large arteries."""
    SINUS = 27
    """Veins and sinuses."""


LAST_BRAIN = Structure.BRAIN_LESION

FREESURFER: Mapping[Structure, tuple[int, ...]] = {
    Structure.VENTRICLES: (4, 5, 43, 44, 14, 15, 72),
    Structure.CAUDATE: (11, 50),
    Structure.PUTAMEN: (12, 51),
    Structure.THALAMUS: (10, 49),
    Structure.BRAINSTEM: (16,),
    Structure.CEREBRAL_GM: (3, 42),
    Structure.CEREBRAL_WM: (2, 41, 85),
    Structure.CEREBELLAR_GM: (8, 47),
    Structure.CEREBELLAR_WM: (7, 46),
    Structure.LIMBIC: (17, 18, 26, 53, 54, 58),
    Structure.PALLIDUM: (13, 52),
    Structure.VENTRAL_DC: (28, 60),
    Structure.CHOROID: (136, 137, 163, 164),
    Structure.BRAIN_VESSEL: (30, 62),
    Structure.BRAIN_LESION: (25, 57),
    Structure.CSF: (24,),
    Structure.SPINAL_CORD: (512,),
    Structure.SKULL: (515,),
    Structure.MARROW: (516,),
    Structure.MUSCLE: (507,),
    Structure.EYE: (506,),
    Structure.BEHIND_EYE: (508, 530),
    Structure.NOSE_INSIDE: (509,),
    Structure.SKIN: (511,),
    Structure.VESSEL: (502,),
    Structure.SINUS: (514,),
}
"""Labels of FreeSurfer, and of SynthSeg's training maps above 500, that make up each structure."""


def is_brain(structures: npt.NDArray[np.uint8]) -> Mask:
    """Return where there is brain: all of its regions, ventricles and vessels within, but no outer fluid."""
    return np.asarray((structures > Structure.AIR) & (structures <= LAST_BRAIN))
