"""What is known of where things are in one scan; computed once, shared by all steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from defacto.anatomy.begin import Begun
from defacto.anatomy.brain import find_brain
from defacto.anatomy.morphology import distance_mm
from defacto.anatomy.registration import Registration, register
from defacto.anatomy.resample import carry
from defacto.anatomy.template import load_template
from defacto.config import AnatomySettings
from defacto.types import Affine, FloatVolume, Grid, Mask, Scan


@dataclass(frozen=True, eq=False)
class Context:
    """Where things are in a scan.

    Parameters
    ----------
    grid : Grid
        The scan's own.
    registration : Registration
        How the scan lies over the template.
    brain_mm : ndarray of float32, on the template's grid
        Distance to the brain, mm in the scan; negative inside.
    """

    grid: Grid
    registration: Registration
    brain_mm: FloatVolume

    @cached_property
    def brain(self) -> Mask:
        """The brain, on the scan's grid."""
        return np.asarray(self.to_scan(self.brain_mm) < 0)

    @cached_property
    def check_brain(self) -> Mask:
        """The brain that the other registration expects, on the scan's grid."""
        expected = load_template().p_brain
        return np.asarray(self.to_scan(expected, self.registration.check_to_template) > 0.5)

    def to_scan(self, field: FloatVolume, to_template: Affine | None = None) -> FloatVolume:
        """Carry a smooth field from the template's grid to the scan's; its border goes on outside.

        Parameters
        ----------
        field : ndarray of float32, on the template's grid
        to_template : ndarray, shape (4, 4), optional
            Another registration than the leading one.
        """
        matrix = self.registration.to_template if to_template is None else to_template
        return carry(field, load_template().grid, self.grid, matrix, fill=None)

    def to_template(self, volume: FloatVolume, to_template: Affine | None = None) -> FloatVolume:
        """Carry a volume from the scan's grid to the template's; NaN outside the scan's field of view."""
        matrix = self.registration.to_template if to_template is None else to_template
        return carry(
            volume,
            self.grid,
            load_template().grid,
            np.asarray(np.linalg.inv(matrix), np.float64),
            fill=float("nan"),
        )

    def shift_in_template(self, shift_mm: tuple[float, float, float]) -> npt.NDArray[np.float64]:
        """Turn a shift along the head's right, anterior and superior axes, mm, into template mm."""
        linear = self.registration.to_template[:3, :3]
        axes = np.linalg.inv(linear)
        axes /= np.sqrt((axes**2).sum(axis=0))
        return np.asarray(linear @ axes @ np.asarray(shift_mm))


def locate(
    scan: Scan,
    settings: AnatomySettings,
    *,
    rung: int = 0,
    bias_correction: bool = False,
    fraction: float = 0.5,
    begun: Begun | None = None,
) -> Context:
    """Find where things are in a scan.

    Parameters
    ----------
    scan : Scan
        Any contrast, voxel size and storage order; intact or defaced.
    settings : AnatomySettings
        Within what distance two registrations agree.
    rung : int
        Rung of the registration ladder to begin at.
    bias_correction : bool
        Whether to correct the bias field before registration.
    fraction : float
        Of the brain extraction, 0 to 1; lower gives a larger protected brain.
    begun : Begun, optional
        What `begin.begin` gave for this scan; of use at rung 0 without bias correction.

    Raises
    ------
    RegistrationError
        If no registration could be done.
    """
    registration = register(
        scan.volume,
        scan.grid,
        settings.agreement_mm,
        settings.min_score,
        rung=rung,
        bias=bias_correction,
        begun=begun if rung == 0 and not bias_correction else None,
    )
    template = load_template()
    inverse = np.asarray(np.linalg.inv(registration.to_template), dtype=np.float64)
    registered = carry(scan.volume, scan.grid, template.grid, inverse, fill=float("nan"))
    spacing = np.sqrt((inverse[:3, :3] ** 2).sum(axis=0)) * template.grid.voxel_size_mm
    brain = find_brain(registered, fraction)
    return Context(
        grid=scan.grid,
        registration=registration,
        brain_mm=distance_mm(brain, (float(spacing[0]), float(spacing[1]), float(spacing[2])))
        - np.float32(spacing.mean() / 2),
    )
