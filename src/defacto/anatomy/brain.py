"""The brain of a registered scan: what the template expects, adapted to what the scan shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from defacto.anatomy.morphology import closed, distance_mm, fill_holes, largest_piece, opened
from defacto.anatomy.template import load_template
from defacto.types import FloatVolume, Mask

_SURE, _LIKELY, _SEEN = 0.95, 0.3, 0.02
_REACH_MM = 4.0
_OPENING_VOXELS, _CLOSING_VOXELS = 2.5, 1.5
_SKIN_MM, _AT_SEEN_MM = 6.0, 2.5
"""Less deep below the skin there is no brain in 59 made heads, but for what is so near to the brain that the
network sees, and 2 ml in all of them together, none of it farther than 2.5 mm from what counts as brain."""


def find_brain(registered: FloatVolume, fraction: float) -> Mask:
    """Return the brain on the template's grid.

    What more than 30 % of 13 persons call brain is brain. From there it grows, through voxels connected to
    it after an opening by 4 mm, up to 4 mm beyond what any of the 13 calls brain, where the scan is at
    least as bright as ``air + fraction * (median - air)`` and not brighter than brain gets; the rule of
    the fraction is that of BET (doi:10.1002/hbm.10062): lower gives a larger brain.

    Parameters
    ----------
    registered : ndarray of float32, on the template's grid
        Intensities; NaN outside the field of view.
    fraction : float
        0 to 1.

    Returns
    -------
    ndarray of bool, on the template's grid
    """
    expected = _expected()
    core = expected.core & np.isfinite(registered)
    if np.count_nonzero(core) < 1000:
        return expected.likely
    seen = registered[np.isfinite(registered)]
    air = float(np.percentile(seen, 2))
    middle, high = np.percentile(registered[core], (50, 99))
    here = registered[expected.box]
    with np.errstate(invalid="ignore"):
        alike = (here > air + fraction * (middle - air)) & (here < 1.1 * high - 0.1 * air)
    alike &= expected.reach[expected.box]
    grown = largest_piece(opened(alike | core[expected.box], _OPENING_VOXELS))
    brain = np.zeros_like(expected.likely)
    brain[expected.box] = fill_holes(closed(grown | expected.likely[expected.box], _CLOSING_VOXELS))
    return brain


def at_skin(hull_mm: FloatVolume, seen: Mask) -> Mask:
    """Return where no brain lies: at the skin, and not at the brain that the network sees.

    Bone looks like brain where voxels are thick or the contrast is weak, and a registration may be off; what
    is taken for brain at the skin would keep the skin.

    Parameters
    ----------
    hull_mm : ndarray of float32, on the template's grid
        Distance to the skin; negative inside.
    seen : ndarray of bool, on the template's grid
        The brain that the network sees.

    Returns
    -------
    ndarray of bool, on the template's grid
    """
    return np.asarray((hull_mm >= -_SKIN_MM) & (distance_mm(seen) >= _AT_SEEN_MM))


@dataclass(frozen=True, eq=False)
class _Expected:
    """What the template says of the brain: surely, likely, how far it may reach, and a box around that."""

    core: Mask
    likely: Mask
    reach: Mask
    box: tuple[slice, ...]


@cache
def _expected() -> _Expected:
    p_brain = load_template().p_brain
    reach = distance_mm(p_brain > _SEEN) < _REACH_MM
    index = [np.flatnonzero(reach.any(axis=tuple(n for n in range(3) if n != axis))) for axis in range(3)]
    rim = int(_OPENING_VOXELS) + 2
    box = tuple(slice(max(int(i[0]) - rim, 0), int(i[-1]) + rim + 1) for i in index)
    return _Expected(p_brain > _SURE, p_brain > _LIKELY, reach, box)
