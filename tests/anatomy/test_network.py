"""The runtime around the network; a stand-in that knows the answer sits in the network's place."""

import numpy as np
import pytest

from anatomy.heads import motion, storage_orders, stored_as
from defacto.anatomy import network
from defacto.anatomy.pose import angle_deg, find_pose, head_middle_mm, region_places
from defacto.anatomy.regions import Region
from defacto.simulate.nearest import carry_labels
from defacto.types import Grid


@pytest.fixture
def knowing(monkeypatch):
    """Puts in the networks' place a stand-in that knows the labels of the scan, voxel by voxel.

    As the networks do, it recognises heads that are turned by up to 60 degrees only.
    """
    known = {}
    prepare = network.prepare

    def seen(volume, grid, view, *center):
        box, box_grid = prepare(volume, grid, view, *center)
        known["there"], known["box"] = carry_labels(known["labels"], grid, box_grid), box
        return box, box_grid

    def logits(name, box):
        labels = next(
            np.flip(known["there"].transpose(order), flipped)
            for order, flipped in network.cube_turns()
            if np.array_equal(np.flip(known["box"].transpose(order), flipped), box)
        )
        lies = find_pose(np.ascontiguousarray(labels), Grid(labels.shape, np.diag([5.0, 5.0, 5.0, 1.0])))
        if angle_deg(lies.to_upright) > 65:
            labels = np.minimum(labels, 1) * Region.HEAD
        return 9.0 * np.eye(len(Region), dtype=np.float32)[labels]

    monkeypatch.setattr(network, "prepare", seen)
    monkeypatch.setattr(network, "_CONVINCING", 40.0)  # its regions are small balls
    monkeypatch.setattr(network, "_LEAST_BRAIN_ML", 10.0)
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
    assert found.volumes_ml()[Region.NOSE] == pytest.approx(
        (labels == Region.NOSE).sum() * grid.voxel_ml, rel=0.1
    )


TURNS = [
    np.diag([1.0, -1.0, -1.0]),
    np.diag([-1.0, 1.0, -1.0]),
    np.diag([-1.0, -1.0, 1.0]),
    motion((120.0, 0.0, 0.0))[:3, :3],
    motion((50.0, 130.0, -75.0))[:3, :3],
]


@pytest.mark.parametrize("turn", TURNS)
def test_a_turned_head_is_set_upright(knowing, turn):
    labels, grid = head(turn)
    found = knowing(labels, grid)
    assert angle_deg(found.pose.to_upright @ turn) < 5
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


def test_a_cube_can_be_turned_in_24_ways():
    cube = np.arange(27).reshape(3, 3, 3)
    turned = {np.flip(cube.transpose(order), flipped).tobytes() for order, flipped in network.cube_turns()}
    assert len(turned) == 24
    assert network.cube_turns()[0] == ((0, 1, 2), ())
    for order, flipped in network.cube_turns():
        matrix = np.eye(3)[list(order)]
        matrix[list(flipped)] *= -1
        assert np.linalg.det(matrix) == pytest.approx(1)


def test_in_doubt_the_finer_network_decides(knowing, monkeypatch):
    labels, grid = head(np.diag([1.0, -1.0, -1.0]))
    monkeypatch.setattr(network, "_CONVINCING", np.inf)
    monkeypatch.setattr(network, "_OTHERS", 0)
    assert angle_deg(knowing(labels, grid).pose.to_upright) < 5
    monkeypatch.setattr(network, "_OTHERS", 2)
    assert angle_deg(knowing(labels, grid).pose.to_upright @ np.diag([1.0, -1.0, -1.0])) < 5


@pytest.mark.parametrize(("logit", "counts"), [(3.0, True), (2.0, False), (1.0, False)])
def test_of_poses_in_question_the_one_counts_of_which_the_finer_network_is_surer(logit, counts, monkeypatch):
    def look(name, logit, support):
        labels = np.full((30, 30, 30), Region.CEREBRAL_WM, np.uint8)
        logits = np.float32(logit) * np.eye(len(Region), dtype=np.float32)[labels]
        pose = network.Pose(np.eye(3), np.zeros(3), 15, 15, support)
        return name, network._Look(np.eye(3), logits, labels, np.eye(4), pose)

    looks = dict([look("first", 2.0, 300.0), look("other", logit, 200.0)])
    poses = {name: network.Pose(np.eye(3), np.zeros(3), 15, 15, 100.0) for name in looks}
    names = {id(pose): name for name, pose in poses.items()}
    monkeypatch.setattr(network, "_find_poses", lambda volume, grid: list(poses.values()))
    monkeypatch.setattr(network, "_settled", lambda volume, grid, pose: looks[names[id(pose)]])
    best = network._best_look(np.zeros((1, 1, 1), np.float32), Grid((1, 1, 1), np.eye(4)), None)
    assert (best is looks["other"]) == counts


def test_what_little_speaks_for_lies_as_its_header_says(knowing, monkeypatch):
    labels, grid = head(np.diag([1.0, -1.0, -1.0]))
    labels[labels > Region.CAUDATE] = Region.HEAD
    assert angle_deg(knowing(labels, grid).pose.to_upright) < 5
