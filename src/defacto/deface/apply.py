"""The one place where voxels are removed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from defacto.errors import StepError
from defacto.types import Removal, Scan


def apply(scan: Scan, removal: Removal) -> Scan:
    """Return the scan with what is removed filled with air, or with the method's replacement.

    Every voxel outside the mask, the dtype, the scaling and the header stay as they are, to the bit. Air
    is the stored value 0 where the scan's smallest value is not above and its largest not below it, else
    the smallest value.

    Parameters
    ----------
    scan : Scan
        3D, or a series, of which every volume gets the same mask.
    removal : Removal
        On the scan's own grid.

    Raises
    ------
    StepError
        If the mask's shape is not the scan's.
    """
    if removal.mask.shape != scan.grid.shape:
        raise StepError(f"Expected a removal mask of shape {scan.grid.shape}, got {removal.mask.shape}.")
    stored = scan.stored.copy(order="K")
    if removal.replacement is None:
        stored[removal.mask] = air_value(scan)
    else:
        stored[removal.mask] = _to_stored(removal.replacement[removal.mask], scan)
    stored.flags.writeable = False
    return replace(scan, stored=stored)


def air_value(scan: Scan) -> npt.NDArray[np.generic]:
    """Return the stored value of air: of intensity 0 if that is in range, else of the darkest voxel."""
    low, high = scan.stored.min(), scan.stored.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        finite = scan.stored[np.isfinite(scan.stored)]
        if finite.size == 0:
            return np.zeros((), dtype=scan.stored.dtype)
        low, high = finite.min(), finite.max()
    if scan.slope < 0:
        low, high = high, low
    zero = -scan.intercept / scan.slope
    if min(low, high) <= zero <= max(low, high) and (
        scan.stored.dtype.kind == "f" or float(zero).is_integer()
    ):
        return np.asarray(zero, dtype=scan.stored.dtype)
    return np.asarray(low, dtype=scan.stored.dtype)


def _to_stored(values: npt.NDArray[np.float32], scan: Scan) -> npt.NDArray[np.generic]:
    raw = (values - scan.intercept) / scan.slope
    if scan.stored.dtype.kind in "iu":
        limits = np.iinfo(scan.stored.dtype)
        raw = np.clip(np.rint(raw), limits.min, limits.max)
    shape = raw.shape if scan.stored.ndim == 3 else (*raw.shape, 1)
    return np.asarray(raw.reshape(shape), dtype=scan.stored.dtype)
