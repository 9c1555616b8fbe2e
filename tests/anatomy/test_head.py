import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy.heads import template_scan
from defacto.anatomy import load_template
from defacto.anatomy.head import find_head, head_level, hull_mm


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


def test_the_skin_is_where_the_average_skin_is_and_out_of_view_too():
    template = load_template()
    hull = hull_mm(template.head)
    assert overlap(hull < 0, template.skin_mm < 0) > 0.94
    partly = template.head.copy()
    partly[:, :, :50] = np.nan
    out = np.s_[:, :, :44]
    assert overlap((hull_mm(partly) < 0)[out], (template.skin_mm < 0)[out]) > 0.94


def test_where_nothing_stands_out_there_is_no_skin():
    assert hull_mm(np.zeros(load_template().grid.shape, np.float32)) is None
