"""The runtime around the network; a stand-in that knows the answer sits in the network's place."""

import numpy as np
import pytest

from anatomy.heads import storage_orders, stored_as
from defacto.anatomy.pose import head_middle_mm, region_places
from defacto.anatomy.regions import Region
from defacto.simulate.nearest import carry_labels
from defacto.types import Grid

network = pytest.importorskip("defacto.anatomy.network")


@pytest.fixture
def knowing(monkeypatch):
    """Puts in the network's place a stand-in that knows the labels of the scan, voxel by voxel."""
    known = {}
    prepare = network.prepare

    def seen(volume, grid, *center):
        cube, cube_grid = prepare(volume, grid, *center)
        known["there"] = carry_labels(known["labels"], grid, cube_grid)
        return cube, cube_grid

    def logits(cube):
        assert cube.shape == known["there"].shape
        return 9.0 * np.moveaxis(np.eye(len(Region), dtype=np.float32)[known["there"]], -1, 0)

    monkeypatch.setattr(network, "prepare", seen)
    monkeypatch.setattr(network, "_logits", logits)

    def segment(labels, grid):
        known["labels"] = np.ascontiguousarray(labels)
        return network.segment((known["labels"] > 0).astype(np.float32), grid)

    return segment


def head(turn):
    """Balls where an average head has its regions, turned."""
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = -120
    index = np.indices((80, 80, 80)).reshape(3, -1)
    world = affine[:3, :3] @ index + affine[:3, 3:]
    labels = np.zeros(index.shape[1], np.uint8)
    for region, place in region_places().items():
        at = turn @ (place - head_middle_mm())
        labels[((world - at[:, None]) ** 2).sum(axis=0) < 11**2] = region
    return labels.reshape(80, 80, 80), Grid((80, 80, 80), affine)


def test_labels_come_back_on_the_scans_own_grid(knowing):
    labels, grid = head(np.eye(3))
    found = knowing(labels, grid)
    assert found.labels.shape == grid.shape
    assert (found.labels == labels).mean() > 0.99
    assert found.volume_ml(Region.NOSE) == pytest.approx(
        (labels == Region.NOSE).sum() * grid.voxel_ml, rel=0.1
    )


@pytest.mark.parametrize("axis", range(3))
def test_a_turned_head_is_set_upright(knowing, axis):
    turn = -np.eye(3)
    turn[axis, axis] = 1
    labels, grid = head(turn)
    found = knowing(labels, grid)
    assert np.degrees(np.arccos(np.clip((np.trace(found.to_upright @ turn) - 1) / 2, -1, 1))) < 5
    assert (found.labels == labels).mean() > 0.99


def test_order_of_storage_does_not_matter(knowing):
    labels, grid = head(np.eye(3))
    reference = knowing(labels, grid).labels
    for order, signs in storage_orders()[::7]:
        stored, affine = stored_as(labels, grid.affine, order, signs)
        found = knowing(stored, Grid(stored.shape, affine)).labels
        flips = [axis for axis, sign in enumerate(signs) if sign < 0]
        back = np.flip(found, flips).transpose(np.argsort(order))
        assert (back == reference).mean() > 0.995
