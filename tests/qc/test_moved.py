"""How far a replaced skin moved, where the truth is made by hand."""

import numpy as np
import pytest

from anatomy.heads import known_context, motion, moved_scan
from defacto.anatomy import load_template
from defacto.anatomy.smooth import smooth
from defacto.config import DefaceSettings
from defacto.deface import METHODS, apply
from defacto.io.arrays import scan_from_arrays
from defacto.qc import measure
from defacto.qc.measure import moved_name
from defacto.qc.moved import surface_moved
from defacto.qc.shares import spread_mm
from defacto.types import Feature, Removal

FACE = [feature for feature in Feature if not feature.is_ear]


def head(skin_mm):
    """Return a head of one brightness whose skin lies where a field is 0, as a scan."""
    inside = np.clip(0.5 - skin_mm / 2, 0, 1) * 200
    return scan_from_arrays(inside.astype(np.float32), load_template().grid.affine, dtype="int16")


def moved(one, other):
    context = known_context(one.grid)
    return surface_moved(one, other, context, context.registration.to_template)


def test_a_head_that_stays_has_not_moved():
    same = head(load_template().skin_mm)
    assert moved(same, same) == dict.fromkeys(Feature, 0.0)


@pytest.mark.parametrize("by_mm", [-4.0, 3.0, 6.0])
def test_a_skin_pushed_out_evenly_keeps_its_shape(by_mm):
    skin = load_template().skin_mm
    found = moved(head(skin), head(skin - by_mm))
    assert max(found[feature] for feature in FACE) < 1.5


def test_the_flatter_the_face_the_farther_it_moved():
    skin = load_template().skin_mm
    found = [moved(head(skin), head(smooth(skin, (width,) * 3)))[Feature.NOSE] for width in (1, 3, 6)]
    assert found[0] < found[1] < found[2]
    assert found[2] > 2.0


def test_where_there_is_no_head_nothing_is_known():
    air = head(np.full(load_template().grid.shape, 50.0, np.float32))
    assert moved(air, air) == dict.fromkeys(Feature)


def test_spread_is_about_the_median():
    assert spread_mm(np.full(9, 5.0)) == 0.0
    assert spread_mm(np.array([0.0, 0.0, 0.0, 0.0, 10.0])) == pytest.approx(np.sqrt(20.0))


def test_it_is_measured_only_where_voxels_were_replaced():
    matrix = motion((5, 0, 3), 1.0, (2, 3, 4))
    scan = moved_scan(matrix)
    context = known_context(scan.grid, np.linalg.inv(matrix))
    for name in ("template", "reface"):
        taken = METHODS[name].removal(scan, context, DefaceSettings(method=name))
        found = measure(scan, apply(scan, taken), taken, context)
        assert ("replaced_ml" in found) == (name == "reface")
        assert (moved_name(Feature.NOSE) in found) == (name == "reface")


def test_the_person_put_back_in_his_own_place_has_not_moved():
    scan = moved_scan(np.eye(4))
    context = known_context(scan.grid)
    mask = METHODS["template"].removal(scan, context, DefaceSettings()).mask
    taken = Removal(mask, "made", "1", {}, scan.volume)
    found = measure(scan, apply(scan, taken), taken, context)
    assert [found[moved_name(feature)].value for feature in FACE] == [0.0] * len(FACE)
