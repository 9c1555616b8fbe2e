"""Outcomes of the skin: blurred, replaced by an average, peeled off, or taken off as a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np

from defacto.anatomy.compile import compiled
from defacto.anatomy.smooth import smooth
from defacto.simulate.cuts import add_above, clear_above, template_field
from defacto.simulate.head import make_head
from defacto.simulate.made import Made, Values
from defacto.simulate.outcome_cuts import draw_template, template_mask
from defacto.simulate.scene import Scene
from defacto.simulate.warp import noise_cube
from defacto.types import FloatVolume, Mask, Outcome

_RELIEF_MM = 8.0
"""What a blur of this width flattens is the relief of a face."""
_LEAST_RELIEF_MM = 0.5


def draw_blur(rng: np.random.Generator, wanted: Outcome) -> Values:
    """Draw the width of a blur, and a cut within which it is done."""
    width = rng.uniform(7, 14) if wanted is Outcome.PASS else rng.uniform(1.5, 7)
    return {"width_mm": float(width), "cut": _around(rng)}


def make_blur(scene: Scene, values: Mapping[str, Any]) -> Made:
    """Blur the face."""
    mask = template_mask(scene, values["cut"])
    width = values["width_mm"]
    inside = _blurred(scene, scene.head.inside, width)
    return Made(
        mask,
        replacement=_blurred(scene, scene.head.scan.volume, width),
        inside=inside,
        flattened=mask & _flattened(scene, inside, width),
    )


def _flattened(scene: Scene, inside: FloatVolume, width_mm: float) -> Mask:
    """Return where at least half of what a wide blur flattens is gone, or nothing was there to flatten."""
    moved = np.abs(_moved_mm(scene, inside, width_mm))
    relief = np.abs(_moved_mm(scene, _blurred(scene, scene.head.inside, _RELIEF_MM), _RELIEF_MM))
    return np.asarray((moved > 0.5 * relief) | (relief < _LEAST_RELIEF_MM))


def _moved_mm(scene: Scene, inside: FloatVolume, width_mm: float) -> FloatVolume:
    """Return how far a blur moved the skin outwards, as seen from each place.

    A flat skin at depth d has, blurred by a width w, a share inside of Phi(-d / w); so a share tells a depth.
    """
    shares = np.linspace(0.001, 0.999, 999)
    quantiles = np.array([NormalDist().inv_cdf(float(p)) for p in shares])
    depth = width_mm * np.interp(inside.ravel(), shares, quantiles).reshape(inside.shape)
    return np.asarray(depth + scene.head.surface_mm, dtype=np.float32)


def _blurred(scene: Scene, volume: FloatVolume, width_mm: float) -> FloatVolume:
    return smooth(volume, [width_mm / size for size in scene.grid.voxel_size_mm])


def draw_reface(rng: np.random.Generator, wanted: Outcome) -> Values:
    """Draw a cut within which the face is replaced."""
    return {"cut": _around(rng)}


def make_reface(scene: Scene, values: Mapping[str, Any]) -> Made:
    """Put the average face, in the same contrast, where the person's is cut away."""
    parameters = scene.head.parameters
    average = replace(parameters.person, bumps=(), face_field_mm=0.0)
    other = make_head(scene.base, replace(parameters, person=average))
    return Made(
        template_mask(scene, values["cut"]),
        replacement=np.ascontiguousarray(other.scan.volume),
        inside=np.ascontiguousarray(other.inside),
    )


def draw_peel(rng: np.random.Generator, wanted: Outcome) -> Values:
    """Draw how much is peeled off the face, unevenly; as by defacers that ask voxel by voxel what is face."""
    thick = rng.uniform(12, 32) if wanted is Outcome.PASS else rng.uniform(1, 8)
    cut = _around(rng)
    right, _, superior = cut["nudge_mm"]
    return {
        "thick_mm": float(thick),
        "uneven_mm": float(thick * rng.uniform(0.1, 0.35)),
        "width_mm": float(rng.uniform(3, 8)),
        "seed": int(rng.integers(2**31)),
        "cut": cut | {"nudge_mm": [right, float(rng.uniform(-35, -12)), superior]},
    }


def make_peel(scene: Scene, values: Mapping[str, Any]) -> Made:
    """Take off the face what lies less deep under the skin than drawn."""
    mask = template_mask(scene, values["cut"])
    _only_skin(mask, scene, values)
    return Made(mask)


def draw_layer(rng: np.random.Generator, wanted: Outcome) -> Values:
    """Draw a layer of skin that goes all around face and ears, and a template's cut that goes with it.

    Shallow ways: too thin, too narrow, beside its place, or without the ears.
    """
    values: Values = {
        "thick_mm": float(rng.uniform(3, 7)),
        "uneven_mm": float(rng.uniform(0, 0.6)),
        "width_mm": float(rng.uniform(2, 6)),
        "seed": int(rng.integers(2**31)),
        "wider_mm": float(rng.uniform(3, 14)),
        "ears_wider_mm": float(rng.uniform(3, 14)),
        "shift_mm": [0.0, 0.0, 0.0],
        "spare_mm": float(rng.uniform(1, 5)),
    }
    if wanted is not Outcome.SHALLOW:
        cut = draw_template(rng, wanted)
        if wanted is Outcome.PASS:
            right, _, superior = cut["nudge_mm"]
            cut["nudge_mm"] = [right, float(rng.uniform(-10, 4)), superior]
        else:
            values["spare_mm"] = None
        return values | {"cut": cut}
    cut = draw_template(rng, Outcome.SHALLOW)
    way = rng.choice(["thin", "narrow", "aside", "ears"], p=[0.3, 0.25, 0.25, 0.2])
    if way == "thin":
        values["thick_mm"] = float(rng.uniform(0.3, 2.0))
    elif way == "narrow":
        values |= {"wider_mm": float(rng.uniform(-12, 0)), "ears_wider_mm": float(rng.uniform(-12, 3))}
    elif way == "aside":
        far = rng.normal(size=3)
        values["shift_mm"] = [float(v) for v in far * rng.uniform(8, 35) / np.linalg.norm(far)]
    else:
        values["ears_wider_mm"] = None
        cut["ears"] = False
    return values | {"cut": cut}


def make_layer(scene: Scene, values: Mapping[str, Any]) -> Made:
    """Take the skin off all around face and ears, and what a template's cut takes; the brain is spared."""
    mask = np.zeros(scene.grid.shape, dtype=bool)
    to_field = scene.to_base.copy()
    to_field[:3, 3] -= values["shift_mm"]
    for name, wider in (("p_face", values["wider_mm"]), ("p_ears", values["ears_wider_mm"])):
        if wider is not None:
            add_above(mask, template_field(name, -wider), to_field, -wider)
    _only_skin(mask, scene, values)
    mask |= template_mask(scene, values["cut"])
    if values["spare_mm"] is not None:
        clear_above(mask, scene.brain_field, scene.grid.affine, -values["spare_mm"])
    return Made(mask)


def _only_skin(mask: Mask, scene: Scene, values: Mapping[str, Any]) -> None:
    """Clear a mask, in place, deeper under the skin than drawn."""
    cube = noise_cube(np.random.default_rng(values["seed"]), values["width_mm"])
    thick = (np.float32(values["thick_mm"]), np.float32(values["uneven_mm"]))
    _leave_deeper(mask, scene.depth_mm, cube, scene.grid.voxel_size_mm, thick)


@compiled
def _leave_deeper(mask: Mask, depth_mm: FloatVolume, cube: FloatVolume, size_mm: Any, thick_mm: Any) -> None:
    """Clear a mask, in place, where it is deeper than a thickness and what noise, 1 mm, adds to it."""
    last = cube.shape[0] - 1
    even, uneven = thick_mm
    for i in range(mask.shape[0]):
        a = int(np.rint(i * size_mm[0])) & last
        for j in range(mask.shape[1]):
            b = int(np.rint(j * size_mm[1])) & last
            for k in range(mask.shape[2]):
                if mask[i, j, k]:
                    c = int(np.rint(k * size_mm[2])) & last
                    mask[i, j, k] = depth_mm[i, j, k] < even + uneven * cube[a, b, c]


def _around(rng: np.random.Generator) -> Values:
    """Draw a cut that takes all of the face and ears, and spares the brain."""
    cut = draw_template(rng, Outcome.PASS)
    right, _, superior = cut["nudge_mm"]
    nudge = [right, float(rng.uniform(-12, -2)), superior]
    return cut | {"nudge_mm": nudge, "spare_mm": float(rng.uniform(1, 4))}
