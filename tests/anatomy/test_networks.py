"""The networks that come with defacto, on the average head: persons and contrasts stand in the model card."""

import json

import numpy as np
import pytest

from anatomy.heads import motion, template_scan
from defacto.anatomy import load_template, segment
from defacto.anatomy.pose import angle_deg
from defacto.anatomy.regions import Region
from defacto.anatomy.template import data_path
from defacto.errors import StepError
from defacto.types import Grid
from defacto.weights import LIST, open_network


def dice(one, other):
    return 2 * (one & other).sum() / (one.sum() + other.sum())


@pytest.mark.parametrize("turns", [(0, 0, 0), (180, 0, 0), (20, 110, -50)])
def test_the_average_head_is_recognised_however_it_lies(turns):
    template, turn = load_template(), motion(turns)
    found = segment(template_scan().volume, Grid(template.grid.shape, turn @ template.grid.affine))
    assert angle_deg(found.pose.to_upright @ turn[:3, :3]) < 15
    assert dice(found.tissue, template.p_brain > 0.5) > 0.9
    assert dice(found.brain, template.p_brain > 0.1) > 0.9
    assert not (found.tissue & ~found.brain).any()


def test_a_brighter_scan_and_other_units_change_nothing():
    scan = template_scan()
    one = segment(scan.volume, scan.grid)
    other = segment(scan.volume * np.float32(1e-3), scan.grid)
    assert (one.labels == other.labels).mean() > 0.999


def test_volumes_add_up():
    scan = template_scan()
    found = segment(scan.volume, scan.grid)
    total = sum(found.volumes_ml().values())
    assert total == pytest.approx((found.labels > Region.AIR).sum() * scan.grid.voxel_ml)


def test_damaged_weights_are_refused(tmp_path):
    for name in ("pose.onnx", LIST):
        (tmp_path / name).write_bytes(data_path(name).read_bytes())
    (tmp_path / "pose.onnx").write_bytes((tmp_path / "pose.onnx").read_bytes()[:-1])
    with pytest.raises(StepError, match="pose are damaged"):
        open_network(tmp_path, "pose")
    with pytest.raises(StepError, match="anatomy are missing"):
        open_network(tmp_path, "anatomy")


def test_the_weights_are_small():
    listed = json.loads(data_path(LIST).read_text())
    assert set(listed) == {"anatomy", "pose"}
    assert sum(len(data_path(f"{name}.onnx").read_bytes()) for name in listed) < 15e6
