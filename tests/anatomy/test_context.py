import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy.heads import known_context, motion, moved_scan, seen_template, stored_as, template_scan
from defacto.anatomy import load_template, locate
from defacto.anatomy.network import Segmentation
from defacto.anatomy.registration import distance_mm
from defacto.config import AnatomySettings
from defacto.errors import RegistrationError
from defacto.io.arrays import scan_from_arrays
from defacto.types import Grid

MOVED = motion((30, 0, 0), 1.04, (15, -30, 40))


@pytest.fixture(scope="module")
def located():
    return locate(moved_scan(MOVED), AnatomySettings())


def test_head_turned_by_30_degrees_is_located(located):
    limits = AnatomySettings()
    assert distance_mm(located.registration.to_template, np.linalg.inv(MOVED)) < 5
    assert located.registration.agreement_mm <= limits.agreement_mm
    assert located.registration.score > limits.min_score


def test_brain_is_that_of_the_template_carried_over(located):
    expected = known_context(located.grid, np.linalg.inv(MOVED)).brain
    assert np.count_nonzero(expected & ~located.brain) < 0.03 * expected.sum()
    assert 0.9 * expected.sum() < located.brain.sum() < 1.5 * expected.sum()
    assert np.count_nonzero(located.check_brain & expected) > 0.9 * expected.sum()


@pytest.mark.slow
def test_storage_order_and_contrast_find_the_same_place(located):
    scan = moved_scan(MOVED)
    volume, affine = stored_as(-scan.volume, scan.grid.affine, (2, 0, 1), (-1, 1, -1))
    other = locate(scan_from_arrays(volume, affine), AnatomySettings())
    assert distance_mm(other.registration.to_template, np.linalg.inv(MOVED)) < 6


@pytest.mark.slow
def test_bias_correction_leaves_the_place_alone():
    scan = moved_scan(MOVED)
    shade = np.linspace(0.5, 1.5, scan.grid.shape[1], dtype=np.float32)[None, :, None]
    shaded = scan_from_arrays(scan.volume * shade, scan.grid.affine)
    found = locate(shaded, AnatomySettings(), bias_correction=True)
    assert distance_mm(found.registration.to_template, np.linalg.inv(MOVED)) < 6


@pytest.mark.slow
def test_air_is_not_located():
    scan = scan_from_arrays(np.zeros((30, 30, 30), np.int16), np.diag([5.0, 5.0, 5.0, 1.0]))
    with pytest.raises(RegistrationError):
        locate(scan, AnatomySettings())


def test_fields_go_to_the_scan_and_back():
    template = load_template()
    matrix = motion((20, -10, 5), 1.1, (7, -8, 9))
    context = known_context(moved_scan(matrix).grid, np.linalg.inv(matrix))
    assert np.allclose(context.to_scan(template.skin_mm), template.skin_mm, atol=0.02)
    assert np.allclose(context.to_template(template.head), template.head, atol=0.5, equal_nan=True)


def test_outside_the_field_of_view_nothing_is_known():
    scan = template_scan()
    context = known_context(Grid((40, 40, 40), scan.grid.affine))
    carried = context.to_template(np.ones((40, 40, 40), np.float32))
    assert np.isfinite(carried[:40, :40, :40]).all()
    assert np.isnan(carried[41:]).all()


@settings(max_examples=30)
@given(st.tuples(*[st.floats(-60, 60)] * 3), st.floats(0.7, 1.4), st.tuples(*[st.floats(-10, 10)] * 3))
def test_shift_is_along_the_head_and_in_mm_of_the_scan(turns, scale, shift):
    matrix = motion(turns, scale, (5, 6, 7))
    context = known_context(template_scan().grid, np.linalg.inv(matrix))
    in_template = context.shift_in_template(shift)
    assert np.allclose(in_template, np.array(shift) / scale, atol=1e-9)
    assert np.linalg.norm(matrix[:3, :3] @ in_template) == pytest.approx(np.linalg.norm(shift))


def test_a_head_that_the_network_finds_upside_down_is_registered_and_drawn_upright():
    over = motion((180.0, 0.0, 0.0), 1.0, (5.0, 12.0, -20.0))
    scan = moved_scan(over)
    found = locate(scan, AnatomySettings(), seen=seen_template(over, turn=over[:3, :3].T))
    assert distance_mm(found.registration.to_template, np.linalg.inv(over)) < 5
    assert found.registration.rung == 0
    assert found.turned_deg < 5
    upright = found.upright.affine @ np.linalg.inv(load_template().grid.affine)
    assert np.allclose(upright[:3, :3], np.eye(3), atol=1e-6)


def test_brain_that_the_network_sees_is_protected_too():
    scan, seen = template_scan(), seen_template()
    shifted = seen.labels.copy()
    shifted[:, 4:] = np.where(seen.tissue[:, :-4], seen.labels[:, :-4], shifted[:, 4:])
    found = locate(scan, AnatomySettings(), seen=Segmentation(seen.grid, shifted, seen.brain, seen.pose))
    beyond = found.seen_brain & ~known_context(scan.grid).brain
    assert beyond.sum() > 1000
    assert (found.brain & beyond).sum() > 0.97 * beyond.sum()


def test_what_a_registration_calls_brain_at_the_skin_is_none():
    scan, back = template_scan(), motion(shift_mm=(0.0, -16.0, 0.0))
    known = known_context(scan.grid, np.eye(4), back, seen=seen_template(), scan=scan)
    astray = known.to_scan(load_template().p_brain, back) > 0.5
    at_skin = known.no_brain & astray
    assert at_skin.sum() > 100
    assert not (known.check_brain & at_skin).any()
    assert (known.check_brain == (astray & ~at_skin)).all()
    assert not (known.spared & at_skin & ~known.seen_brain).any()


def test_brain_at_the_skin_is_believed_where_no_network_sees_the_head():
    scan, back = template_scan(), motion(shift_mm=(0.0, -16.0, 0.0))
    known = known_context(scan.grid, np.eye(4), back, scan=scan)
    assert (known.check_brain == (known.to_scan(load_template().p_brain, back) > 0.5)).all()
