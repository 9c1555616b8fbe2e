import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy.heads import motion, storage_orders, stored_as, template_scan
from defacto.anatomy.score import Target, similarity
from defacto.types import Grid


@pytest.fixture(scope="module")
def target():
    scan = template_scan()
    return Target.of(scan.volume, scan.grid)


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[st.floats(-60, 60)] * 3), st.floats(0.8, 1.25), st.tuples(*[st.floats(-60, 60)] * 3))
def test_nothing_is_more_like_the_template_than_itself(target, turns, scale, shift):
    assert similarity(target, motion(turns, scale, shift)) <= similarity(target, np.eye(4))


@pytest.mark.parametrize("axis", range(3))
def test_the_further_the_less_alike(target, axis):
    found = [similarity(target, motion(shift_mm=by * np.eye(3)[axis])) for by in (0, 4, 8, 16, 32)]
    assert found == sorted(found, reverse=True)


def test_other_contrasts_of_the_same_head_stay_alike(target):
    scan = template_scan()
    for volume in (3 * scan.volume + 50, -scan.volume, np.sqrt(scan.volume)):
        other = Target.of(volume.astype(np.float32), scan.grid)
        assert similarity(other, np.eye(4)) > similarity(other, motion(shift_mm=(0, 12, 0))) > 1


def test_what_is_out_of_view_costs(target):
    scan = template_scan()
    half = np.ascontiguousarray(scan.volume[:, :, : scan.volume.shape[2] // 2])
    cropped = Target.of(half, Grid(half.shape, scan.grid.affine))
    assert 1 < similarity(cropped, np.eye(4)) < similarity(target, np.eye(4))


def test_out_of_sight_is_unrelated(target):
    assert similarity(target, motion(shift_mm=(1000, 0, 0))) == 1.0


def test_nothing_to_compare_is_unrelated():
    scan = template_scan()
    assert similarity(Target.of(np.zeros(scan.grid.shape, np.float32), scan.grid), np.eye(4)) == 1.0


@pytest.mark.parametrize(("order", "signs"), storage_orders()[::7])
def test_storage_order_changes_nothing(target, order, signs):
    scan = template_scan()
    volume, affine = stored_as(scan.volume, scan.grid.affine, order, signs)
    other = Target.of(volume, Grid(volume.shape, affine))
    matrix = motion((3, -5, 4), 1.05, (2, 3, -4))
    assert similarity(other, matrix) == pytest.approx(similarity(target, matrix), abs=1e-5)
