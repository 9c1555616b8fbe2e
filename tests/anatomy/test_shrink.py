import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anatomy.heads import storage_orders, stored_as, stored_back
from anatomy.test_resample import made_grid, ramp
from defacto.anatomy.shrink import shrink
from defacto.types import Grid


@given(st.tuples(*[st.integers(1, 9)] * 3), st.tuples(*[st.floats(0.3, 7.0)] * 3), st.floats(0.5, 6.0))
def test_shrinking_keeps_every_place_in_the_world(shape, voxel_mm, wanted_mm):
    grid = made_grid(shape, voxel_mm, (20, 30, -40))
    small, small_grid = shrink(ramp(grid), grid, wanted_mm)
    assert small.shape == small_grid.shape
    assert np.allclose(small, ramp(small_grid), atol=1e-3)


@given(st.tuples(*[st.floats(0.3, 7.0)] * 3), st.floats(0.5, 6.0))
def test_shrinking_never_makes_voxels_much_larger_than_asked_or_than_they_were(voxel_mm, wanted_mm):
    grid = made_grid((24, 24, 24), voxel_mm)
    _, small = shrink(np.zeros(grid.shape, np.float32), grid, wanted_mm)
    limit = np.maximum(np.array(voxel_mm), wanted_mm * 1.34)
    assert (np.array(small.voxel_size_mm) <= limit).all()


def test_shrinking_keeps_the_mean_and_leaves_coarse_volumes_alone():
    grid = made_grid((8, 8, 8), (1.0, 1.0, 1.0))
    volume = np.random.default_rng(2).normal(size=grid.shape).astype(np.float32)
    small, _ = shrink(volume, grid, 2.0)
    assert small.shape == (4, 4, 4)
    assert small.mean() == pytest.approx(volume.mean(), abs=1e-6)
    assert shrink(volume, grid, 1.0)[0] is volume


@pytest.mark.parametrize(("order", "signs"), storage_orders())
def test_the_same_blocks_in_whatever_order_a_scan_is_stored(order, signs):
    grid = made_grid((20, 23, 11), (0.75, 0.9, 1.3), (5, -8, 12))
    volume = np.random.default_rng(5).normal(size=grid.shape).astype(np.float32)
    plain, plain_grid = shrink(volume, grid, 2.6)
    stored, affine = stored_as(volume, grid.affine, order, signs)
    small, small_grid = shrink(stored, Grid(stored.shape, affine), 2.6)
    assert np.allclose(stored_back(small, order, signs), plain, atol=1e-5)
    corners = {tuple(np.round((small_grid.affine @ [*c, 1])[:3], 6)) for c in ends(small_grid)}
    assert corners == {tuple(np.round((plain_grid.affine @ [*c, 1])[:3], 6)) for c in ends(plain_grid)}


def ends(grid):
    i, j, k = (n - 1 for n in grid.shape)
    return [(a, b, c) for a in (0, i) for b in (0, j) for c in (0, k)]
