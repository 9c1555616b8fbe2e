import numpy as np
import pytest

from anatomy.heads import EYES_MM, known_context, motion, moved_scan, seen_template
from defacto.anatomy import load_template
from defacto.anatomy.morphology import distance_mm
from defacto.config import DefaceSettings
from defacto.deface import METHODS
from defacto.errors import StepError
from defacto.types import Feature

MOVED = motion((10, -5, 8), 1.05, (4, -6, 9))
METHOD = METHODS["features"]


@pytest.fixture(scope="module")
def made():
    scan = moved_scan(MOVED)
    return scan, known_context(scan.grid, np.linalg.inv(MOVED), seen=seen_template(MOVED))


def removed(made, **parameters):
    return METHOD.removal(*made, DefaceSettings(**parameters)).mask


def test_eyes_nose_mouth_and_ears_go(made):
    mask, template = removed(made), load_template()
    skin = np.abs(template.skin_mm) < 1.5
    for feature in Feature:
        here = skin & (template.features == feature.label)
        assert (mask & here).sum() > 0.5 * here.sum(), feature
    for place in EYES_MM:
        i, j, k = np.rint((template.grid.to_voxel @ [*place, 1.0])[:3]).astype(int)
        assert mask[i, j, k]


def test_brain_and_what_is_deep_stay(made):
    mask = removed(made, brain_margin_mm=4.0, feature_depth_mm=10.0)
    assert not (mask & (distance_mm(made[1].brain, made[0].grid.voxel_size_mm) < 1.0)).any()
    assert not (mask & (load_template().skin_mm < -14)).any()


def test_ears_stay_where_they_are_not_asked_for(made):
    template = load_template()
    ears = np.isin(template.features, [Feature.LEFT_EAR.label, Feature.RIGHT_EAR.label])
    assert (removed(made) & ears).sum() > 5 * (removed(made, ears=False) & ears).sum()


def test_nudge_to_the_back_never_gives_anything_back(made):
    assert not (removed(made) & ~removed(made, nudge_mm=(0.0, -5.0, 0.0))).any()


def test_without_a_face_there_is_nothing_to_go_by(made):
    scan, context = made
    with pytest.raises(StepError, match="no eye, nose"):
        METHOD.removal(scan, known_context(scan.grid, context.registration.to_template), DefaceSettings())
