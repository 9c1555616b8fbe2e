"""What a method of defacing is."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np

from defacto.anatomy import Context
from defacto.config import DefaceSettings
from defacto.types import FloatVolume, Removal, Scan


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


def spare_brain(method: Method, cut: FloatVolume, context: Context, settings: DefaceSettings) -> Removal:
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
    """
    spared = np.minimum(cut, context.brain_mm - np.float32(settings.brain_margin_mm))
    return Removal(
        mask=np.asarray(context.to_scan(spared) > 0),
        method=method.name,
        version=method.version,
        parameters=dataclasses.asdict(settings),
    )
