"""What is known of where things are in one scan; computed once, shared by all steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from defacto.anatomy.begin import Begun
from defacto.anatomy.brain import at_skin, find_brain
from defacto.anatomy.head import hull_mm
from defacto.anatomy.morphology import closed, distance_mm, largest_piece
from defacto.anatomy.network import Segmentation, survey
from defacto.anatomy.pose import Pose
from defacto.anatomy.regions import OF_FEATURE, Region
from defacto.anatomy.registration import Registration, register
from defacto.anatomy.resample import carry
from defacto.anatomy.template import load_template
from defacto.config import AnatomySettings
from defacto.types import Affine, Feature, FloatVolume, Grid, LabelVolume, Mask, Scan

_CLOSING_VOXELS = 1.5
_LEAST_BRAIN_ML = 200.0
"""A network that sees less brain has not seen it."""
_EYE_SKIN_MM, _SKIN_MM = 12.0, 4.0
"""So far from an eye, and from what the network calls nose, mouth or ear, is the skin of the feature."""


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
        Distance to the brain, mm in the scan; negative inside. Brain is what the registration and the scan's
        own intensities call so, and what the network does.
    seen : Segmentation or None
        What the networks say of the scan, on any grid in its world; None where nobody asked them.
    brain_seen : ndarray of bool, on the template's grid, or None
        The brain that the network sees; None where it sees hardly any.
    hull_mm : ndarray of float32, on the template's grid, or None
        Distance to the skin, mm of the template, negative inside; None where no head stands out from the air.
    no_brain : ndarray of bool, on the template's grid, or None
        Where no brain lies, whatever a registration says: `brain.at_skin`; None where that is not known.
    """

    grid: Grid
    registration: Registration
    brain_mm: FloatVolume
    seen: Segmentation | None = None
    brain_seen: Mask | None = None
    hull_mm: FloatVolume | None = None
    no_brain: Mask | None = None

    @cached_property
    def brain(self) -> Mask:
        """The brain, on the scan's grid."""
        return np.asarray(self.to_scan(self.brain_mm) < 0)

    @cached_property
    def check_brain(self) -> Mask:
        """The brain that the other registration expects, on the scan's grid."""
        expected = load_template().p_brain
        brain = self.to_scan(expected, self.registration.check_to_template) > 0.5
        if self.no_brain is not None:
            brain &= self.to_scan(self.no_brain.astype(np.float32)) < 0.5
        return np.asarray(brain)

    @cached_property
    def spared(self) -> Mask:
        """Whatever the other registration or the network may call brain, on the template's grid."""
        template, leading = load_template(), self.registration.to_template
        to_check = np.asarray(self.registration.check_to_template @ np.linalg.inv(leading))
        expected = carry(template.p_brain, template.grid, template.grid, to_check, fill=None) > 0.5
        if self.no_brain is not None:
            expected &= ~self.no_brain
        if self.seen is None:
            return np.asarray(expected)
        return np.asarray(expected | (_in_template(self.seen.brain, self.seen.grid, leading) > 0))

    @cached_property
    def spared_mm(self) -> FloatVolume:
        """Distance to `spared`, mm of the template; negative inside."""
        return distance_mm(self.spared)

    @property
    def anybodys_brain_mm(self) -> FloatVolume:
        """Distance to whatever anybody may call brain, on the template's grid, mm; negative inside."""
        return np.minimum(self.brain_mm, self.spared_mm)

    @cached_property
    def seen_brain(self) -> Mask | None:
        """The brain that the network sees, on the scan's grid; None where it sees hardly any."""
        if self.brain_seen is None:
            return None
        return np.asarray(self.to_scan(self.brain_seen.astype(np.float32)) > 0.5)

    @property
    def upright(self) -> Grid:
        """The scan's grid in a world in which the head lies upright: the scan's own, where heads lie so."""
        if self.seen is None:
            return self.grid
        return Grid(self.grid.shape, self.seen.pose.turn @ self.grid.affine)

    @property
    def turned_deg(self) -> float:
        """Angle by which the registration finds the head turned against `upright`, degrees."""
        if self.seen is None:
            return self.registration.turned_deg
        back = np.linalg.inv(self.seen.pose.turn)
        return replace(self.registration, to_template=self.registration.to_template @ back).turned_deg

    def seen_region(self, region: Region) -> Mask:
        """Return where the network sees a region, on the template's grid; nowhere, where nobody asked it."""
        if self.seen is None:
            return np.zeros(load_template().grid.shape, dtype=bool)
        return _in_template(self.seen.labels == region, self.seen.grid, self.registration.to_template) > 0.5

    @cached_property
    def seen_features(self) -> LabelVolume | None:
        """Where the network sees each feature's skin, on the template's grid, by `Feature.label`."""
        if self.seen is None:
            return None
        grid = load_template().grid
        labels = np.zeros(grid.shape, dtype=np.uint8)
        nearest = np.full(grid.shape, np.inf, dtype=np.float32)
        for region, reach_mm in ((Region.EYES, _EYE_SKIN_MM), *((r, _SKIN_MM) for r in OF_FEATURE.values())):
            away = distance_mm(self.seen_region(region)) / np.float32(reach_mm)
            closer = (away < 1) & (away < nearest)
            nearest[closer] = away[closer]
            labels[closer] = region
        return _by_feature(labels, grid)

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
    seen: Segmentation | None = None,
) -> Context:
    """Find where things are in a scan.

    Where the networks find the head turned, it is registered as they set it upright. Where the registration
    then finds that it lies as its header says, these are two against one, and the networks look again.

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
    seen : Segmentation, optional
        What the networks said of this scan.

    Raises
    ------
    RegistrationError
        If no registration could be done.
    """
    seen = survey(scan.volume, scan.grid) if seen is None else seen
    turn = seen.pose.turn
    usual = bool((turn == np.eye(4)).all())
    found = register(
        scan.volume,
        Grid(scan.grid.shape, turn @ scan.grid.affine),
        settings.agreement_mm,
        settings.min_score,
        rung=rung,
        bias=bias_correction,
        begun=begun if rung == 0 and not bias_correction and usual else None,
    )
    registration = replace(
        found, to_template=found.to_template @ turn, check_to_template=found.check_to_template @ turn
    )
    header_right = registration.turned_deg <= settings.max_turned_deg
    if not usual and found.turned_deg > settings.max_turned_deg and header_right:
        seen = survey(scan.volume, scan.grid, Pose.of(registration.to_template))
    template = load_template()
    inverse = np.asarray(np.linalg.inv(registration.to_template), dtype=np.float64)
    registered = carry(scan.volume, scan.grid, template.grid, inverse, fill=float("nan"))
    spacing = np.sqrt((inverse[:3, :3] ** 2).sum(axis=0)) * template.grid.voxel_size_mm
    brain = find_brain(registered, fraction)
    brain_seen = find_seen_brain(seen, registration.to_template)
    hull = hull_mm(registered)
    no_brain = None if hull is None or brain_seen is None else at_skin(hull, brain_seen)
    if no_brain is not None:
        brain &= ~no_brain
    if brain_seen is not None:
        brain |= brain_seen
    return Context(
        grid=scan.grid,
        registration=registration,
        brain_mm=distance_mm(brain, (float(spacing[0]), float(spacing[1]), float(spacing[2])))
        - np.float32(spacing.mean() / 2),
        seen=seen,
        brain_seen=brain_seen,
        hull_mm=hull,
        no_brain=no_brain,
    )


def find_seen_brain(seen: Segmentation, to_template: Affine) -> Mask | None:
    """Return the brain that the network sees, in one piece, on the template's grid; None for hardly any."""
    grid = load_template().grid
    brain = _in_template(seen.tissue, seen.grid, to_template) > 0.5
    brain = largest_piece(closed(brain, _CLOSING_VOXELS))
    return brain if np.count_nonzero(brain) * grid.voxel_ml >= _LEAST_BRAIN_ML else None


def _in_template(mask: Mask, grid: Grid, to_template: Affine) -> FloatVolume:
    """Carry a mask to the template's grid; 0 to 1."""
    back = np.asarray(np.linalg.inv(to_template), np.float64)
    return carry(mask.astype(np.float32), grid, load_template().grid, back)


def _by_feature(regions: LabelVolume, grid: Grid) -> LabelVolume:
    """Name regions of the template's world as features; its left eye is where x < 0."""
    labels = np.zeros_like(regions)
    for feature, region in OF_FEATURE.items():
        labels[regions == region] = feature.label
    middle = round(float(grid.to_voxel[0, 3]))
    for feature, side in ((Feature.LEFT_EYE, slice(None, middle)), (Feature.RIGHT_EYE, slice(middle, None))):
        labels[side][regions[side] == Region.EYES] = feature.label
    return labels
