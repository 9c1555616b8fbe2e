"""The truth against heads of which it is known by hand."""

from itertools import permutations, product

import numpy as np
import pytest
from heads_made_up import ball_scene, feature_mask, made_scene
from hypothesis import given, settings
from hypothesis import strategies as st

from defacto.config import DefaceSettings, QcSettings, Settings
from defacto.qc.shares import share_left
from defacto.simulate.made import Made
from defacto.simulate.truth import find_truth
from defacto.types import Feature, Outcome

SCENE = ball_scene()
VOXEL_ML = 0.008
LIMITS = Settings()
NO_EARS = Settings(deface=DefaceSettings(ears=False))


def nothing(scene=SCENE):
    return np.zeros(scene.grid.shape, bool)


def truth_of(mask, scene=SCENE):
    return find_truth(scene, Made(mask))


def test_a_mask_that_takes_ten_ml_of_brain_takes_ten_ml():
    mask = nothing()
    mask.ravel()[SCENE.brain_points[:1250]] = True
    truth = truth_of(mask)
    assert truth.brain_lost_ml == pytest.approx(10.0)
    assert truth.brain_lost_percent == pytest.approx(100 * 1250 / SCENE.brain_points.size)
    assert truth.removed_ml == pytest.approx(10.0)


def test_skull_taken_is_no_brain_lost():
    mask = SCENE.tissue & ~SCENE.brain
    assert truth_of(mask).brain_lost_ml == 0


@pytest.mark.parametrize("left", list(Feature))
def test_a_mask_that_leaves_one_feature_leaves_exactly_that(left):
    truth = truth_of(feature_mask(SCENE, set(Feature) - {left}))
    assert truth.visible[left] == 1
    assert max(share for feature, share in truth.visible.items() if feature != left) < 0.2
    half = Settings(qc=QcSettings(max_feature_left=0.2))
    assert truth.outcome(half) == Outcome.SHALLOW
    assert truth.face_left(half)
    assert not truth.brain_lost(half)


def test_of_a_made_head_one_eye_can_be_left():
    scene = made_scene()
    truth = truth_of(feature_mask(scene, set(Feature) - {Feature.LEFT_EYE}), scene)
    assert truth.visible[Feature.LEFT_EYE] > 0.9
    assert max(share for feature, share in truth.visible.items() if feature != Feature.LEFT_EYE) < 0.1


def test_skin_peeled_off_by_less_than_two_millimetres_is_still_seen():
    """Its relief is there all the same."""
    peel = (SCENE.head.surface_mm > -1.5) & SCENE.tissue
    assert truth_of(peel).visible[Feature.NOSE] > 0.9
    deeper = (SCENE.head.surface_mm > -5) & SCENE.tissue
    assert truth_of(deeper).visible[Feature.NOSE] == 0


def test_nothing_done_is_a_failure_and_all_taken_is_deep():
    intact, gone = truth_of(nothing()), truth_of(~nothing())
    assert intact.outcome(LIMITS) == Outcome.FAILURE
    assert intact.least_visible == 1
    assert gone.outcome(LIMITS) == Outcome.DEEP
    assert gone.brain_lost_percent == 100


def test_skin_hidden_behind_new_tissue_is_not_seen():
    mask = SCENE.head.features > 0
    covered = Made(mask, inside=np.ones(SCENE.grid.shape, np.float32))
    same = Made(mask, inside=SCENE.head.inside)
    assert max(find_truth(SCENE, covered).visible.values()) < 0.2
    assert find_truth(SCENE, same).visible == dict.fromkeys(Feature, 1.0)


def test_skin_without_relief_is_not_seen():
    mask = SCENE.head.features > 0
    flat = Made(mask, inside=SCENE.head.inside, flattened=mask)
    assert find_truth(SCENE, flat).visible == dict.fromkeys(Feature, 0.0)


@pytest.mark.parametrize("ear", [Feature.LEFT_EAR, Feature.RIGHT_EAR])
def test_ears_count_only_where_the_settings_say_so(ear):
    face = feature_mask(SCENE, set(Feature) - {ear}) & (SCENE.head.surface_mm > -8) & ~SCENE.brain
    lenient = QcSettings(max_feature_left=0.2)
    truth = truth_of(face)
    assert truth.outcome(Settings(qc=lenient)) == Outcome.SHALLOW
    assert truth.outcome(Settings(qc=lenient, deface=NO_EARS.deface)) == Outcome.PASS


boxes = st.tuples(*[st.tuples(st.integers(0, 59), st.integers(1, 40)) for _ in range(3)])


def box_mask(boxes_drawn):
    mask = nothing()
    for box in boxes_drawn:
        mask[tuple(slice(start, start + size) for start, size in box)] = True
    return mask


@settings(max_examples=25, deadline=None)
@given(st.lists(boxes, max_size=3), boxes)
def test_more_removed_never_means_more_left(drawn, another):
    less, more = truth_of(box_mask(drawn)), truth_of(box_mask([*drawn, another]))
    assert all(more.visible[feature] <= less.visible[feature] for feature in Feature)
    for name in ("brain_lost_ml", "brain_lost_percent", "removed_ml", "elsewhere_ml"):
        assert getattr(more, name) >= getattr(less, name)
    assert more.least_visible <= less.least_visible


@settings(max_examples=12, deadline=None)
@given(
    st.lists(boxes, min_size=1, max_size=2),
    st.sampled_from(list(permutations(range(3)))),
    st.sampled_from(list(product((1, -1), repeat=3))),
)
def test_storage_order_changes_nothing(drawn, order, signs):
    from heads_made_up import stored_as

    mask = box_mask(drawn)
    turned, _ = stored_as(mask, np.eye(4), order, signs)
    one, other = truth_of(mask), truth_of(np.ascontiguousarray(turned), ball_scene(order, signs))
    assert one.visible == pytest.approx(other.visible)
    for name in ("brain_lost_ml", "removed_ml", "elsewhere_ml", "least_visible"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=0.05), name


@given(st.integers(0, 500), st.integers(0, 500), st.floats(0, 2000), st.floats(0.5, 10))
def test_a_share_lies_between_none_and_all(left, more, expected, area_mm2):
    share = share_left(left + more, left, area_mm2, expected=expected)
    assert 0 <= share <= 1


def test_a_scrap_is_no_feature():
    assert share_left(30, 30, 4.0) == 0
    assert share_left(40, 40, 4.0) == 1
    assert share_left(40, 40, 4.0, expected=400) == 0.2


def test_what_is_out_of_view_is_not_seen():
    scene = ball_scene()
    scene.head.features[scene.head.features == Feature.MOUTH.label] = 0
    truth = truth_of(nothing(scene), scene)
    assert truth.visible[Feature.MOUTH] == 0
    assert Feature.MOUTH not in truth.in_view
    assert truth.outcome(LIMITS) == Outcome.FAILURE
