import numpy as np
import pytest

from defacto.errors import StepError
from defacto.render import surface_views
from defacto.render.surface import BACKGROUND

from .made_head import make_head, ras_grid, reorder, stored_orders

GRID = ras_grid()
VOLUME = make_head(GRID)


def test_three_pictures_on_a_coloured_ground():
    views = surface_views(VOLUME, GRID, size=120)
    assert list(views) == ["left", "right", "front"]
    for picture in views.values():
        assert picture.shape == (120, 120, 3)
        assert picture.dtype == np.uint8
        assert tuple(picture[0, 0]) == BACKGROUND
        assert 0.2 < (picture != BACKGROUND).any(axis=2).mean() < 0.8


def test_default_size():
    assert surface_views(VOLUME, GRID)["front"].shape == (300, 300, 3)


def test_same_input_same_picture():
    first, second = (surface_views(VOLUME.copy(), GRID, size=90) for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("nth", range(0, 48, 5))
def test_same_picture_from_any_storage_order(nth):
    views = surface_views(VOLUME, GRID, size=90)
    turned = surface_views(*reorder(VOLUME, GRID, *stored_orders()[nth]), size=90)
    for name, picture in views.items():
        assert (np.abs(picture.astype(int) - turned[name]) > 3).mean() < 0.001


@pytest.mark.parametrize(("scale", "shift"), [(0.001, 0), (7.0, 0), (1.0, -1000), (12.0, 500)])
def test_same_picture_for_any_scaling(scale, shift):
    views = surface_views(VOLUME, GRID, size=90)
    scaled = surface_views((VOLUME * scale + shift).astype(np.float32), GRID, size=90)
    for name, picture in views.items():
        assert np.abs(picture.astype(int) - scaled[name]).mean() < 1.0


def test_left_and_right_mirror_each_other_for_a_symmetric_head():
    views = surface_views(VOLUME, GRID, size=120)
    silhouettes = [(views[name] != BACKGROUND).any(axis=2) for name in ("left", "right")]
    assert (silhouettes[0] != silhouettes[1][:, ::-1]).mean() < 0.01


def test_a_face_taken_away_is_seen_to_be_gone():
    y = GRID.affine[1, 3] + 2.0 * np.arange(GRID.shape[1])
    without = VOLUME.copy()
    without[:, y > 70] = 0
    before, after = (surface_views(v, GRID, size=120)["front"].astype(int) for v in (VOLUME, without))
    assert (np.abs(before - after) > 30).any(axis=2).mean() > 0.05


def test_air_only_is_refused_in_one_sentence():
    with pytest.raises(StepError, match="Expected a head"):
        surface_views(np.zeros(GRID.shape, dtype=np.float32), GRID)


def test_input_is_left_alone_and_may_be_read_only():
    volume = VOLUME.copy()
    volume.flags.writeable = False
    surface_views(volume, GRID, size=60)
    assert np.array_equal(volume, VOLUME)
