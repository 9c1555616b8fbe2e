"""What holds for every method."""

import dataclasses
import json

import numpy as np
import pytest

from anatomy.heads import (
    known_context,
    motion,
    moved_scan,
    seen_template,
    storage_orders,
    stored_as,
    stored_back,
)
from defacto.anatomy import load_template
from defacto.anatomy.morphology import distance_mm
from defacto.config import DefaceSettings
from defacto.deface import METHODS, apply
from defacto.deface.method import outside_mm
from defacto.errors import SettingsError
from defacto.io.arrays import scan_from_arrays
from defacto.types import Feature

MOVED = motion((10, -5, 8), 1.05, (4, -6, 9))
REPLACING = {"reface", "blur"}
METHOD_NAMES = pytest.mark.parametrize("name", sorted(METHODS))


@pytest.fixture(scope="module")
def made():
    scan = moved_scan(MOVED)
    return scan, known_context(scan.grid, np.linalg.inv(MOVED), seen=seen_template(MOVED))


def removal(made, name, **parameters):
    return METHODS[name].removal(*made, DefaceSettings(method=name, **parameters))


def test_eight_methods_are_there():
    assert set(METHODS) == {
        "template", "template-ears", "atlas", "shear", "features", "reface", "blur", "brain",
    }  # fmt: skip


@METHOD_NAMES
def test_it_says_who_made_it_and_with_what(made, name):
    found = removal(made, name)
    assert (found.method, found.version) == (name, METHODS[name].version)
    assert json.loads(json.dumps(found.parameters))["method"] == name
    assert found.mask.dtype == bool
    assert found.mask.shape == made[0].grid.shape
    assert (found.replacement is not None) == (name in REPLACING)


@METHOD_NAMES
@pytest.mark.parametrize("margin", [0.0, 6.0])
@pytest.mark.parametrize("nudge", [(0.0, 0.0, 0.0), (3.0, -14.0, 8.0)])
def test_nothing_within_the_margin_of_the_brain_is_changed(made, name, margin, nudge):
    mask = removal(made, name, brain_margin_mm=margin, nudge_mm=nudge).mask
    spacing = made[0].grid.voxel_size_mm
    assert not (mask & made[1].brain).any()
    assert not (mask & (distance_mm(made[1].brain, spacing) < margin - 1.5 * max(spacing))).any()


@METHOD_NAMES
def test_the_face_goes(made, name):
    mask, template = removal(made, name).mask, load_template()
    skin = np.abs(template.skin_mm) < 1.5
    for feature in Feature:
        if not feature.is_ear:
            here = skin & (template.features == feature.label)
            assert mask[here].mean() > 0.5, feature


@METHOD_NAMES
def test_a_nudge_to_the_back_never_gives_anything_back(made, name):
    deeper, plain = removal(made, name, nudge_mm=(0.0, -6.0, 0.0)).mask, removal(made, name).mask
    assert not (plain & ~deeper).any()
    assert (deeper & ~plain).any()


@METHOD_NAMES
@pytest.mark.parametrize(("order", "signs"), storage_orders()[5::11])
def test_storage_order_changes_nothing(made, name, order, signs):
    scan, context = made
    volume, affine = stored_as(scan.stored, scan.grid.affine, order, signs)
    other = scan_from_arrays(volume, affine)
    context = dataclasses.replace(context, grid=other.grid)
    found, plain = METHODS[name].removal(other, context, DefaceSettings()), removal(made, name)
    mask = stored_back(found.mask, order, signs)
    assert np.count_nonzero(mask ^ plain.mask) <= 1e-4 * mask.size
    if plain.replacement is not None:
        apart = np.abs(stored_back(found.replacement, order, signs) - plain.replacement)[mask & plain.mask]
        assert np.percentile(apart, 99) <= 0.02 * float(scan.volume.max())


@METHOD_NAMES
def test_every_volume_of_a_series_gets_the_same(made, name):
    scan, context = made
    series = scan_from_arrays(np.stack([scan.stored, scan.stored], axis=3), scan.grid.affine)
    found = METHODS[name].removal(series, context, DefaceSettings())
    result = apply(series, found)
    assert np.array_equal(found.mask, removal(made, name).mask)
    assert np.array_equal(result.stored[..., 0], result.stored[..., 1])
    assert np.array_equal(result.stored[~found.mask], series.stored[~found.mask])


@pytest.mark.parametrize("name", ["template", "atlas", "shear", "features", "reface", "blur"])
def test_ears_stay_where_they_are_not_asked_for(made, name):
    template = load_template()
    ears = np.isin(template.features, [Feature.LEFT_EAR.label, Feature.RIGHT_EAR.label])
    with_ears, without = (removal(made, name, ears=ears_too).mask & ears for ears_too in (True, False))
    assert with_ears.sum() > 2 * without.sum()


def test_brain_leaves_the_brain_and_a_margin_and_nothing_else(made):
    mask = removal(made, "brain", strip_margin_mm=8.0).mask
    away = np.minimum(made[1].brain_mm, distance_mm(made[1].spared))
    assert np.array_equal(mask, made[1].to_scan(away - np.float32(8)) > 0)
    closer = removal(made, "brain", strip_margin_mm=1.0, brain_margin_mm=3.0).mask
    assert np.array_equal(closer, made[1].to_scan(np.minimum(away - 3, made[1].brain_mm - 3)) > 0)
    for anybodys in (made[1].brain, made[1].check_brain, made[1].seen_brain):
        assert not (mask & anybodys).any()


def test_the_mask_of_pydeface_takes_the_face_and_leaves_the_ears(made):
    template, mask = load_template(), removal(made, "template", template_mask="pydeface").mask
    skin = np.abs(template.skin_mm) < 1.5
    for feature in Feature:
        share = mask[skin & (template.features == feature.label)].mean()
        assert share < 0.1 if feature.is_ear else share > 0.5, (feature, share)


def test_nobody_elses_mask_is_known(made):
    with pytest.raises(SettingsError, match="own, pydeface"):
        removal(made, "template", template_mask="mine")


def face_of(template):
    return np.isin(template.features, [feature.label for feature in Feature if not feature.is_ear])


@pytest.mark.parametrize("invert", [False, True])
def test_the_average_face_takes_on_the_contrast_of_the_scan(invert):
    """Of the template itself, also with intensities turned round, little changes under the skin."""
    template = load_template()
    volume = np.where(template.head > 12, 260 - template.head, 0) if invert else template.head
    scan = moved_scan(np.eye(4), volume.astype(np.float32))
    context = known_context(scan.grid, seen=seen_template())
    found = METHODS["reface"].removal(scan, context, DefaceSettings(method="reface"))
    deep = found.mask & face_of(template) & (template.skin_mm < -3)
    shown, put = (float(np.median(v[deep])) for v in (scan.volume, found.replacement))
    assert abs(shown - put) < 0.2 * float(scan.volume.max())


def test_blur_flattens_the_skin_and_reaches_no_deeper_than_asked(made):
    found = removal(made, "blur", blur_depth_mm=8.0)
    assert not (found.mask & (made[1].to_scan(outside_mm(*made)) < -8.0)).any()
    assert not (found.mask & ~removal(made, "blur", blur_depth_mm=20.0).mask).any()
    before, after = made[0].volume, found.replacement
    steep = [np.abs(np.diff(v, axis=1))[found.mask[:, 1:]].max() for v in (before, after)]
    assert steep[1] < 0.4 * steep[0]
