import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defacto.simulate.acquisition import AcquisitionParameters
from defacto.simulate.base import load_base
from defacto.simulate.head import HeadParameters, Ranges, draw_head, make_head
from defacto.simulate.ranges import STORAGES
from defacto.simulate.structures import Structure, is_brain
from defacto.types import Feature

COARSE = AcquisitionParameters((50, 66, 66), (4.0, 4.0, 4.0), noise=0.01, bias=0.0)


def parameters(seed=0, **changes):
    drawn = draw_head(np.random.default_rng(seed), load_base().name, Ranges())
    return replace(drawn, acquisition=replace(COARSE, **changes))


@cache
def head(seed=0, **changes):
    return make_head(load_base(), parameters(seed, **changes))


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_parameters_go_through_json_unchanged(seed):
    ranges = Ranges(contrasts={"T2w": 1, "random": 1, "T1w with gadolinium": 1}, lie_share=0.3)
    drawn = draw_head(np.random.default_rng(seed), "head01", ranges)
    assert HeadParameters.from_json(json.loads(json.dumps(drawn.to_json()))) == drawn


def test_the_same_parameters_make_the_same_bytes():
    one, other = (make_head(load_base(), parameters(3)) for _ in range(2))
    for name in ("structures", "features", "surface_mm", "inside"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(one.scan.stored, other.scan.stored)


def test_another_base_head_is_refused():
    with pytest.raises(ValueError, match="expected the base head 'head99'"):
        make_head(load_base(), replace(parameters(), base="head99"))


@settings(max_examples=6)
@given(st.sampled_from(STORAGES))
def test_order_of_storage_changes_nothing_else(storage):
    plain, stored = head(), head(storage=storage)
    corner = np.array([[0, 0, 0, 1], [7, 9, 11, 1]]).T
    world = stored.true_grid.affine @ corner
    index = np.rint(plain.true_grid.to_voxel @ world)[:3].astype(int).T
    for name in ("structures", "features", "surface_mm", "inside"):
        ours, theirs = getattr(plain, name), getattr(stored, name)
        assert np.array_equal(np.unique(ours), np.unique(theirs))
        assert [ours[tuple(i)] for i in index] == [theirs[tuple(c)] for c in corner[:3].T]
    assert np.array_equal(np.sort(plain.scan.stored, axis=None), np.sort(stored.scan.stored, axis=None))


def test_storages_are_48():
    assert len(set(STORAGES)) == 48


def test_a_header_that_lies_changes_the_scans_grid_alone():
    true, lies = head(), head(lie="LPI")
    np.testing.assert_array_equal(true.scan.stored, lies.scan.stored)
    assert not np.allclose(lies.scan.grid.affine, lies.true_grid.affine)
    np.testing.assert_allclose(lies.true_grid.affine, true.scan.grid.affine, atol=1e-5)
    assert sorted(lies.scan.grid.voxel_size_mm) == sorted(true.scan.grid.voxel_size_mm)


def test_labels_lie_within_the_skin_and_surface_is_in_mm():
    made = head()
    assert (made.surface_mm[made.structures > 0] < 0).all()
    assert np.abs(made.surface_mm).max() <= 8
    assert 0.9e6 < is_brain(made.structures).sum() * made.true_grid.voxel_ml * 1000 < 2e6
    slopes = np.stack(np.gradient(made.surface_mm, 4.0))
    steep = np.sqrt((slopes**2).sum(axis=0))[np.abs(made.surface_mm) < 2]
    assert 0.8 < np.median(steep) < 1.1


def test_every_feature_has_skin():
    made = head()
    for feature in Feature:
        assert ((made.features == feature.label) & (np.abs(made.surface_mm) < 4)).sum() > 10


def test_to_base_brings_the_eyes_where_the_base_head_has_them():
    made = head(tilt_deg=(20.0, -10.0, 25.0), offset_mm=(8.0, 0.0, -5.0), storage="PIR")
    eyes = np.argwhere(made.structures == Structure.EYE)
    place = made.to_base @ made.true_grid.affine @ np.c_[eyes, np.ones(len(eyes))].T
    assert np.abs(place[:3].mean(axis=1) - (0, 76, -33)).max() < 10


def test_a_filling_takes_signal_and_the_mouth():
    plain, filled = head(noise=0.0), head(noise=0.0, hole_mm=30.0, hole_center_mm=(0.0, 85.0, -94.0))
    mouth = Feature.MOUTH.label
    assert (filled.features == mouth).sum() < 0.7 * (plain.features == mouth).sum()
    np.testing.assert_array_equal(plain.structures, filled.structures)
    assert filled.scan.volume.sum() < plain.scan.volume.sum()


def test_wrap_around_brings_the_nose_to_the_back():
    short = {"shape": (50, 46, 66), "noise": 0.0, "phase_axis": 1}
    plain, wrapped = head(**short), head(wrap=True, **short)
    np.testing.assert_array_equal(plain.structures, wrapped.structures)
    assert wrapped.scan.volume[:, :6].sum() > plain.scan.volume[:, :6].sum() * 1.02


def test_ghosts_put_signal_into_the_air():
    plain, ghosts = head(noise=0.0), head(noise=0.0, ghost=0.15)
    air = plain.inside == 0
    assert plain.scan.volume[air].max() == 0
    assert ghosts.scan.volume[air].mean() > 1


def test_an_oblique_grid_is_turned_and_says_so():
    made = head(oblique_deg=(20.0, 0.0, 0.0))
    turn = made.scan.grid.affine[:3, :3] / 4
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-6)
    assert np.degrees(np.arccos(turn[1, 1])) == pytest.approx(20)


def test_random_contrasts_differ_and_show_the_head():
    ranges = Ranges(contrasts={"random": 1})
    one, other = (draw_head(np.random.default_rng(s), "template", ranges).contrast for s in (1, 2))
    assert one.means != other.means
    assert min(one.means[Structure.SKIN], other.means[Structure.SKIN]) > 0.2


@pytest.mark.parametrize("mirrored", [False, True])
def test_left_is_left_also_of_a_mirrored_person(mirrored):
    drawn = parameters(5)
    made = make_head(load_base(), replace(drawn, person=replace(drawn.person, mirrored=mirrored)))

    def right_mm(feature):
        index = np.argwhere(made.features == feature.label).mean(axis=0)
        return (made.true_grid.affine @ [*index, 1.0])[0]

    assert right_mm(Feature.LEFT_EAR) < right_mm(Feature.LEFT_EYE) < right_mm(Feature.RIGHT_EYE)
    assert right_mm(Feature.RIGHT_EYE) < right_mm(Feature.RIGHT_EAR)
