import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defacto.errors import StepError
from defacto.render.contrast import SURFACE_LEVEL, find_contrast, to_levels

from .made_head import add_noise, make_head, ras_grid

HEAD = make_head(ras_grid((4.0, 4.0, 4.0)))


def test_skin_lies_between_air_and_tissue():
    contrast = find_contrast(HEAD)
    assert contrast.air == 0
    assert 150 < contrast.tissue < 310
    assert 0 < contrast.surface < 0.4 * contrast.tissue
    assert contrast.noise == 0


@pytest.mark.parametrize(
    ("skin", "bone", "brain"), [(300, 20, 200), (150, 40, 320), (90, 30, 100), (900, 10, 200)]
)
def test_any_contrast(skin, bone, brain):
    contrast = find_contrast(make_head(ras_grid((4.0, 4.0, 4.0)), skin=skin, bone=bone, brain=brain))
    assert contrast.surface < 0.5 * skin


@given(scale=st.floats(1e-3, 1e4), shift=st.floats(-1e3, 1e3))
@settings(max_examples=15, deadline=None)
def test_scaling_of_intensities_moves_the_contrast_along(scale, shift):
    plain, moved = find_contrast(HEAD), find_contrast((HEAD * scale + shift * scale).astype(np.float32))
    assert moved.surface == pytest.approx((plain.surface + shift) * scale, rel=2e-2, abs=0.02 * scale * 300)


def test_noise_is_measured():
    contrast = find_contrast(add_noise(HEAD, 12.0))
    assert contrast.noise == pytest.approx(0.655 * 12, rel=0.2)
    assert contrast.surface > contrast.air + 2 * contrast.noise - 1e-6


@pytest.mark.parametrize("value", [0.0, -5.0, 7.0])
def test_same_intensity_everywhere_is_no_head(value):
    with pytest.raises(StepError, match="same intensity everywhere"):
        find_contrast(np.full((10, 11, 12), value, dtype=np.float32))


def test_levels_keep_the_memory_order():
    turned = HEAD.transpose(2, 0, 1)
    levels = to_levels(turned, find_contrast(turned))
    assert levels.strides == tuple(stride // 4 for stride in turned.strides)
    assert np.array_equal(levels, to_levels(HEAD, find_contrast(turned)).transpose(2, 0, 1))


def test_level_of_the_skin():
    contrast = find_contrast(HEAD)
    line = np.array([[[contrast.air - 9, contrast.air, contrast.surface, 1e9]]], dtype=np.float32)
    assert to_levels(line, contrast).ravel() == pytest.approx([0, 0, SURFACE_LEVEL, 255], abs=1)
