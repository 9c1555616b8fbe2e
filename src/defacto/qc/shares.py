"""The formulas of truth and measure alike: what of a feature is left, what of the brain is lost.

Pure functions of arrays. `defacto.qc.measure` feeds them what a registration says of a scan,
`defacto.simulate.truth` what is known of a made head; so both mean the same by the same word.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from defacto.types import Mask

LEAST_MM2 = 160.0
"""Less skin of a feature than this, in the field of view, is not the feature: it counts as not visible."""
ELSEWHERE_MM = 40.0
"""What lies farther than this from every feature, and not below all of them, is elsewhere."""


def share_left(there: int, left: int, area_mm2: float, *, expected: float = 0.0) -> float:
    """Return the share of a feature's skin that is left, 0 to 1.

    *Visible share* = skin points left / skin points there. Where less than half of what was expected is
    there, as after an earlier defacing, half of that counts instead, so that a scrap is not taken for a
    whole feature. A feature of which less than `LEAST_MM2` is there or expected so is not visible.

    Parameters
    ----------
    there, left : int
        Points of the feature's skin before, and those of them that can be seen after.
    area_mm2 : float
        Skin that a point stands for.
    expected : float
        Points that a whole feature would have within the field of view; 0 where that is what is there.
    """
    if not is_there(there, area_mm2, expected=expected):
        return 0.0
    return float(left / max(float(there), expected / 2))


def is_there(there: int, area_mm2: float, *, expected: float = 0.0) -> bool:
    """Return whether so much of a feature is in the field of view that it counts; see `share_left`."""
    return bool(max(float(there), expected / 2) * area_mm2 >= LEAST_MM2)


def brain_lost(brain: Mask, taken: Mask, voxel_ml: float) -> tuple[float, float]:
    """Return the brain that was taken, in ml and in percent of the brain; NaN percent of no brain.

    Parameters
    ----------
    brain, taken : ndarray of bool
        On the same grid.
    voxel_ml : float
        Volume of a voxel.
    """
    total, lost = int(np.count_nonzero(brain)), int(np.count_nonzero(brain & taken))
    return float(lost * voxel_ml), float(100.0 * lost / total) if total else math.nan


def tissue_ml(taken: Mask, voxel_ml: float, where: Mask | None = None) -> float:
    """Return the volume of tissue taken, all of it or that in a place.

    Parameters
    ----------
    taken : ndarray of bool
        Tissue before that is none after.
    voxel_ml : float
        Volume of a voxel.
    where : ndarray of bool, optional
        For *elsewhere*, what lies more than `ELSEWHERE_MM` from every feature and not below.
    """
    return float(np.count_nonzero(taken if where is None else taken & where) * voxel_ml)


def spread_mm(moved: npt.NDArray[np.floating]) -> float:
    """Return by how much a skin changed its shape: how far it moved, root mean square about the median, mm.

    Parameters
    ----------
    moved : ndarray
        How far the skin moved at each of its points, outwards or inwards, mm; at least one.
    """
    about = moved - np.median(moved)
    return float(np.sqrt(np.mean(about**2)))
