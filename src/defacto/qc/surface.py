"""How much of each feature of the face can still be seen, in the template's world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from defacto.anatomy import Context, load_template
from defacto.anatomy.head import head_level
from defacto.anatomy.morphology import distance_mm, largest_piece, skin
from defacto.qc.shares import ELSEWHERE_MM, is_there, share_left, tissue_ml
from defacto.types import Affine, Feature, FloatVolume, Grid, LabelVolume, Mask, Scan

_SKIN_MM, _SHELL_MM = 1.2, 10.0


@dataclass(frozen=True)
class Surface:
    """What one registration says of the surface of a defaced head.

    Parameters
    ----------
    shares : mapping of Feature to float or None
        Visible share of each feature, 0 to 1; None where nothing can be measured, because no head was found.
    seen_shares : mapping of Feature to float or None
        The same where a network sees the features; empty where none was asked.
    least_visible : float or None
        The least share among eyes, nose and mouth in view; 0 where none of them is.
    removed_ml : float
        Tissue that is there in the original and not in the result, ml, within the template's field of view.
    removed_percent : float
        The same as a share of the head.
    elsewhere_ml : float
        That of it which lies far from every feature.
    """

    shares: Mapping[Feature, float | None]
    seen_shares: Mapping[Feature, float | None]
    least_visible: float | None
    removed_ml: float
    removed_percent: float
    elsewhere_ml: float


def see_surface(
    original: Scan,
    result: Scan,
    context: Context,
    to_template: Affine,
    *,
    seen: LabelVolume | None = None,
) -> Surface:
    """Return what is left of each feature, and how much tissue was removed.

    The skin of the original inside a feature's shell (10 mm deep, drawn on the template) is compared with
    what is still head in the result, by `defacto.qc.shares.share_left`; expected is the template's own
    skin. What lies outside the field of view is not seen. Where a network says where the features are, skin
    that lies far below the template's does not count either: it is the ground of an earlier cut.

    Parameters
    ----------
    original, result : Scan
        Before and after.
    context : Context
        Where things are.
    to_template : ndarray, shape (4, 4)
        The registration to go by.
    seen : ndarray of uint8, on the template's grid, optional
        Where a network sees the skin of each feature, by `Feature.label`; for ``seen_shares``.
    """
    template = load_template()
    before = context.to_template(original.volume, to_template)
    after = context.to_template(result.volume, to_template)
    in_view = np.isfinite(before)
    level = head_level(before[in_view])
    if level is None:
        unknown: dict[Feature, float | None] = dict.fromkeys(Feature)
        return Surface(unknown, unknown if seen is not None else {}, None, *[float("nan")] * 3)
    with np.errstate(invalid="ignore"):
        tissue, left = before > level, after > level
    head = largest_piece(tissue) & in_view
    surface = skin(head | ~in_view) & head
    expected = (np.abs(template.skin_mm) < _SKIN_MM) & in_view
    shares: dict[Feature, float | None] = {}
    seen_shares: dict[Feature, float | None] = {}
    face = []
    point_mm2 = template.grid.voxel_ml ** (2 / 3) * 100
    for feature in Feature:
        shell = template.features == feature.label
        there, wanted = int(np.count_nonzero(surface & shell)), int(np.count_nonzero(expected & shell))
        visible = int(np.count_nonzero(surface & shell & left))
        share = shares[feature] = share_left(there, visible, point_mm2, expected=wanted)
        if not feature.is_ear and is_there(there, point_mm2, expected=wanted):
            face.append(share)
        if seen is not None:
            here = surface & (seen == feature.label) & (template.skin_mm > -_SHELL_MM)
            there, visible = int(np.count_nonzero(here)), int(np.count_nonzero(here & left))
            seen_shares[feature] = share_left(there, visible, point_mm2, expected=wanted)
    voxel_ml = template.grid.voxel_ml / abs(float(np.linalg.det(to_template[:3, :3])))
    taken = tissue & head & ~left
    return Surface(
        shares,
        seen_shares,
        min(face, default=0.0),
        tissue_ml(taken, voxel_ml),
        100.0 * float(np.count_nonzero(taken)) / max(int(np.count_nonzero(tissue & head)), 1),
        tissue_ml(taken, voxel_ml, _elsewhere()),
    )


@cache
def far_field_mm() -> tuple[FloatVolume, Grid, float]:
    """Return how far the template lies from its features, its grid, and from where on that is far, mm.

    What lies lower than all features is not far: neck and chin go with many a tool's cut.
    """
    template = load_template()
    features = template.features > 0
    away = distance_mm(features)
    away[:, :, : int(np.flatnonzero(features.any(axis=(0, 1)))[0])] = 0
    return away, template.grid, ELSEWHERE_MM


@cache
def _elsewhere() -> Mask:
    values, _, limit = far_field_mm()
    return np.asarray(values > limit)
