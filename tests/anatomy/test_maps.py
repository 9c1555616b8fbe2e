"""The maps drawn on the template hold what their docstring says."""

import numpy as np

from defacto.anatomy.template import load_average, load_map, load_template
from defacto.types import Feature


def test_share_of_brain_is_a_share_and_its_brain_has_the_size_of_one():
    template = load_template()
    assert template.p_brain.min() == 0
    assert 0.95 < template.p_brain.max() <= 1.01
    litres = np.count_nonzero(template.p_brain > 0.5) * template.grid.voxel_ml / 1000
    assert 1.0 < litres < 1.9


def test_shares_of_face_and_ears_are_shares_about_the_features():
    template = load_template()
    for name, ears in (("p_face", False), ("p_ears", True)):
        share = load_map(name)
        labels = [feature.label for feature in Feature if feature.is_ear == ears]
        assert share.min() == 0
        assert share.max() <= 1.01
        shell = np.isin(template.features, labels) & (np.abs(template.skin_mm) < 2)
        assert (share[shell] > 0.02).mean() > 0.97
        assert not (share[template.p_brain > 0.9] > 0.5).any()


def test_the_mask_of_pydeface_takes_the_nose_and_no_brain():
    template, cut = load_template(), load_map("pydeface_cut")
    assert (cut[template.features == Feature.NOSE.label] > 0).mean() > 0.8
    assert not (cut[template.p_brain > 0.9] > 0).any()


def test_the_average_head_lies_over_the_template_and_has_a_jaw():
    average, template = load_average(), load_template()
    assert average.t1.shape == average.skin_mm.shape == average.grid.shape
    below = average.grid.shape[2] - template.grid.shape[2]
    assert np.allclose(average.grid.affine @ [0, 0, below, 1], template.grid.affine[:, 3])
    inside = average.skin_mm[:, :, below:] < 0
    both = inside & (template.skin_mm < 0)
    assert 2 * both.sum() / (inside.sum() + (template.skin_mm < 0).sum()) > 0.9
    assert (average.skin_mm[:, :, :below] < 0).any()
