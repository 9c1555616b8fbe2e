"""What a method of defacing is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Protocol

import numpy as np

from defacto.anatomy import Context, load_template
from defacto.anatomy.head import head_in_view
from defacto.anatomy.morphology import distance_mm
from defacto.anatomy.resample import carry
from defacto.config import DefaceSettings
from defacto.errors import StepError
from defacto.types import FloatVolume, Removal, Scan

NO_HEAD = "There is no head in this scan: no voxel stands out from the air."
Replace = Callable[[FloatVolume], FloatVolume]
"""From the cut on the scan's grid, mm, to intensities."""


class Method(Protocol):
    """Something that says what to remove from a scan; filling, headers and files are not its business."""

    @property
    def name(self) -> str:
        """How it is called in settings and sidecars."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever its result may."""
        ...

    def removal(self, scan: Scan, context: Context, settings: DefaceSettings) -> Removal:
        """Return what to remove."""
        ...


def spare_brain(
    method: Method,
    cut: FloatVolume,
    context: Context,
    settings: DefaceSettings,
    replace: Replace | None = None,
    *,
    on_scan: bool = False,
) -> Removal:
    """Return the removal that a cut means, but for voxels within the margin of the brain.

    Parameters
    ----------
    method : Method
        Whose cut it is.
    cut : ndarray of float32, on the template's grid
        Positive where a voxel is removed, mm.
    context : Context
        Where the brain is.
    settings : DefaceSettings
        ``brain_margin_mm``.
    replace : callable, optional
        Takes the cut that is left, on the scan's grid, and returns intensities for what is removed.
    on_scan : bool
        Whether the cut lies on the scan's grid instead.
    """
    brain = context.brain_mm - np.float32(settings.brain_margin_mm)
    left = np.minimum(cut, context.to_scan(brain)) if on_scan else context.to_scan(np.minimum(cut, brain))
    return Removal(
        mask=np.asarray(left > 0),
        method=method.name,
        version=method.version,
        parameters=dataclasses.asdict(settings),
        replacement=None if replace is None else replace(left),
    )


def moved(field: FloatVolume, context: Context, shift_mm: tuple[float, float, float]) -> FloatVolume:
    """Return a field of the template's grid, shifted along the head's own axes, mm."""
    if not any(shift_mm):
        return field
    back = np.eye(4)
    back[:3, 3] = -context.shift_in_template(shift_mm)
    grid = load_template().grid
    return carry(field, grid, grid, back, fill=None)


def ear_cut(context: Context, settings: DefaceSettings) -> FloatVolume:
    """Return the template's cut of the ears, moved aside and up: to the back or front it would leave them."""
    right, _, superior = settings.nudge_mm
    return moved(load_template().ear_cut_mm, context, (right, 0.0, superior))


def face_cut(context: Context, settings: DefaceSettings) -> FloatVolume:
    """Return the template's cut of the face, moved, and of the ears where they are asked for."""
    cut = moved(load_template().face_cut_mm, context, settings.nudge_mm)
    return np.maximum(cut, ear_cut(context, settings)) if settings.ears else cut


def outside_mm(scan: Scan, context: Context) -> FloatVolume:
    """Return the distance to the head on the template's grid, mm; negative inside of it.

    Raises
    ------
    StepError
        If no head stands out from the air.
    """
    found = head_in_view(context.to_template(scan.volume))
    if found is None:
        raise StepError(NO_HEAD)
    head, in_view = found
    return distance_mm(head | ~in_view)
