"""Whether the values of a volume can be a picture of a head."""

from __future__ import annotations

import math

import numpy as np

from defacto.errors import VolumeError
from defacto.types import Scan

_LARGEST = 1e30
_BLOCK = 1 << 17


def check_intensities(scan: Scan, *, allow_blank: bool) -> None:
    """Refuse voxels that are all the same, or too large to be computed with in float32.

    Parameters
    ----------
    scan : Scan
        With its voxels.
    allow_blank : bool
        Whether voxels that are all the same are taken, as in an empty mask.

    Raises
    ------
    VolumeError
        If they are refused.
    """
    least, most = _extent(scan)
    if least > most:
        if not allow_blank:
            raise VolumeError(
                "expected intensities, got NaN or infinite numbers in every voxel; leave it out"
            )
        return
    ends = [scan.slope * value + scan.intercept for value in (least, most)]
    largest = max(map(abs, (least, most, *ends)))
    if not largest <= _LARGEST:
        raise VolumeError(
            f"expected intensities up to {_LARGEST:g}, got {largest:.3g}; correct its voxels or its scaling"
        )
    if np.float32(ends[0]) == np.float32(ends[1]) and not allow_blank:
        raise VolumeError(f"expected a picture of a head, got {ends[0]:g} in every voxel; leave it out")


def _extent(scan: Scan) -> tuple[float, float]:
    """Return the least and the largest finite stored value; the first is larger where there is none."""
    flat = scan.stored.reshape(-1, order="F")
    least, most = math.inf, -math.inf
    for first in range(0, flat.size, _BLOCK):
        block = flat[first : first + _BLOCK]
        with np.errstate(invalid="ignore"):
            low, high = float(block.min()), float(block.max())
        if not (math.isfinite(low) and math.isfinite(high)):
            block = block[np.isfinite(block)]
            if not block.size:
                continue
            low, high = float(block.min()), float(block.max())
        least, most = min(least, low), max(most, high)
    return least, most
