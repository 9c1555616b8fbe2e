"""An outcome: every way in which a de-identification ends, drawn and then made on a head."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from defacto.deface import apply
from defacto.simulate import outcome_brain, outcome_cuts, outcome_skin
from defacto.simulate.made import Made, Values
from defacto.simulate.scene import Scene
from defacto.types import Outcome, Removal, Scan


@dataclass(frozen=True)
class Kind:
    """A way to end.

    Parameters
    ----------
    draw : callable
        ``(rng, wanted)`` to parameters from which the wanted outcome is likely; JSON values only.
    make : callable
        ``(scene, values)`` to what is removed; the same values give the same bytes.
    """

    draw: Callable[[np.random.Generator, Outcome], Values]
    make: Callable[[Scene, Mapping[str, Any]], Made]


KINDS: Mapping[str, Kind] = {
    "template": Kind(outcome_cuts.draw_template, outcome_cuts.make_template),
    "again": Kind(outcome_cuts.draw_again, outcome_cuts.make_again),
    "part": Kind(outcome_cuts.draw_part, outcome_cuts.make_part),
    "blunder": Kind(outcome_cuts.draw_blunder, outcome_cuts.make_template),
    "shear": Kind(outcome_cuts.draw_shear, outcome_cuts.make_shear),
    "box": Kind(outcome_cuts.draw_box, outcome_cuts.make_box),
    "nothing": Kind(outcome_cuts.draw_nothing, outcome_cuts.make_nothing),
    "bet": Kind(outcome_brain.draw_bet, outcome_brain.make_strip),
    "bse": Kind(outcome_brain.draw_bse, outcome_brain.make_strip),
    "blur": Kind(outcome_skin.draw_blur, outcome_skin.make_blur),
    "peel": Kind(outcome_skin.draw_peel, outcome_skin.make_peel),
    "layer": Kind(outcome_skin.draw_layer, outcome_skin.make_layer),
    "reface": Kind(outcome_skin.draw_reface, outcome_skin.make_reface),
}
"""Every kind by its name in recipes."""


@dataclass(frozen=True)
class OutcomeParameters:
    """All that makes an outcome; JSON values only.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    values : mapping
        What its ``draw`` gave.
    """

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)


def draw_outcome(rng: np.random.Generator, kind: str, wanted: Outcome) -> OutcomeParameters:
    """Draw the parameters of an outcome.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    kind : str
        One of `KINDS`.
    wanted : Outcome
        What is likely to come of it; what does come of it, `defacto.simulate.truth` tells.
    """
    return OutcomeParameters(kind, KINDS[kind].draw(rng, wanted))


def make_outcome(scene: Scene, parameters: OutcomeParameters) -> Made:
    """Say what is removed from a head, and what is put in its place.

    Parameters
    ----------
    scene : Scene
        The made head.
    parameters : OutcomeParameters
        As drawn.
    """
    return KINDS[parameters.kind].make(scene, parameters.values)


def result_of(scene: Scene, made: Made) -> Scan:
    """Return the scan after an outcome."""
    return apply(scene.head.scan, Removal(made.mask, "made", "1", {}, made.replacement))
