"""Verdicts against a head whose truth is known."""

import numpy as np
import pytest

from defacto.config import Settings
from defacto.deface import apply
from defacto.studies.judge import BRAIN_DAMAGED, FACE_LEFT, SUCCESS, UNSURE, judge, judge_by_truth, true_moved
from defacto.types import Decision, Feature, Measure, Outcome, Reason, Removal
from simulate.heads_made_up import ball_scene

SETTINGS = Settings()


@pytest.fixture(scope="module")
def scene():
    return ball_scene()


def judged(scene, mask, replacement=None):
    scan = scene.head.scan
    removal = Removal(mask, "made", "1", {}, replacement)
    return judge_by_truth(scene, scan, apply(scan, removal), removal, SETTINGS)


def shell(scene, deeper_mm):
    """Return all tissue in front that lies less deep than this, and the air before it."""
    front = np.zeros(scene.grid.shape, bool)
    front[:, 20:] = True
    return front & (scene.head.surface_mm > -deeper_mm)


def test_a_face_that_is_gone_with_the_brain_whole_is_a_success(scene):
    found = judged(scene, shell(scene, 7.0))
    assert (found.verdict, found.outcome, found.brain_lost_ml, found.left) == (SUCCESS, "pass", 0.0, ())
    assert 0 < found.removed_percent < 60


def test_nothing_removed_leaves_all_features(scene):
    found = judged(scene, np.zeros(scene.grid.shape, bool))
    assert found.verdict == FACE_LEFT
    assert set(found.left) == {feature.value for feature in Feature}
    assert found.removed_percent == 0.0


def test_brain_that_is_gone_outweighs_a_face_that_is_left(scene):
    mask = scene.brain.copy()
    found = judged(scene, mask)
    assert found.verdict == BRAIN_DAMAGED
    assert found.brain_lost_ml == pytest.approx(scene.brain.sum() * scene.grid.voxel_ml)


def test_of_a_replaced_face_the_change_of_shape_counts(scene):
    mask = shell(scene, 7.0)
    same = judged(scene, mask, scene.head.scan.volume)
    assert same.verdict == FACE_LEFT
    bumps = np.sin(np.arange(60) / 2.0)[:, None, None] * np.cos(np.arange(60) / 2.0)[None, None, :] * 6
    other = np.clip(0.5 - (scene.head.surface_mm + bumps) / 2, 0, 1).astype(np.float32) * 300
    assert judged(scene, mask, other).verdict == SUCCESS


def test_what_did_not_change_has_not_moved(scene):
    scan = scene.head.scan
    moved = true_moved(scene, scan, scan)
    assert {value for value in moved.values() if value is not None} == {0.0}


@pytest.mark.parametrize(
    ("outcome", "sure", "lost", "verdict"),
    [
        (Outcome.PASS, True, 0.0, SUCCESS),
        (Outcome.PASS, False, 0.0, UNSURE),
        (None, False, 0.0, UNSURE),
        (Outcome.SHALLOW, True, 0.0, FACE_LEFT),
        (Outcome.DEEP, True, 1.0, BRAIN_DAMAGED),
        (Outcome.FAILURE, True, 1.0, BRAIN_DAMAGED),
        (Outcome.FAILURE, True, 0.0, FACE_LEFT),
    ],
)
def test_a_decision_means_a_verdict(outcome, sure, lost, verdict):
    measures = {"brain_lost_ml": Measure("brain_lost_ml", lost, "ml")}
    assert judge(measures, Decision(outcome, (Reason("x"),), sure), SETTINGS).verdict == verdict
