"""What was lost and what is left: measures of one defaced scan.

=========================  ========  ===============  =======================================================
name                       unit      better           what
=========================  ========  ===============  =======================================================
``brain_lost_ml``          ml        lower            brain removed, by either registration or the network
``brain_lost_percent``     %         lower            the same as a share of the brain
``FEATURE_visible``        share     lower            skin of an eye, the nose, the mouth, an ear that is left
``FEATURE_seen``           share     lower            the same of the skin where the network sees the feature
``least_visible``          share     lower            the least of it among eyes, nose and mouth in view
``removed_ml``             ml        lower            tissue removed
``removed_percent``        %         lower            the same as a share of the head in view
``elsewhere_ml``           ml        lower            tissue removed over 40 mm from features, neck apart
``changed_outside``        voxels    lower (0)        stored values that changed outside the removal mask
``agreement_mm``           mm        lower            distance of the two registrations at the landmarks
``score``                  NMI       higher           similarity of the scan with the template
``brain_agreement``        Dice      higher           brain by registration against brain by the network
``turned_deg``             deg       lower            angle of the head against the axes of its pictures
``replaced_ml``            ml        neither          volume that other voxels took the place of
``FEATURE_moved_mm``       mm        higher           change of the skin's shape where it was replaced
=========================  ========  ===============  =======================================================

The last two are taken only where a face was replaced or blurred.
"""

from __future__ import annotations

import numpy as np

from defacto.anatomy import Context
from defacto.qc import shares
from defacto.qc.moved import surface_moved
from defacto.qc.surface import see_surface
from defacto.types import Feature, Mask, Measure, Removal, Scan


def measure(original: Scan, result: Scan, removal: Removal, context: Context) -> dict[str, Measure]:
    """Measure a defaced scan against its original.

    Parameters
    ----------
    original, result : Scan
        Before and after, on the same grid.
    removal : Removal
        What was to be removed.
    context : Context
        Where things are; both of its registrations are heard, and the worse of the two counts.

    Returns
    -------
    dict of str to Measure
        See the table of this module. A value of None could not be measured.
    """
    changed = changed_voxels(original, result)
    lost_ml, lost_percent = brain_lost(changed, context)
    registration = context.registration
    seen = context.seen_features
    found = [
        see_surface(original, result, context, registration.to_template, seen=seen),
        see_surface(original, result, context, registration.check_to_template),
    ]
    measures = [
        Measure("brain_lost_ml", lost_ml, "ml"),
        Measure("brain_lost_percent", lost_percent, "%"),
        *(
            Measure(visible_name(feature), _worst([each.shares[feature] for each in found]), "share")
            for feature in Feature
        ),
        *(Measure(seen_name(feature), share, "share") for feature, share in found[0].seen_shares.items()),
        Measure("least_visible", _worst([each.least_visible for each in found]), "share"),
        Measure("removed_ml", found[0].removed_ml, "ml"),
        Measure("removed_percent", found[0].removed_percent, "%"),
        Measure("elsewhere_ml", min(each.elsewhere_ml for each in found), "ml"),
        Measure("changed_outside", float(np.count_nonzero(changed & ~removal.mask)), "voxels"),
        Measure("agreement_mm", registration.agreement_mm, "mm"),
        Measure("score", registration.score, "NMI", lower_is_better=False),
        Measure("turned_deg", context.turned_deg, "deg"),
    ]
    if context.seen is not None:
        measures.append(Measure("brain_agreement", brain_agreement(context), "Dice", lower_is_better=False))
    if removal.replacement is not None:
        measures += _replaced(original, result, removal, context)
    return {each.name: each for each in measures}


def _replaced(original: Scan, result: Scan, removal: Removal, context: Context) -> list[Measure]:
    """Measure what a replaced face is judged by; of the two registrations the lesser movement counts."""
    registration = context.registration
    matrices = (registration.to_template, registration.check_to_template)
    found = [surface_moved(original, result, context, matrix) for matrix in matrices]
    replaced_ml = float(np.count_nonzero(removal.mask) * context.grid.voxel_ml)
    return [
        Measure("replaced_ml", replaced_ml, "ml"),
        *(
            Measure(moved_name(f), _least([each[f] for each in found]), "mm", lower_is_better=False)
            for f in Feature
        ),
    ]


def visible_name(feature: Feature) -> str:
    """Return the name of the measure that says how much of a feature can be seen."""
    return f"{feature.value}_visible"


def seen_name(feature: Feature) -> str:
    """Return the name of the measure that says the same of where the network sees the feature."""
    return f"{feature.value}_seen"


def moved_name(feature: Feature) -> str:
    """Return the name of the measure that says how far the skin of a replaced feature moved."""
    return f"{feature.value}_moved_mm"


def changed_voxels(original: Scan, result: Scan) -> Mask:
    """Return where the stored values differ, bit for bit; for a series, in any of its volumes.

    Returns
    -------
    ndarray of bool, shape (i, j, k)
    """
    before, after = original.stored, result.stored
    if before.shape != after.shape or before.dtype != after.dtype:
        return np.ones(original.grid.shape, dtype=bool)
    differs = before != after
    if before.dtype.kind == "f":
        differs &= ~(np.isnan(before) & np.isnan(after))
    return np.asarray(differs if differs.ndim == 3 else differs.any(axis=3))


def brain_lost(changed: Mask, context: Context) -> tuple[float, float]:
    """Return how much brain was changed, in ml and in percent of the brain.

    Brain is what the leading registration and the scan's own intensities call brain, and, counted apart,
    what the other registration expects to be brain, and what the network sees as brain; the largest loss
    counts.

    Parameters
    ----------
    changed : ndarray of bool, shape (i, j, k)
        Voxels whose value changed.
    context : Context
        Where things are.
    """
    losses = [
        shares.brain_lost(brain, changed, context.grid.voxel_ml)
        for brain in (context.brain, context.check_brain, context.seen_brain)
        if brain is not None
    ]
    return max(losses)


def brain_agreement(context: Context) -> float | None:
    """Return Dice of the brain that the other registration expects and the one that the network sees.

    None where the network sees no brain.
    """
    one, other = context.check_brain, context.seen_brain
    if other is None:
        return None
    total = np.count_nonzero(one) + np.count_nonzero(other)
    return float(2 * np.count_nonzero(one & other) / total)


def _worst(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None and np.isfinite(value)]
    return max(known) if len(known) == len(values) else None


def _least(values: list[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)
