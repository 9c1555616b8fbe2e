"""Method ``blur``: the surface of face and ears coarsened and filtered, the inside untouched."""

from __future__ import annotations

import numpy as np

from defacto.anatomy import Context
from defacto.anatomy.resample import carry, straight_grid
from defacto.anatomy.smooth import smooth
from defacto.config import DefaceSettings
from defacto.deface.method import face_cut, outside_mm, spare_brain
from defacto.types import FloatVolume, Removal, Scan

_FINE_MM = 2.0
"""On voxels of this size it is filtered."""
_OUTSIDE = 2.0
"""So many widths beyond the skin the air is filtered too."""


class BlurMethod:
    """Coarsen the layer around the skin of face and ears.

    After Milchenko and Marcus (doi:10.1007/s12021-012-9160-3). Within the cuts of the template, from
    ``blur_depth_mm`` below the skin outwards, intensities are replaced by those of the scan filtered with a
    Gaussian of ``blur_mm`` and looked up on a lattice as coarse. A nudge to the back widens the blur, deepens
    the layer and moves the cut. The result still looks like a face.
    """

    name = "blur"
    version = "2"

    def removal(self, scan: Scan, context: Context, settings: DefaceSettings) -> Removal:
        """Return what to replace, and by what; see `DefaceSettings` for the parameters.

        Raises
        ------
        StepError
            If no head stands out from the air.
        """
        further_mm = max(0.0, -settings.nudge_mm[1])
        width_mm = max(1.0, settings.blur_mm + further_mm)
        cut = face_cut(context, settings)
        outside = outside_mm(scan, context)
        layer = np.minimum(
            np.float32(settings.blur_depth_mm + further_mm) + outside,
            np.float32(_OUTSIDE * width_mm) - outside,
        )
        return spare_brain(
            self, np.minimum(cut, layer), context, settings, lambda left: coarsened(scan, width_mm)
        )


def coarsened(scan: Scan, width_mm: float) -> FloatVolume:
    """Return a scan filtered by a Gaussian, looked up on a lattice as coarse as it is wide.

    Parameters
    ----------
    scan : Scan
        Any voxels.
    width_mm : float
        Standard deviation, and step of the lattice, mm.
    """
    fine = straight_grid(scan.grid, _FINE_MM)
    filtered = smooth(carry(scan.volume, scan.grid, fine, np.eye(4), fill=None), [width_mm / _FINE_MM] * 3)
    lattice = straight_grid(scan.grid, width_mm)
    coarse = carry(filtered, fine, lattice, np.eye(4), fill=None)
    return carry(coarse, lattice, scan.grid, np.eye(4), fill=None)
