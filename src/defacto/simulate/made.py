"""What an outcome does to a head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from defacto.types import FloatVolume, Mask

Values = dict[str, Any]
"""Parameters of an outcome by name; JSON values only."""


@dataclass(frozen=True, eq=False)
class Made:
    """What is removed, and what is put in its place; on the scan's voxels.

    Parameters
    ----------
    mask : ndarray of bool
        True = removed.
    replacement : ndarray of float32, optional
        Intensities that are put under the mask; air where there is none.
    inside : ndarray of float32, optional
        Share of each voxel that is then inside of the skin; only what is under the mask counts.
    flattened : ndarray of bool, optional
        Where a skin that is still there has lost its relief, so that it tells nothing.
    """

    mask: Mask
    replacement: FloatVolume | None = None
    inside: FloatVolume | None = None
    flattened: Mask | None = None
