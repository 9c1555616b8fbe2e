import numpy as np

from defacto.anatomy.resample import carry
from defacto.anatomy.template import load_template
from defacto.simulate.base import EYE_CENTERS_MM, load_base
from defacto.simulate.structures import is_brain
from defacto.types import Feature


def test_skin_of_the_base_head_lies_where_the_template_has_it():
    base, template = load_base(), load_template()
    skin = carry(template.skin_mm, template.grid, base.grid, np.eye(4), fill=None)
    cranium = (np.abs(base.surface_mm) < 0.5)[:, :, 200:]
    assert np.abs(skin[:, :, 200:][cranium]).mean() < 3


def test_eyes_are_in_the_head_and_just_under_the_skin():
    base = load_base()
    for center in EYE_CENTERS_MM:
        place = tuple(np.rint(base.grid.to_voxel @ (*center, 1))[:3].astype(int))
        assert base.surface_mm[place] < -5
        assert base.surface_mm[place[0], place[1] + 16, place[2]] > 0


def test_a_neck_goes_on_below_the_template():
    base = load_base()
    section = base.surface_mm[:, :, 2] < 0
    assert 5_000 < section.sum() < 25_000


def test_brain_has_the_size_of_one():
    assert 1.0e6 < is_brain(load_base().structures).sum() < 1.9e6


def test_every_feature_has_skin():
    base = load_base()
    for feature in Feature:
        assert ((base.features == feature.label) & (np.abs(base.surface_mm) < 1)).sum() > 500
