import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defacto.render.resample import resample_axis, spline_weights
from defacto.render.shape import REACH_MM, to_distances


@given(
    length=st.integers(1, 40), spacing=st.floats(0.2, 9.0), step=st.floats(0.5, 2.0), wide=st.floats(1.0, 2.0)
)
@settings(max_examples=60, deadline=None)
def test_weights_sum_to_one(length, spacing, step, wide):
    weights = spline_weights(length, spacing, step, wide * max(spacing, step))
    assert weights.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert (weights >= 0).all()


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(("spacing", "step"), [(2.0, 1.0), (1.0, 1.0), (5.5, 1.1), (0.5, 1.0)])
def test_a_slope_stays_a_slope(axis, spacing, step):
    shape = [3, 4, 5]
    shape[axis] = 40
    places = np.indices(shape)[axis] * spacing
    weights = spline_weights(40, spacing, step, max(spacing, step))
    out = np.moveaxis(resample_axis(places.astype(np.float32), axis, weights), axis, 0)[:, 0, 0]
    expected = (np.arange(out.size) - (out.size - 1) / 2) * step + 19.5 * spacing
    inner = slice(out.size // 4, -out.size // 4)
    assert out[inner] == pytest.approx(expected[inner], abs=2e-2 * spacing)


def test_distances_from_a_disc():
    j, k = np.indices((60, 80)).astype(float)
    exact = 18.0 - np.hypot((j - 29.3) * 1.2, (k - 40.1) * 0.9)
    levels = np.clip(exact * 20, -30, 200)[None].astype(np.float32)
    found = to_distances(levels, (1.2, 0.9))[0]
    near = np.abs(exact) < REACH_MM - 1
    assert np.abs(found - exact)[near].max() < 0.35
    assert found.min() == -REACH_MM
    assert found.max() == REACH_MM


def test_what_is_enclosed_is_filled():
    j, k = np.indices((60, 60)).astype(float)
    radius = np.hypot(j - 30, k - 30)
    ring = np.where((radius < 24) & (radius > 18), 100, -26).astype(np.float32)[None]
    assert to_distances(ring, (1.0, 1.0))[0, 30, 30] == REACH_MM
