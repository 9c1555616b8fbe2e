import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defacto.anatomy.smooth import smooth

widths = st.tuples(*[st.floats(0, 3)] * 3)


@settings(deadline=None)
@given(widths)
def test_a_flat_volume_stays_flat(width):
    assert np.allclose(smooth(np.full((7, 5, 9), 3.0, np.float32), width), 3.0, atol=1e-5)


@settings(deadline=None, max_examples=20)
@given(st.floats(0.7, 2.0))
def test_a_point_becomes_a_gaussian_of_the_width(sigma):
    point = np.zeros((31, 31, 31), np.float32)
    point[15, 15, 15] = 1
    spread = smooth(point, (sigma, sigma, sigma))
    place = np.arange(31) - 15
    assert spread.sum() == pytest.approx(1, abs=1e-4)
    for axis in range(3):
        profile = spread.sum(axis=tuple(n for n in range(3) if n != axis))
        assert (profile @ place**2) ** 0.5 == pytest.approx(sigma, rel=0.03)


def test_each_axis_has_its_own_width():
    volume = np.random.default_rng(0).random((6, 7, 8), np.float32)
    assert np.array_equal(smooth(volume, (0, 0, 0)), volume)
    assert np.allclose(
        smooth(volume.transpose(2, 0, 1), (1.5, 0, 0.8)).transpose(1, 2, 0),
        smooth(volume, (0, 0.8, 1.5)),
        atol=1e-6,
    )
