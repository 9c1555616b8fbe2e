import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from defacto.anatomy.morphology import closed, dilated, distance_mm, fill_holes, largest_piece, opened, skin

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6))
radii = st.floats(0.5, 3.0)


def distance_by_hand(mask, spacing_mm):
    """Distance to the nearest voxel outside, one by one."""
    out = np.argwhere(~mask) * spacing_mm
    found = np.zeros(mask.shape)
    for index in np.argwhere(mask):
        found[tuple(index)] = np.sqrt(((out - index * spacing_mm) ** 2).sum(axis=1).min())
    return found


def test_largest_piece_is_one_piece_with_its_holes_filled():
    mask = np.zeros((12, 12, 12), bool)
    mask[1:7, 1:7, 1:7] = True
    mask[3, 3, 3] = False
    mask[9:11, 9:11, 9:11] = True
    wanted = np.zeros_like(mask)
    wanted[1:7, 1:7, 1:7] = True
    assert np.array_equal(largest_piece(mask), wanted)


@settings(deadline=None)
@given(masks)
def test_filling_holes_adds_only_and_twice_is_once(mask):
    filled = fill_holes(mask)
    assert (filled | ~mask).all()
    assert np.array_equal(fill_holes(filled), filled)


@given(masks)
def test_skin_is_head_that_touches_what_is_not(mask):
    outer = skin(mask)
    assert not (outer & ~mask).any()
    for index in np.argwhere(mask):
        touches = any(
            0 <= index[axis] + by < mask.shape[axis]
            and not mask[tuple(index + by * np.eye(3, dtype=int)[axis])]
            for axis in range(3)
            for by in (-1, 1)
        )
        assert outer[tuple(index)] == touches


@settings(deadline=None)
@given(masks, radii)
def test_opening_takes_and_closing_adds_and_twice_is_once(mask, radius):
    smaller, larger = opened(mask, radius), closed(mask, radius)
    assert not (smaller & ~mask).any()
    assert not (mask & ~larger).any()
    assert np.array_equal(opened(smaller, radius), smaller)
    assert np.array_equal(closed(larger, radius), larger)


@settings(deadline=None)
@given(masks, radii)
def test_dilation_is_all_within_the_radius(mask, radius):
    if mask.any():
        distance = distance_by_hand(~mask, np.ones(3)).astype(np.float32)
        assert np.array_equal(dilated(mask, radius), distance <= radius)


def test_distance_is_in_mm_and_negative_inside():
    mask = np.zeros((21, 21, 21), bool)
    mask[8:13, 8:13, 8:13] = True
    away = distance_mm(mask, (1.0, 2.0, 3.0))
    assert np.array_equal(away <= 0, mask)
    assert [away[18, 10, 10] - away[16, 10, 10], away[10, 18, 10] - away[10, 16, 10]] == [2, 4]
    assert away[10, 10, 18] - away[10, 10, 16] == 6
