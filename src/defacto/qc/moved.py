"""How far the skin of each feature moved from the person's own: evidence on faces that were replaced."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import numpy.typing as npt

from defacto.anatomy import Context, load_template
from defacto.anatomy.head import head_level
from defacto.anatomy.morphology import distance_mm, largest_piece, skin
from defacto.anatomy.resample import carry
from defacto.qc.shares import is_there, spread_mm
from defacto.types import Affine, Feature, FloatVolume, Grid, LabelVolume, Mask, Scan

_STEP_MM = 1.0
_ROOM_MM = 20.0
_REACH_MM = 15.0
"""A skin that moved farther than this is counted as having moved so far."""


def surface_moved(
    original: Scan, result: Scan, context: Context, to_template: Affine
) -> Mapping[Feature, float | None]:
    """Return how far the skin of each feature moved, mm.

    At each point of the original's skin within a feature's shell, the distance to the skin of the result is
    taken, on a grid of 1 mm, outwards and inwards; the measure is the spread of these distances about their
    median (`shares.spread_mm`). A skin moved outwards by the same everywhere keeps its shape, and so counts
    as not moved: such is what a blur does beside flattening the shape.

    Parameters
    ----------
    original, result : Scan
        Before and after.
    context : Context
        Where things are.
    to_template : ndarray, shape (4, 4)
        The registration to go by.

    Returns
    -------
    mapping of Feature to float or None
        None where nothing can be measured: no head, or too little of the feature in view.
    """
    grid, labels = _places()
    inverse = np.asarray(np.linalg.inv(to_template), np.float64)
    before, after = (
        carry(scan.volume, context.grid, grid, inverse, fill=float("nan")) for scan in (original, result)
    )
    in_view = np.isfinite(before)
    level = head_level(before[in_view])
    if level is None:
        return dict.fromkeys(Feature)
    head, left = (_solid(volume, level, in_view) for volume in (before, after))
    points = skin(head) & in_view
    moved = np.clip(_apart(left) - _apart(head), -_REACH_MM, _REACH_MM)
    found: dict[Feature, float | None] = {}
    for feature in Feature:
        here = points & (labels == feature.label)
        enough = is_there(int(np.count_nonzero(here)), _STEP_MM**2)
        found[feature] = spread_mm(moved[here]) if enough else None
    return found


def _solid(volume: FloatVolume, level: float, in_view: Mask) -> Mask:
    """Return the head; what is out of view counts as head, so that the border is no skin."""
    with np.errstate(invalid="ignore"):
        solid = (volume > level) | ~in_view
    return largest_piece(solid)


def _apart(solid: Mask) -> npt.NDArray[np.float32]:
    return distance_mm(solid, (_STEP_MM, _STEP_MM, _STEP_MM))


@cache
def _places() -> tuple[Grid, LabelVolume]:
    """Return a grid of 1 mm about all features, in the template's world, and their shells on it."""
    template = load_template()
    used = np.argwhere(template.features > 0)
    low, high = used.min(axis=0), used.max(axis=0)
    corner = (template.grid.affine @ [*low, 1.0])[:3] - _ROOM_MM
    far = (template.grid.affine @ [*high, 1.0])[:3] + _ROOM_MM
    affine = np.diag([_STEP_MM, _STEP_MM, _STEP_MM, 1.0])
    affine[:3, 3] = corner
    i, j, k = (int(n) + 1 for n in (far - corner) / _STEP_MM)
    grid = Grid((i, j, k), affine)
    pull = template.grid.to_voxel @ affine
    index = [np.rint(pull[n, n] * np.arange(grid.shape[n]) + pull[n, 3]).astype(int) for n in range(3)]
    within = [(a >= 0) & (a < count) for a, count in zip(index, template.features.shape, strict=True)]
    labels = np.zeros(grid.shape, dtype=np.uint8)
    labels[np.ix_(*within)] = template.features[np.ix_(*(a[w] for a, w in zip(index, within, strict=True)))]
    return grid, labels
