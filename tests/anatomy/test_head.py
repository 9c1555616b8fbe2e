import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from anatomy.heads import template_scan
from defacto.anatomy import load_template
from defacto.anatomy.head import fill_holes, find_head, head_level, largest_piece, skin

masks = arrays(bool, array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6))


def overlap(one, other):
    """Dice's coefficient."""
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.fixture(scope="module")
def head():
    scan = template_scan()
    return find_head(scan.volume, scan.grid)


def test_head_is_what_lies_inside_the_skin_and_the_ears(head):
    skin_mm = load_template().skin_mm
    assert overlap(head, skin_mm < 0) > 0.9
    assert np.count_nonzero(head & (skin_mm > 10)) < 0.005 * head.sum()


@settings(max_examples=5, deadline=None)
@given(st.floats(0.01, 100), st.floats(-1000, 1000))
def test_unit_and_zero_of_the_intensities_do_not_matter(head, unit, zero):
    scan = template_scan()
    volume = (scan.volume * np.float32(unit) + np.float32(zero)).astype(np.float32)
    assert overlap(find_head(volume, scan.grid), head) > 0.995


def test_noise_in_the_air_does_not_make_it_head(head):
    scan = template_scan()
    rng = np.random.default_rng(0)
    sigma = 0.08 * np.percentile(scan.volume, 95)
    noisy = np.hypot(scan.volume + rng.normal(0, sigma, head.shape), rng.normal(0, sigma, head.shape))
    assert overlap(find_head(noisy.astype(np.float32), scan.grid), head) > 0.97


@pytest.mark.parametrize("value", [0.0, -3.0, 7e5, 1e-9, 1e30])
def test_where_nothing_stands_out_there_is_no_head(value):
    grid = template_scan().grid
    volume = np.full(grid.shape, value, np.float32)
    assert head_level(volume) is None
    assert not find_head(volume, grid).any()


def test_level_of_nothing_is_none():
    assert head_level(np.empty(0, np.float32)) is None


def test_volumes_of_few_slices_are_not_refused(head):
    scan = template_scan()
    few = np.ascontiguousarray(scan.volume[:, :, 60:64])
    assert overlap(find_head(few, scan.grid), head[:, :, 60:64]) > 0.9


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
