"""The layer of skin that goes wherever a feature may stand."""

import dataclasses

import numpy as np
import pytest

from anatomy.heads import known_context, motion, moved_scan, seen_template, template_scan
from defacto.anatomy import load_template
from defacto.config import DefaceSettings
from defacto.deface import METHODS
from defacto.deface.layer import away_mm, hull_mm, skin_layer
from defacto.errors import StepError
from defacto.io.arrays import scan_from_arrays
from defacto.types import Feature

OFF_MM = 5.0
OFF = [tuple(OFF_MM * sign * (axis == n) for n in range(3)) for axis in range(3) for sign in (1, -1)]


@pytest.fixture(scope="module")
def made():
    scan = template_scan()
    return scan, known_context(scan.grid)


def skin_left(mask, feature):
    """Return the share of a feature's skin that stands where it stood, on the template's own grid."""
    template = load_template()
    skin = (np.abs(template.skin_mm) < 1.2) & (template.features == feature.label) & (template.head > 30)
    return float((~mask)[skin].mean())


@pytest.mark.parametrize("name", ["template", "atlas"])
@pytest.mark.parametrize("off", OFF)
def test_a_feature_goes_though_the_registration_is_off_by_5_mm(made, name, off):
    scan, _ = made
    context = known_context(scan.grid, motion(shift_mm=off), scan=scan)
    mask = METHODS[name].removal(scan, context, DefaceSettings(method=name)).mask
    for feature in Feature:
        assert skin_left(mask, feature) <= 0.10, feature


def test_it_follows_the_skin_and_is_thin(made):
    layer, hull = skin_layer(*made, DefaceSettings()), hull_mm(made[1])
    assert (layer > 0).any()
    assert hull[layer > 0].min() > -5.0
    thick = scan_from_arrays(made[0].stored[:, :, ::3], made[0].grid.affine @ np.diag([1.0, 1.0, 3.0, 1.0]))
    known = known_context(thick.grid, scan=thick)
    wider = skin_layer(thick, known, DefaceSettings())
    assert hull_mm(known)[wider > 0].min() > -5.0 - 1e-3


def test_a_dark_sinus_and_its_canal_do_not_lead_into_the_head(made):
    _, context = made
    grid, head = load_template().grid, load_template().head.copy()
    i, j, k = (round(v) for v in (grid.to_voxel @ [0, 80, -10, 1])[:3])
    head[i - 3 : i + 4, j - 6 : j, k - 3 : k + 4] = 0
    head[i : i + 2, j:, k : k + 2] = 0
    hollow = scan_from_arrays(head, grid.affine, dtype="int16")
    middle = (i, j - 3, k)
    found = hull_mm(known_context(hollow.grid, scan=hollow))
    assert found[middle] < -6
    assert abs(found[middle] - hull_mm(context)[middle]) < 4


@pytest.mark.parametrize("name", ["template", "atlas"])
def test_an_ear_at_the_end_of_the_field_of_view_goes(made, name):
    scan, _ = made
    template = load_template()
    cut = 13
    part = scan_from_arrays(
        np.ascontiguousarray(scan.stored[cut:-cut]), scan.grid.affine @ _first_voxel(cut), dtype="int16"
    )
    mask = METHODS[name].removal(part, known_context(part.grid, scan=part), DefaceSettings(method=name)).mask
    skin = (np.abs(template.skin_mm) < 1.2) & (template.features == Feature.LEFT_EAR.label)
    skin = skin[cut:-cut] & (part.stored > 30)
    assert skin.sum() > 100
    assert mask[skin].mean() > 0.9


def _first_voxel(number):
    matrix = np.eye(4)
    matrix[0, 3] = number
    return matrix


def test_a_nudge_to_the_front_makes_it_thinner_up_to_none(made):
    plain, thinner = (skin_layer(*made, DefaceSettings(nudge_mm=(0.0, mm, 0.0))) for mm in (0.0, 2.0))
    assert np.allclose(plain - thinner, 2.0)
    hull = hull_mm(made[1])
    assert not (skin_layer(*made, DefaceSettings(nudge_mm=(0.0, 6.0, 0.0))) > 0)[hull < 0].any()


def test_without_ears_it_stays_off_them(made):
    layer = skin_layer(*made, DefaceSettings(ears=False))
    template = load_template()
    ears = np.isin(template.features, [Feature.LEFT_EAR.label, Feature.RIGHT_EAR.label])
    assert not (layer > 0)[ears].any()


def test_nothing_is_no_head():
    empty = moved_scan(np.eye(4), np.zeros(load_template().grid.shape, dtype=np.float32))
    with pytest.raises(StepError, match="no head"):
        skin_layer(empty, known_context(empty.grid, scan=empty), DefaceSettings())


@pytest.mark.parametrize("name", ["template", "atlas"])
def test_a_brain_that_lies_bare_is_no_skin(name):
    template = load_template()
    brain = template.p_brain > 0.5
    bare = moved_scan(np.eye(4), np.where(brain, template.head, 0).astype(np.float32))
    known = known_context(bare.grid, seen=seen_template(), scan=bare)
    too_small = dataclasses.replace(known, brain_mm=known.brain_mm + np.float32(6))
    layer = skin_layer(bare, too_small, DefaceSettings())
    assert not ((layer > 0) & brain).any()
    mask = METHODS[name].removal(bare, known, DefaceSettings(method=name)).mask
    assert not (mask & brain).any()


def test_the_atlas_is_not_wider_deep_behind_the_face(made):
    scan, context = made
    mask = METHODS["atlas"].removal(scan, context, DefaceSettings(method="atlas", ears=False)).mask
    deep = mask & (hull_mm(context) < -21.0)
    assert away_mm("p_face")[deep].max(initial=0.0) <= 0.0
    assert away_mm("p_face")[mask].max() > 5.0
