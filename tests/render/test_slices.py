import numpy as np
import pytest

from defacto.errors import StepError
from defacto.render import slices, slices_before_after
from defacto.render.slices import PANEL_MM, TINT

from .made_head import make_head, ras_grid, reorder

GRID = ras_grid()
VOLUME = make_head(GRID)
REMOVAL = np.zeros(GRID.shape, dtype=bool)
REMOVAL[:, 95:, :70] = True
SIDE = round(3 * PANEL_MM)


def test_nine_slices():
    picture = slices(VOLUME, GRID)
    assert picture.shape == (SIDE, SIDE, 3)
    assert picture.dtype == np.uint8


def test_nothing_under_the_mask_is_drawn():
    secret = VOLUME.copy()
    secret[REMOVAL] = np.random.default_rng(0).uniform(-1e4, 1e4, int(REMOVAL.sum()))
    cleared = np.where(REMOVAL, np.float32(0), VOLUME)
    assert np.array_equal(slices(secret, GRID, removal=REMOVAL), slices(cleared, GRID, removal=REMOVAL))


def test_the_removed_part_is_tinted_flat():
    tinted = (slices(VOLUME, GRID, removal=REMOVAL) == TINT).all(axis=2)
    assert 0.03 < tinted.mean() < 0.5
    assert not (slices(VOLUME, GRID) == TINT).all(axis=2).any()


def test_proportions_are_true_whatever_the_voxels():
    thick = ras_grid((1.0, 1.0, 6.0))
    fine, coarse = slices(VOLUME, GRID), slices(make_head(thick), thick)
    assert np.mean(np.abs(fine.astype(int) - coarse) > 60) < 0.06


def test_the_right_of_the_head_is_at_the_left():
    bright = VOLUME.copy()
    x = GRID.affine[0, 3] + 2.0 * np.arange(GRID.shape[0])
    bright[x > 20] *= 2
    axial = slices(bright, GRID)[480:, :240].astype(int)
    assert axial[:, 30:110].mean() > axial[:, 130:210].mean() + 10
    again = slices(*reorder(bright, GRID, (2, 0, 1), (-1, 1, -1)))
    assert np.abs(again.astype(int) - slices(bright, GRID)).max() <= 1


def test_before_and_after():
    result = np.where(REMOVAL, np.float32(0), VOLUME)
    picture = slices_before_after(VOLUME, result, GRID, REMOVAL)
    assert picture.shape == (SIDE, 2 * SIDE, 3)
    assert not (picture[:, :SIDE] == TINT).all(axis=2).any()
    assert (picture[:, SIDE:] == TINT).all(axis=2).any()


def test_a_mask_on_another_grid_is_refused():
    with pytest.raises(StepError, match="removal mask of shape"):
        slices(VOLUME, GRID, removal=np.zeros((3, 3, 3), dtype=bool))
