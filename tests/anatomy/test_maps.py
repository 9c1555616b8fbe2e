"""The maps drawn on the template hold what their docstring says."""

import numpy as np

from defacto.anatomy.template import load_template


def test_share_of_brain_is_a_share_and_its_brain_has_the_size_of_one():
    template = load_template()
    assert template.p_brain.min() == 0
    assert 0.95 < template.p_brain.max() <= 1.01
    litres = np.count_nonzero(template.p_brain > 0.5) * template.grid.voxel_ml / 1000
    assert 1.0 < litres < 1.9
