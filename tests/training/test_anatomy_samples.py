from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from defacto.anatomy.network_input import COARSE, UPRIGHT, find_center, prepare
from defacto.anatomy.pose import angle_deg, find_pose
from defacto.anatomy.regions import NINE, Region, is_brain
from defacto.simulate.bases import load_bases
from defacto.training.anatomy_samples import COARSE_RANGES, UPRIGHT_RANGES, SampleRanges, samples
from defacto.types import Grid


@pytest.fixture(scope="module")
def some():
    stream = samples(load_bases(), SampleRanges(looks=2), 3, 0)
    return list(islice(stream, 4))


def test_coarse_samples_are_turned_and_upright_ones_are_not():
    for ranges, limits in (
        (replace(UPRIGHT_RANGES, looks=3), (0, 45)),
        (replace(COARSE_RANGES, looks=3, turned_deg=180.0), (45, 181)),
    ):
        turned = []
        for sample in islice(samples(load_bases(), ranges, 5, 0), 6):
            assert sample.volume.shape == ranges.view.shape
            turned.append(angle_deg(find_pose(sample.labels, grid_of(ranges.view)).to_upright))
        assert limits[0] <= np.median(turned) <= limits[1]


def grid_of(view):
    return Grid(view.shape, np.diag([view.voxel_mm] * 3 + [1.0]))


def test_a_sample_is_what_the_network_sees(some):
    for sample in some:
        assert sample.volume.shape == sample.labels.shape == UPRIGHT.shape
        assert sample.volume.dtype == np.float32
        assert 0 <= sample.volume.min() <= sample.volume.max() <= 1
        assert is_brain(sample.labels).sum() > 1000
        assert set(np.unique(sample.labels)) <= {int(region) for region in Region}


def test_samples_follow_from_seed_and_number(some):
    again = next(samples(load_bases(), SampleRanges(looks=2), 3, 1))
    assert np.array_equal(again.volume, some[2].volume)
    assert np.array_equal(again.labels, some[2].labels)


def test_brain_is_the_nine_regions_and_what_else_is_in_it():
    labels = np.arange(len(Region), dtype=np.uint8)
    assert set(labels[is_brain(labels)]) == {*NINE, Region.OTHER_BRAIN}


def test_order_of_storage_does_not_change_what_the_network_sees():
    rng = np.random.default_rng(0)
    volume = np.zeros((40, 44, 48), np.float32)
    volume[8:30, 10:36, 12:40] = 50 + rng.random((22, 26, 28), np.float32)
    grid = Grid(volume.shape, np.diag([4.0, 4.0, 4.0, 1.0]))
    turned = volume[::-1].transpose(2, 0, 1)
    affine = grid.affine @ np.array([[0, -1, 0, 39], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]])
    for view in (COARSE, UPRIGHT):
        one, _ = prepare(volume, grid, view)
        other, _ = prepare(np.ascontiguousarray(turned), Grid(turned.shape, affine), view)
        assert np.allclose(one, other, atol=1e-4)
    assert np.allclose(find_center(volume, grid), [74, 90, 102], atol=2.1)
