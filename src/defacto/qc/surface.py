"""How much of each feature of the face can still be seen, in the template's world."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from defacto.anatomy import Context, load_template
from defacto.anatomy.head import head_level, largest_piece, skin
from defacto.types import Affine, Feature, Scan

_SKIN_MM = 1.2
_LEAST_VOXELS = 40


def visible_shares(
    original: Scan, result: Scan, context: Context, to_template: Affine
) -> tuple[Mapping[Feature, float | None], float]:
    """Return what is left of each feature, and how much tissue was removed.

    The skin of the original inside a feature's shell (10 mm deep, drawn on the template) is compared with
    what is still head in the result: *visible share* = skin voxels left / skin voxels there. Where the
    original shows less than half of the skin that the template has there, as after an earlier defacing,
    half the template's counts instead, so that a scrap is not taken for a whole feature. What lies outside
    the field of view is not seen.

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
    shares : mapping of Feature to float or None
        0 to 1; None where nothing can be measured, because no head was found.
    removed_ml : float
        Tissue that is there in the original and not in the result, ml, within the template's field of view.
    """
    template = load_template()
    before = context.to_template(original.volume, to_template)
    after = context.to_template(result.volume, to_template)
    seen = np.isfinite(before)
    level = head_level(before[seen])
    if level is None:
        return dict.fromkeys(Feature), float("nan")
    head = largest_piece(before > level) & seen
    with np.errstate(invalid="ignore"):
        left = after > level
    surface = skin(head | ~seen) & head
    expected = (np.abs(template.skin_mm) < _SKIN_MM) & seen
    shares: dict[Feature, float | None] = {}
    for feature in Feature:
        shell = template.features == feature.label
        whole = max(np.count_nonzero(surface & shell), np.count_nonzero(expected & shell) / 2)
        visible = np.count_nonzero(surface & shell & left)
        shares[feature] = float(visible / whole) if whole >= _LEAST_VOXELS else 0.0
    voxel_ml = template.grid.voxel_ml / abs(float(np.linalg.det(to_template[:3, :3])))
    return shares, float(np.count_nonzero((before > level) & head & ~left) * voxel_ml)
