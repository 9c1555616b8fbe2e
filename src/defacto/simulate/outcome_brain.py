"""Outcomes of skull-stripping, from "the face is still there" to "brain is being lost"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from defacto.simulate.cuts import add_above, boxed
from defacto.simulate.made import Made, Values
from defacto.simulate.scene import Scene
from defacto.simulate.warp import STEP_MM, smooth_noise
from defacto.types import Outcome

_LEVELS = {
    Outcome.FAILURE: ((26.0, 80.0), (-7.0, 24.0)),
    Outcome.SHALLOW: ((9.0, 60.0),),
    Outcome.PASS: ((1.0, 9.0),),
    Outcome.DEEP: ((-8.0, 0.0),),
}
"""How far beyond the brain is kept, mm, where an outcome is wanted; negative: into the brain."""


def draw_bet(rng: np.random.Generator, wanted: Outcome) -> Values:
    """Draw a smooth mask, as BET gives: a surface that is inflated within the head."""
    return _draw(rng, wanted, noise_mm=(0.4, 2.0), width_mm=(18.0, 40.0))


def draw_bse(rng: np.random.Generator, wanted: Outcome) -> Values:
    """Draw a rough mask, as BSE gives: edges followed here, overrun there."""
    return _draw(rng, wanted, noise_mm=(1.0, 3.5), width_mm=(7.0, 14.0))


def _draw(
    rng: np.random.Generator, wanted: Outcome, noise_mm: tuple[float, float], width_mm: tuple[float, float]
) -> Values:
    levels = _LEVELS[wanted]
    return {
        "beyond_mm": float(rng.uniform(*levels[int(rng.integers(len(levels)))])),
        "noise_mm": float(rng.uniform(*noise_mm)),
        "width_mm": float(rng.uniform(*width_mm)),
        "seed": int(rng.integers(2**31)),
    }


def make_strip(scene: Scene, values: Mapping[str, Any]) -> Made:
    """Keep what lies within a distance of the brain that varies smoothly from place to place."""
    field = scene.brain_field
    rng = np.random.default_rng(values["seed"])
    step_mm = float(np.mean(field.grid.voxel_size_mm))
    noise = smooth_noise(rng, field.grid.shape, max(values["width_mm"] * STEP_MM / step_mm, 4.0))
    rough = boxed(field.values + np.float32(values["noise_mm"]) * noise, field.grid, -1e6)
    kept = np.zeros(scene.grid.shape, dtype=bool)
    add_above(kept, rough, scene.grid.affine, -values["beyond_mm"])
    return Made(~kept)
