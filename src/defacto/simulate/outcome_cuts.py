"""Outcomes of defacing by a cut: a template's, a plane's, a box's; well placed, misplaced, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from defacto.simulate.acquisition import HEAD_CENTER_MM, rotation
from defacto.simulate.cuts import add_above, add_within, clear_above, template_field
from defacto.simulate.made import Made, Values
from defacto.simulate.scene import Scene
from defacto.types import Affine, Mask, Outcome

EAR_DEPTH = 0.6
"""So much deeper, mm, are the ears cut for each mm by which the face's cut moves back."""
_EAR_LEVEL_MM = -2.0
_FACE = "face_cut_mm"
_EARS = "ear_cut_mm"


def draw_template(rng: np.random.Generator, wanted: Outcome) -> Values:
    """Draw a template's cut: nudged by up to 30 mm, tilted; with or without ears; the brain spared or not."""
    values = _placed(rng, (3.0, 5.0), 3.0)
    spares = rng.random() < (0.9 if wanted is Outcome.PASS else 0.6)
    values |= {"ears": True, "spare_mm": float(rng.uniform(0, 5)) if spares else None}
    if wanted is Outcome.PASS:
        return values | {"nudge_mm": _nudge(rng, 3, (-16, 1), (-5, 5))}
    if wanted is Outcome.DEEP:
        return values | {
            "nudge_mm": _nudge(rng, 5, (-30, -8), (-4, 12)),
            "tilt_deg": _normal(rng, 7.0),
            "spare_mm": None,
        }
    if wanted is Outcome.FAILURE and rng.random() < 0.4:
        return values | {"nudge_mm": _nudge(rng, 5, (-30, -8), (-4, 12)), "ears": False, "spare_mm": None}
    if wanted is Outcome.FAILURE:
        side = float(rng.choice([-1, 1]))
        nudge = [side * float(rng.uniform(8, 30)), float(rng.uniform(-30, -5)), float(rng.uniform(-15, 30))]
        tilt = [float(rng.uniform(-25, 25)), float(rng.uniform(-25, 25)), side * float(rng.uniform(5, 35))]
        return values | {"nudge_mm": nudge, "tilt_deg": tilt, "spare_mm": None}
    return values | _draw_shallow(rng)


def _draw_shallow(rng: np.random.Generator) -> Values:
    """Too far in front, too low, to one side, turned, or without the ears."""
    way = rng.choice(["forward", "low", "aside", "turned", "ears"], p=[0.4, 0.12, 0.12, 0.12, 0.24])
    side = float(rng.choice([-1, 1]))
    if way == "forward":
        return {"nudge_mm": _nudge(rng, 4, (2, 30), (-8, 8)), "ears": bool(rng.random() < 0.7)}
    if way == "low":
        return {"nudge_mm": _nudge(rng, 3, (-6, 8), (-30, -8))}
    if way == "aside":
        return {"nudge_mm": [side * float(rng.uniform(8, 30)), float(rng.uniform(-6, 10)), 0.0]}
    if way == "turned":
        return {
            "nudge_mm": _nudge(rng, 3, (-4, 8), (-5, 5)),
            "tilt_deg": [
                float(rng.normal(0, 4)),
                float(rng.uniform(-15, 15)),
                side * float(rng.uniform(8, 28)),
            ],
        }
    return {"nudge_mm": _nudge(rng, 3, (-18, 3), (-5, 5)), "ears": False}


def make_template(scene: Scene, values: Mapping[str, Any]) -> Made:
    """Cut along the template's surfaces, carried by the true affine and then misplaced as drawn."""
    return Made(template_mask(scene, values))


def template_mask(scene: Scene, values: Mapping[str, Any]) -> Mask:
    """Return what a template's cut removes."""
    mask = np.zeros(scene.grid.shape, dtype=bool)
    right, anterior, superior = values["nudge_mm"]
    field = template_field(_FACE, 0.0)
    add_above(mask, field, placed(values, (right, anterior, superior)) @ scene.to_base, 0.0)
    if values["ears"]:
        level = EAR_DEPTH * anterior
        ears = template_field(_EARS, level)
        add_above(mask, ears, placed(values, (right, 0.0, superior)) @ scene.to_base, level)
    if values.get("spare_mm") is not None:
        clear_above(mask, scene.brain_field, scene.grid.affine, -values["spare_mm"])
    return mask


def placed(values: Mapping[str, Any], nudge_mm: tuple[float, float, float]) -> Affine:
    """Return base world mm to the world of a cut that is scaled, flipped, turned, then shifted, as drawn."""
    center = np.array(HEAD_CENTER_MM)
    linear = np.asarray(rotation(tuple(values["tilt_deg"]))).T * (1 / values.get("scale", 1.0))
    linear = np.diag(values.get("flip", (1.0, 1.0, 1.0))) @ linear
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = center - linear @ (center + np.array(nudge_mm))
    return matrix


def draw_again(rng: np.random.Generator, wanted: Outcome) -> Values:
    """Draw two cuts, one after the other; the first left the face or the ears, or was well done."""
    before = Outcome.SHALLOW if rng.random() < 0.6 else Outcome.PASS
    if wanted is Outcome.SHALLOW:
        before = Outcome.SHALLOW
    return {"first": draw_template(rng, before), "second": draw_template(rng, wanted)}


def make_again(scene: Scene, values: Mapping[str, Any]) -> Made:
    """Cut twice."""
    return Made(template_mask(scene, values["first"]) | template_mask(scene, values["second"]))


def draw_part(rng: np.random.Generator, wanted: Outcome) -> Values:
    """Draw a template's cut of which only a part is done: below, above or beside a plane."""
    cut = draw_template(rng, Outcome.PASS if wanted is not Outcome.FAILURE else wanted)
    way = rng.choice(["mouth_only", "eyes_left", "eyes_only", "one_side"], p=[0.3, 0.3, 0.15, 0.25])
    if way == "one_side":
        side = float(rng.choice([-1, 1]))
        plane = [side, 0.0, 0.0, float(rng.uniform(-14, 14))]
    else:
        low, high = {"mouth_only": (-88, -72), "eyes_left": (-56, -36), "eyes_only": (-72, -40)}[str(way)]
        down = 1.0 if way == "eyes_only" else -1.0
        plane = [0.0, 0.0, down, down * float(rng.uniform(low, high))]
    return {"cut": cut | {"ears": bool(rng.random() < 0.5)}, "plane": plane, "way": str(way)}


def make_part(scene: Scene, values: Mapping[str, Any]) -> Made:
    """Cut on one side of a plane only; the ears are not concerned."""
    within = np.zeros(scene.grid.shape, dtype=bool)
    add_within(within, [values["plane"]], scene.to_base)
    mask = template_mask(scene, values["cut"] | {"ears": False}) & within
    if values["cut"]["ears"]:
        add_above(mask, template_field(_EARS, 0.0), scene.to_base, 0.0)
    return Made(mask)


def draw_blunder(rng: np.random.Generator, wanted: Outcome) -> Values:
    """Draw a registration that went wrong: turned, shifted, mirrored, upside down, or of the wrong size."""
    values = _placed(rng, (6.0, 8.0), 5.0) | {"ears": bool(rng.random() < 0.8), "spare_mm": None}
    values["nudge_mm"] = _nudge(rng, 8, (-15, 8), (-10, 10))
    way = str(rng.choice(["turned", "shifted", "mirrored", "upside_down", "scaled"]))
    if way == "turned":
        turn = [float(v) for v in rng.uniform(-30, 30, 3)]
        turn[int(rng.integers(3))] = float(rng.choice([-1, 1]) * rng.uniform(45, 180))
        values["tilt_deg"] = turn
    elif way == "shifted":
        far = rng.normal(size=3)
        far *= rng.uniform(45, 110) / np.linalg.norm(far)
        values["nudge_mm"] = [float(v) for v in far]
    elif way == "scaled":
        values["scale"] = float(rng.uniform(0.45, 0.75) if rng.random() < 0.5 else rng.uniform(1.3, 1.8))
    else:
        values["flip"] = [1.0, -1.0, 1.0] if way == "mirrored" else [1.0, 1.0, -1.0]
    return values | {"way": way}


def draw_shear(rng: np.random.Generator, wanted: Outcome) -> Values:
    """Draw a plane in front of the brain, at a distance from it (quickshear's buffer)."""
    ranges = {
        Outcome.PASS: (0, 10),
        Outcome.DEEP: (-30, -3),
        Outcome.SHALLOW: (8, 60),
        Outcome.FAILURE: (-45, -5),
    }
    angles = {
        Outcome.PASS: (22, 52),
        Outcome.DEEP: (-8, 55),
        Outcome.SHALLOW: (5, 55),
        Outcome.FAILURE: (-15, 75),
    }
    angle = rng.uniform(*angles[wanted])
    ears = rng.random() < (0.6 if wanted in {Outcome.SHALLOW, Outcome.FAILURE} else 1.0)
    return {
        "angle_deg": float(angle),
        "turn_deg": float(rng.normal(0, 3)),
        "buffer_mm": float(rng.uniform(*ranges[wanted])),
        "ears": bool(ears),
    }


def make_shear(scene: Scene, values: Mapping[str, Any]) -> Made:
    """Remove all in front of and below a plane that touches the brain, moved away from it by the buffer."""
    angle, turn = np.deg2rad(values["angle_deg"]), np.deg2rad(values["turn_deg"])
    normal = np.array([np.cos(angle) * np.sin(turn), np.cos(angle) * np.cos(turn), -np.sin(angle)])
    touch = float((scene.brain_places @ normal).max(initial=-1e3))
    mask = np.zeros(scene.grid.shape, dtype=bool)
    add_within(mask, [[*normal, touch + values["buffer_mm"]]], scene.to_base)
    _add_ears(mask, scene, values)
    return Made(mask)


def draw_box(rng: np.random.Generator, wanted: Outcome) -> Values:
    """Draw a box around eyes, nose and mouth; the ears are cut along the template's surface."""
    back = {
        Outcome.PASS: (60, 72),
        Outcome.DEEP: (20, 64),
        Outcome.SHALLOW: (70, 104),
        Outcome.FAILURE: (10, 66),
    }[wanted]
    top = (-8, 40) if wanted in {Outcome.DEEP, Outcome.FAILURE} else (-20, -10)
    bottom = (-140, -105)
    if wanted in {Outcome.SHALLOW, Outcome.FAILURE}:
        top, bottom = (min(top[0], -50), top[1]), (-140, -60)
    return {
        "half_width_mm": float(rng.uniform(50, 90) if wanted is not Outcome.SHALLOW else rng.uniform(20, 90)),
        "back_mm": float(rng.uniform(*back)),
        "top_mm": float(rng.uniform(*top)),
        "bottom_mm": float(rng.uniform(*bottom)),
        "tilt_deg": _normal(rng, 3.0),
        "ears": bool(rng.random() < {Outcome.SHALLOW: 0.7, Outcome.FAILURE: 0.5}.get(wanted, 1.0)),
    }


def make_box(scene: Scene, values: Mapping[str, Any]) -> Made:
    """Remove what lies in the box."""
    wide, back = values["half_width_mm"], values["back_mm"]
    bottom, top = values["bottom_mm"], values["top_mm"]
    face = [[1, 0, 0, -wide], [-1, 0, 0, -wide], [0, 1, 0, back], [0, 0, 1, bottom], [0, 0, -1, -top]]
    mask = np.zeros(scene.grid.shape, dtype=bool)
    add_within(mask, face, placed(values, (0.0, 0.0, 0.0)) @ scene.to_base)
    _add_ears(mask, scene, values)
    return Made(mask)


def _add_ears(mask: Mask, scene: Scene, values: Mapping[str, Any]) -> None:
    if values["ears"]:
        add_above(mask, template_field(_EARS, _EAR_LEVEL_MM), scene.to_base, _EAR_LEVEL_MM)


def draw_nothing(rng: np.random.Generator, wanted: Outcome) -> Values:
    """Draw nothing."""
    return {}


def make_nothing(scene: Scene, values: Mapping[str, Any]) -> Made:
    """Remove nothing: the tool gave the scan back as it was."""
    return Made(np.zeros(scene.grid.shape, dtype=bool))


def _placed(rng: np.random.Generator, nudge: tuple[float, float], tilt_deg: float) -> Values:
    return {
        "nudge_mm": _nudge(rng, nudge[0], (-nudge[1], nudge[1]), (-5, 5)),
        "tilt_deg": _normal(rng, tilt_deg),
    }


def _nudge(
    rng: np.random.Generator, aside: float, along: tuple[float, float], up: tuple[float, float]
) -> list[float]:
    return [float(rng.uniform(-aside, aside)), float(rng.uniform(*along)), float(rng.uniform(*up))]


def _normal(rng: np.random.Generator, spread: float) -> list[float]:
    return [float(v) for v in spread * rng.standard_normal(3).clip(-2.5, 2.5)]
