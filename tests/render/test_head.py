import numpy as np
import pytest

from defacto.errors import StepError
from defacto.render.head import find_head, find_place, to_ras
from defacto.types import Grid

from .made_head import add_noise, make_head, ras_grid, reorder, stored_orders

GRID = ras_grid((2.0, 2.0, 2.0))
VOLUME = make_head(GRID)


@pytest.mark.parametrize(("voxel_mm", "every"), [((4.0, 4.0, 4.0), 1), ((2.0, 2.0, 2.0), 7)])
def test_storage_order_does_not_matter(voxel_mm, every):
    grid = ras_grid(voxel_mm)
    volume = make_head(grid)
    plain = find_head(volume, grid)
    for order, signs in stored_orders()[::every]:
        head = find_head(*reorder(volume, grid, order, signs))
        assert np.array_equal(head.levels, plain.levels)
        assert head.affine == pytest.approx(plain.affine, abs=1e-9)
        assert head.top_mm == pytest.approx(plain.top_mm, abs=1e-6)


@pytest.mark.parametrize("tilt_deg", [0.0, 12.0, 40.0])
def test_to_ras_keeps_every_voxel_where_it_is(tilt_deg):
    c, s = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    affine = np.array([[0, 0, 2.0, 5], [-3 * c, s, 0, 7], [3 * s, c, 0, -2], [0, 0, 0, 1]])
    volume = np.random.default_rng(0).random((4, 5, 6)).astype(np.float32)
    view, turned = to_ras(volume, affine)
    value = volume[1, 3, 4]
    place = affine @ [1, 3, 4, 1]
    index = np.argwhere(view == value)[0]
    assert turned @ [*index, 1] == pytest.approx(place)
    assert (np.diag(turned)[:3] > 0).all()


def test_the_place_of_the_head():
    head = find_head(VOLUME, GRID)
    assert head.top_mm == pytest.approx([0, 0, 97], abs=3)
    assert head.front_mm == pytest.approx(92, abs=3)
    top_mm, front_mm = find_place(VOLUME, GRID)
    assert (*top_mm, front_mm) == (*head.top_mm, head.front_mm)


def test_the_place_moves_with_the_head():
    moved = GRID.affine.copy()
    moved[:3, 3] += [13.0, -40.0, 55.0]
    here, there = find_head(VOLUME, GRID), find_head(VOLUME, Grid(GRID.shape, moved))
    assert there.top_mm - here.top_mm == pytest.approx([13, -40, 55], abs=1e-6)


def test_taking_the_face_away_hardly_moves_the_place():
    without = VOLUME.copy()
    without[:, 85:, :58] = 0
    assert find_head(without, GRID).top_mm == pytest.approx(find_head(VOLUME, GRID).top_mm, abs=1.0)


def test_shoulders_do_not_move_the_place_and_are_not_shown():
    grid = ras_grid((3.0, 3.0, 3.0), (300.0, 250.0, 420.0), (0.0, 0.0, -90.0))
    bare = make_head(grid)
    z = grid.affine[2, 3] + 3.0 * np.arange(grid.shape[2])
    with_body = bare.copy()
    with_body[:, 20:60, z < -80] = 250
    head = find_head(with_body, grid)
    assert head.top_mm == pytest.approx(find_head(bare, grid).top_mm, abs=0.5)
    height = head.affine[2, 3] + head.affine[2, 2] * np.arange(head.levels.shape[2])
    assert (head.levels[:, :, height < head.top_mm[2] - 251] < 0).all()


def test_noise_does_not_float_around_the_head():
    head = find_head(add_noise(VOLUME, 20.0), GRID)
    inside = np.argwhere(head.levels >= 0) @ head.affine[:3, :3].T + head.affine[:3, 3]
    assert np.abs(inside[:, 0]).max() < 90
    assert np.abs(inside[:, 1]).max() < 120
    assert inside[:, 2].max() < 104


def test_a_piece_that_is_cut_off_but_large_is_kept():
    volume = VOLUME.copy()
    grid_y = GRID.affine[1, 3] + 2.0 * np.arange(GRID.shape[1])
    volume[:, (grid_y > 80) & (grid_y < 96)] = 0
    head = find_head(volume, GRID)
    j = np.argwhere(head.levels >= 0)[:, 1].max()
    assert head.affine[1, 3] + head.affine[1, 1] * j > 105


def test_nothing_but_noise_is_no_head():
    noise = add_noise(np.zeros((48, 48, 48), dtype=np.float32), 10.0)
    with pytest.raises(StepError, match="nothing but noise"):
        find_head(noise, ras_grid((4.0, 4.0, 4.0), (192.0, 192.0, 192.0)))


def test_air_only_is_no_head():
    with pytest.raises(StepError, match="same intensity"):
        find_head(np.zeros(GRID.shape, dtype=np.float32), GRID)
