"""What fills a face under its skin."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from defacto.simulate.base import load_base
from defacto.simulate.filling import Filling, draw_filling, fill
from defacto.simulate.head import HeadParameters, Ranges, draw_head
from defacto.simulate.structures import Structure

FILLING = Filling((0.2, 0.1, 0.1), (3.0, 2.0, 3.0), 5.0, 1)


def test_only_the_deep_soft_tissue_of_the_face_changes():
    base = load_base()
    changed = fill(base, FILLING).codes != base.codes
    assert changed.any()
    assert (base.surface_mm[changed] < -5).all()
    assert np.isin(base.structures[changed], (Structure.MUSCLE, Structure.FAT, Structure.NOSE_INSIDE)).all()
    places = base.grid.affine[1, 3] + np.nonzero(changed)[1]
    assert places.min() > -30


def test_about_as_much_changes_as_was_drawn():
    base = replace(load_base(), codes=np.full(load_base().grid.shape, 77, np.uint8))
    soft = (base.surface_mm < -5) & np.isin(base.structures, (Structure.MUSCLE, Structure.FAT))
    soft[:, : int(-30 - base.grid.affine[1, 3]) + 1] = False
    soft[:, :, int(45 - base.grid.affine[2, 3]) :] = False
    share = (fill(base, FILLING).codes != 77)[soft].mean()
    assert share == pytest.approx(1 - 0.8 * 0.9 * 0.9, abs=0.08)


def test_the_same_filling_is_the_same_and_another_is_not():
    base = load_base()
    one, again = fill(base, FILLING), fill(base, FILLING)
    assert np.array_equal(one.codes, again.codes)
    assert not np.array_equal(one.codes, fill(base, replace(FILLING, seed=2)).codes)


def test_parameters_go_through_json():
    rng = np.random.default_rng(3)
    drawn = draw_head(rng, "template", Ranges(filled_share=1.0))
    assert drawn.filling is not None
    assert HeadParameters.from_json(json.loads(json.dumps(drawn.to_json()))) == drawn
    assert Filling(**asdict(draw_filling(rng))).deep_mm > 3


def test_heads_are_drawn_as_before_where_none_is_to_be_filled():
    one = draw_head(np.random.default_rng(4), "template", Ranges())
    other = draw_head(np.random.default_rng(4), "template", Ranges(filled_share=1.0))
    assert one.filling is None
    assert replace(other, filling=None) == one
