import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anatomy.heads import motion, storage_orders, stored_as
from defacto.anatomy.resample import carry, straight_grid
from defacto.types import Grid

SLOPES = np.array([0.7, -1.3, 2.1, 5.0])
turns = st.tuples(*[st.floats(-90, 90)] * 3)
shifts = st.tuples(*[st.floats(-8, 8)] * 3)
scales = st.floats(0.6, 1.6)


def world(grid):
    index = np.indices(grid.shape).reshape(3, -1)
    return grid.affine[:3, :3] @ index + grid.affine[:3, 3:]


def ramp(grid, matrix=None):
    """A volume that is linear in the world, or in the world that the matrix leads to."""
    points = np.vstack([world(grid), np.ones(np.prod(grid.shape))])
    return (SLOPES @ (points if matrix is None else matrix @ points)).reshape(grid.shape).astype(np.float32)


def made_grid(shape=(9, 11, 8), voxel_mm=(2.0, 1.5, 3.0), turn=(0.0, 0.0, 0.0)):
    affine = motion(turn) @ np.diag([*voxel_mm, 1.0])
    affine[:3, 3] -= affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid(shape, affine)


def inside(target, source, target_to_source, margin=0.0):
    index = (source.to_voxel @ target_to_source @ target.affine) @ np.vstack(
        [np.indices(target.shape).reshape(3, -1), np.ones(np.prod(target.shape))]
    )
    last = np.array(source.shape)[:, None] - 1
    return ((index[:3] >= margin) & (index[:3] <= last - margin)).all(axis=0).reshape(target.shape)


def test_onto_its_own_grid_nothing_changes():
    grid = made_grid(turn=(10, 20, 30))
    volume = np.random.default_rng(0).normal(size=grid.shape).astype(np.float32)
    assert np.allclose(carry(volume, grid, grid, np.eye(4)), volume, atol=1e-4)


@given(turns, scales, shifts)
def test_what_is_linear_in_the_world_stays_so_to_the_bit_of_a_float(turn, scale, shift):
    source, target = made_grid(), made_grid((7, 6, 9), (1.4, 2.2, 1.1), (15, -40, 70))
    matrix = motion(turn, scale, shift)
    carried = carry(ramp(source), source, target, matrix, fill=float("nan"))
    within = inside(target, source, matrix, 1e-4)
    assert np.allclose(carried[within], ramp(target, matrix)[within], atol=2e-3)


@given(turns, scales, shifts)
def test_fill_stands_outside_the_field_of_view_and_nowhere_else(turn, scale, shift):
    source, target = made_grid(), made_grid((9, 9, 9), (4.0, 4.0, 4.0))
    matrix = motion(turn, scale, shift)
    filled = carry(np.ones(source.shape, np.float32), source, target, matrix, fill=float("nan"))
    assert np.isfinite(filled[inside(target, source, matrix, 0.0)]).all()
    assert np.isnan(filled[~inside(target, source, matrix, -0.501)]).all()


def test_without_a_fill_the_border_goes_on():
    grid = made_grid((3, 3, 3), (1.0, 1.0, 1.0))
    far = motion(shift_mm=(500.0, 0.0, 0.0))
    volume = np.arange(27, dtype=np.float32).reshape(3, 3, 3)
    assert np.array_equal(carry(volume, grid, grid, far, fill=None), np.repeat(volume[2:], 3, axis=0))
    assert (carry(volume, grid, grid, far, fill=-7) == -7).all()


@pytest.mark.parametrize(("order", "signs"), storage_orders())
def test_storage_order_of_the_source_changes_nothing(order, signs):
    source, target = made_grid(), made_grid((7, 6, 9), (2.4, 2.2, 2.1), (15, -40, 70))
    volume = np.random.default_rng(1).normal(size=source.shape).astype(np.float32)
    other, affine = stored_as(volume, source.affine, order, signs)
    one = carry(volume, source, target, np.eye(4), fill=0.0)
    same = carry(other, Grid(other.shape, affine), target, np.eye(4), fill=0.0)
    assert np.allclose(one, same, atol=1e-4)


def test_source_is_not_changed_and_may_be_of_any_dtype_and_order():
    grid = made_grid()
    volume = np.asfortranarray(np.arange(np.prod(grid.shape), dtype=">i2").reshape(grid.shape))
    before = volume.copy()
    assert np.array_equal(carry(volume, grid, grid, np.eye(4)), before)
    assert np.array_equal(volume, before)


@given(turns, st.tuples(*[st.integers(1, 12)] * 3), st.floats(1.0, 6.0))
def test_straight_grid_is_straight_and_covers_every_voxel(turn, shape, voxel_mm):
    grid = made_grid(shape, (0.7, 3.0, 1.2), turn)
    straight = straight_grid(grid, voxel_mm)
    assert np.array_equal(straight.affine[:3, :3], np.eye(3) * voxel_mm)
    index = straight.to_voxel[:3, :3] @ world(grid) + straight.to_voxel[:3, 3:]
    assert (index > -0.5).all()
    assert (index < np.array(straight.shape)[:, None] - 0.5).all()
