"""From what heads are drawn: persons, contrasts, and the protocols of scanners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import permutations, product
from typing import Any

import numpy as np

from defacto.simulate.acquisition import HEAD_CENTER_MM, AcquisitionParameters
from defacto.simulate.contrast import Contrast

STORAGES = tuple(
    "".join(axes[n][side] for n, side in zip(order, sides, strict=True))
    for axes in (("RL", "AP", "SI"),)
    for order in permutations(range(3))
    for sides in product(range(2), repeat=3)
)
"""All 48 orders and directions in which a file can store its axes."""
PRESETS: tuple[tuple[tuple[int, int, int], tuple[float, float, float]], ...] = (
    ((256, 256, 46), (0.9375, 0.9375, 4.5)),
    ((192, 256, 60), (0.98, 0.98, 3.6)),
)
"""Thick axial slices as in clinical trials: voxels and their size, along right, anterior, superior."""
_LOW_MM = np.array([-94.0, -122.0, -142.0])
_HIGH_MM = np.array([94.0, 132.0, 96.0])
_CUTS: Mapping[str, tuple[int, int, float, float]] = {
    "chin": (2, 0, -96.0, -70.0),
    "nose": (1, 1, 92.0, 110.0),
    "ears": (0, 2, 62.0, 76.0),
    "vertex": (2, 1, 40.0, 78.0),
}
"""Axis, side (2: both), and between what the field of view then ends, base world mm."""
_DTYPES = ("int16", "uint16", "uint8", "float32")


@dataclass(frozen=True)
class Ranges:
    """From what heads are drawn; the shares say how often something comes.

    Parameters
    ----------
    contrasts : mapping of str to float
        How often each `Contrast` comes.
    age_years : tuple of float
        From and to; size, ventricles and skull follow from it.
    voxel_mm : tuple of float
        Isotropic voxels.
    thick_share : float
        Of scans with thick slices.
    slice_mm, in_plane_mm : tuple of float
        Of those.
    planes : tuple of str
        Across which slices lie: ``axial``, ``sagittal``, ``coronal``.
    preset_share : float
        Of the thick ones, those that are one of `PRESETS`.
    margin_mm : tuple of float
        Air around the head.
    cut_share : float
        Of fields of view that cut something off; ``cuts`` says what: chin, nose, ears, vertex.
    cuts : tuple of str
    tilt_deg, far_tilt_deg, far_tilt_share : float
        How far heads are turned about each axis; the latter for some.
    oblique_share, oblique_deg : float
        Of fields of view turned against the world.
    noise, bias : tuple of float
        See `AcquisitionParameters`.
    zero_air_share, ghost_share, wrap_share, hole_share, lesion_share, lie_share : float
        Of scans with air set to zero, ghosts, wrap-around, a hole by a filling, lesions, a header that lies.
    filled_share : float
        Of heads with cavities, bone and fat in the soft tissue of the face, see `defacto.simulate.filling`.
    storages : tuple of str
        Orders of storage; empty for all 48.
    dtypes : tuple of str
        How voxels are stored.
    """

    contrasts: Mapping[str, float] = field(default_factory=lambda: {"T1w": 1.0})
    age_years: tuple[float, float] = (3.0, 85.0)
    voxel_mm: tuple[float, float] = (1.4, 2.0)
    thick_share: float = 0.25
    slice_mm: tuple[float, float] = (2.5, 7.0)
    in_plane_mm: tuple[float, float] = (0.9, 1.5)
    planes: tuple[str, ...] = ("axial", "axial", "sagittal", "coronal")
    preset_share: float = 0.15
    margin_mm: tuple[float, float] = (2.0, 14.0)
    cut_share: float = 0.2
    cuts: tuple[str, ...] = ("chin", "chin", "nose", "ears", "vertex")
    tilt_deg: float = 8.0
    far_tilt_deg: float = 30.0
    far_tilt_share: float = 0.08
    oblique_share: float = 0.15
    oblique_deg: float = 25.0
    noise: tuple[float, float] = (0.005, 0.03)
    bias: tuple[float, float] = (0.05, 0.45)
    zero_air_share: float = 0.15
    ghost_share: float = 0.08
    wrap_share: float = 0.05
    hole_share: float = 0.06
    lesion_share: float = 0.1
    lie_share: float = 0.0
    filled_share: float = 0.0
    storages: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = _DTYPES


def draw_kind(rng: np.random.Generator, ranges: Ranges) -> Contrast:
    """Draw a kind of contrast."""
    kinds = list(ranges.contrasts)
    weights = np.array([ranges.contrasts[kind] for kind in kinds], dtype=float)
    return Contrast(kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))])


def draw_protocol(rng: np.random.Generator, ranges: Ranges, size: float) -> AcquisitionParameters:
    """Draw an acquisition for a head.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    ranges : Ranges
        From what.
    size : float
        Of the person, as a share of an adult's.
    """
    far = rng.random() < ranges.far_tilt_share
    reach = ranges.far_tilt_deg if far else ranges.tilt_deg
    low, high = _field_of_view(rng, ranges, size)
    voxel_mm = _voxels(rng, ranges)
    shape = _three(int(n) for n in np.maximum(np.rint((high - low) / voxel_mm), 8))
    if max(voxel_mm) > 2 * min(voxel_mm) and rng.random() < ranges.preset_share:
        shape, voxel_mm = PRESETS[int(rng.integers(len(PRESETS)))]
        low, high = np.array(HEAD_CENTER_MM) - 1, np.array(HEAD_CENTER_MM) + 1
    storages = ranges.storages or STORAGES
    return AcquisitionParameters(
        shape=shape,
        voxel_mm=voxel_mm,
        storage=str(rng.choice(storages)),
        tilt_deg=_three(float(v) for v in reach * rng.uniform(-1, 1, 3)),
        offset_mm=_three(float(v) for v in size * np.array(HEAD_CENTER_MM) - (low + high) / 2),
        noise=float(rng.uniform(*ranges.noise)),
        air="zero" if rng.random() < ranges.zero_air_share else "noise",
        bias=float(rng.uniform(*ranges.bias)),
        dtype=rng.choice(ranges.dtypes).item(),
        seed=int(rng.integers(2**31)),
        **_artefacts(rng, ranges),
    )


def _voxels(rng: np.random.Generator, ranges: Ranges) -> tuple[float, float, float]:
    if rng.random() >= ranges.thick_share:
        return (float(rng.uniform(*ranges.voxel_mm)),) * 3
    voxel_mm = np.full(3, rng.uniform(*ranges.in_plane_mm))
    across = {"sagittal": 0, "coronal": 1, "axial": 2}[str(rng.choice(ranges.planes))]
    voxel_mm[across] = rng.uniform(*ranges.slice_mm)
    return _three(float(v) for v in voxel_mm)


def _field_of_view(rng: np.random.Generator, ranges: Ranges, size: float) -> tuple[Any, Any]:
    """Draw the box that is seen, base world mm times size."""
    low = _LOW_MM * size - rng.uniform(*ranges.margin_mm, 3)
    high = _HIGH_MM * size + rng.uniform(*ranges.margin_mm, 3)
    if ranges.cuts and rng.random() < ranges.cut_share:
        axis, side, near, far = _CUTS[str(rng.choice(ranges.cuts))]
        end = size * rng.uniform(near, far)
        if side != 0:
            high[axis] = end
        if side == 0:
            low[axis] = end
        elif side == 2:
            low[axis] = -end
    return low, high


def _artefacts(rng: np.random.Generator, ranges: Ranges) -> dict[str, Any]:
    """Draw each artefact; the draws do not depend on one another's chance."""
    oblique, ghost, wrap, filled, lies = rng.random(5)
    turned = rng.uniform(-1, 1, 3) * (1.0, 0.4, 0.4) * ranges.oblique_deg
    strength, period, axis = rng.uniform(0.02, 0.08), rng.uniform(0.15, 0.5), int(rng.integers(2))
    radius = rng.uniform(12, 30)
    place = (rng.uniform(-25, 25), rng.uniform(60, 90), rng.uniform(-98, -84))
    claimed = str(rng.choice(STORAGES))
    return {
        "oblique_deg": _three(float(v) for v in turned)
        if oblique < ranges.oblique_share
        else (0.0, 0.0, 0.0),
        "ghost": float(strength) if ghost < ranges.ghost_share else 0.0,
        "ghost_period": float(period),
        "phase_axis": axis,
        "wrap": bool(wrap < ranges.wrap_share),
        "hole_mm": float(radius) if filled < ranges.hole_share else 0.0,
        "hole_center_mm": _three(float(v) for v in place),
        "lie": claimed if lies < ranges.lie_share else "",
    }


def _three(values: Any) -> tuple[Any, Any, Any]:
    x, y, z = values
    return x, y, z
