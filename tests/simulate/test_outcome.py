"""Every kind of outcome: its masks, its parameters, and what comes of it."""

import json

import numpy as np
import pytest
from heads_made_up import made_scene
from hypothesis import given, settings
from hypothesis import strategies as st

from defacto.simulate.outcome import KINDS, OutcomeParameters, draw_outcome, make_outcome, result_of
from defacto.simulate.recipe import read_recipe
from defacto.simulate.truth import find_truth
from defacto.types import Feature, Outcome

LIMITS = read_recipe("renders-24k").limits.settings()
NUDGED = {"tilt_deg": [0.0, 0.0, 0.0], "ears": True, "spare_mm": None}
FACE = [Feature.LEFT_EYE, Feature.RIGHT_EYE, Feature.NOSE, Feature.MOUTH]


def template(anterior, **more):
    return OutcomeParameters("template", NUDGED | {"nudge_mm": [0.0, anterior, 0.0]} | more)


def truth_after(parameters, scene=None):
    scene = scene or made_scene()
    return find_truth(scene, make_outcome(scene, parameters))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_parameters_are_json_and_make_the_same_again(kind):
    drawn = draw_outcome(np.random.default_rng(1), kind, Outcome.SHALLOW)
    again = OutcomeParameters(kind, json.loads(json.dumps(drawn.values)))
    one, other = make_outcome(made_scene(), drawn), make_outcome(made_scene(), again)
    assert np.array_equal(one.mask, other.mask)
    assert one.mask.shape == made_scene().grid.shape
    if one.replacement is not None:
        assert np.array_equal(one.replacement, other.replacement)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_outside_the_mask_stays_to_the_bit(kind):
    scene = made_scene()
    made = make_outcome(scene, draw_outcome(np.random.default_rng(2), kind, Outcome.PASS))
    before, after = scene.head.scan.stored, result_of(scene, made).stored
    assert np.array_equal(before[~made.mask], after[~made.mask])


@settings(max_examples=8, deadline=None)
@given(st.floats(-30, 28), st.floats(0.5, 10))
def test_the_farther_back_the_cut_the_less_is_left(anterior, by):
    front, back = truth_after(template(anterior)), truth_after(template(anterior - by))
    assert all(back.visible[feature] <= front.visible[feature] + 0.02 for feature in FACE)
    assert back.brain_lost_ml >= front.brain_lost_ml - 0.5


def test_nudges_lead_from_deep_over_pass_to_shallow():
    assert truth_after(template(-30.0)).outcome(LIMITS) == Outcome.DEEP
    assert truth_after(template(-6.0, spare_mm=3.0)).outcome(LIMITS) == Outcome.PASS
    assert truth_after(template(25.0)).outcome(LIMITS) == Outcome.SHALLOW


def test_brain_that_is_spared_is_not_lost():
    spared = truth_after(template(-30.0, spare_mm=3.0))
    assert spared.brain_lost_ml < 0.02 * truth_after(template(-30.0)).brain_lost_ml


def test_ears_that_are_kept_are_seen():
    truth = truth_after(template(-4.0, ears=False))
    assert truth.visible[Feature.LEFT_EAR] > 0.95
    assert truth.visible[Feature.RIGHT_EAR] > 0.95
    assert max(truth.visible[feature] for feature in FACE) < 0.1


def test_nothing_is_nothing():
    truth = truth_after(OutcomeParameters("nothing"))
    assert truth.removed_ml == 0
    assert truth.visible == dict.fromkeys(Feature, 1.0)
    assert truth.outcome(LIMITS) == Outcome.FAILURE


def test_upside_down_leaves_the_mouth():
    values = NUDGED | {"nudge_mm": [0.0, 0.0, 0.0], "flip": [1.0, 1.0, -1.0]}
    truth = truth_after(OutcomeParameters("blunder", values))
    assert truth.visible[Feature.MOUTH] > 0.9
    assert truth.outcome(LIMITS) == Outcome.FAILURE


@pytest.mark.parametrize("kind", ["bet", "bse"])
def test_skull_stripping_at_all_depths(kind):
    values = {"noise_mm": 1.0, "width_mm": 20.0, "seed": 3}
    at = {mm: truth_after(OutcomeParameters(kind, values | {"beyond_mm": mm})) for mm in (70.0, 5.0, -6.0)}
    assert at[70.0].face_left(LIMITS)
    assert not at[5.0].face_left(LIMITS)
    assert at[5.0].brain_lost_ml < 5
    assert at[-6.0].brain_lost_ml > 100
    assert at[-6.0].outcome(LIMITS) == Outcome.DEEP


def test_a_buffer_of_the_shear_plane_keeps_the_brain():
    values = {"angle_deg": 38.0, "turn_deg": 0.0, "ears": True}
    safe = truth_after(OutcomeParameters("shear", values | {"buffer_mm": 6.0}))
    deep = truth_after(OutcomeParameters("shear", values | {"buffer_mm": -15.0}))
    assert safe.brain_lost_ml < 0.5
    assert deep.brain_lost_ml > 10


def test_a_wide_blur_takes_the_relief_and_a_narrow_one_leaves_it():
    cut = NUDGED | {"nudge_mm": [0.0, -5.0, 0.0], "spare_mm": 3.0}
    wide = truth_after(OutcomeParameters("blur", {"width_mm": 12.0, "cut": cut}))
    narrow = truth_after(OutcomeParameters("blur", {"width_mm": 2.0, "cut": cut}))
    assert wide.visible[Feature.NOSE] < 0.2 < 0.5 < narrow.visible[Feature.NOSE]


def test_an_average_face_is_a_face_but_not_quite_the_same():
    scene = made_scene()
    cut = NUDGED | {"nudge_mm": [0.0, -5.0, 0.0], "spare_mm": 3.0}
    made = make_outcome(scene, OutcomeParameters("reface", {"cut": cut}))
    after = np.where(made.mask, made.inside, scene.head.inside) > 0.5
    assert np.count_nonzero(after) > 0.95 * np.count_nonzero(scene.tissue)
    assert find_truth(scene, made).visible[Feature.NOSE] < 1


def test_the_thicker_the_peel_the_less_is_left_until_the_face_is_gone():
    cut = NUDGED | {"nudge_mm": [0.0, -20.0, 0.0], "spare_mm": 3.0}
    values = {"uneven_mm": 0.5, "width_mm": 4.0, "seed": 1, "cut": cut}
    found = [truth_after(OutcomeParameters("peel", values | {"thick_mm": mm})) for mm in (-5.0, 3.0, 25.0)]
    assert [each.removed_ml for each in found] == sorted(each.removed_ml for each in found)
    assert found[0].removed_ml == 0
    assert all(found[0].visible[f] >= found[1].visible[f] >= found[2].visible[f] for f in FACE)
    assert found[2].outcome(LIMITS) == Outcome.PASS


LAYER = {
    "thick_mm": 5.0,
    "uneven_mm": 0.3,
    "width_mm": 4.0,
    "seed": 1,
    "wider_mm": 10.0,
    "ears_wider_mm": 9.0,
    "shift_mm": [0.0, 0.0, 0.0],
    "spare_mm": 3.0,
    "cut": NUDGED | {"nudge_mm": [0.0, 25.0, 0.0], "ears": False},
}


def test_a_layer_of_skin_takes_every_feature_and_no_brain():
    truth = truth_after(OutcomeParameters("layer", LAYER))
    assert max(truth.visible.values()) < 0.1
    assert truth.brain_lost_ml == 0
    assert truth.removed_ml < 0.5 * truth_after(template(-6.0, spare_mm=3.0)).removed_ml


@pytest.mark.parametrize(
    "values", [{"thick_mm": 1.0}, {"wider_mm": -12.0}, {"ears_wider_mm": None}, {"shift_mm": [20.0, 0, 20.0]}]
)
def test_a_layer_too_thin_too_narrow_beside_its_place_or_without_ears_is_shallow(values):
    assert truth_after(OutcomeParameters("layer", LAYER | values)).outcome(LIMITS) == Outcome.SHALLOW
