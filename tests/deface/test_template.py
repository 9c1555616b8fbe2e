import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from defacto.deface import METHODS
from defacto.io.arrays import scan_from_arrays
from defacto.types import Feature

MOVED = motion((10, -5, 8), 1.05, (4, -6, 9))
METHOD = METHODS["template"]
nudges = st.tuples(*[st.floats(-15, 15)] * 3)


@pytest.fixture(scope="module")
def made():
    scan = moved_scan(MOVED)
    return scan, known_context(scan.grid, np.linalg.inv(MOVED))


def removed(made, **parameters):
    return METHOD.removal(*made, DefaceSettings(**parameters)).mask


def skin_of(*features):
    template = load_template()
    labels = [feature.label for feature in features]
    return np.isin(template.features, labels) & (np.abs(template.skin_mm) < 1.5)


@settings(max_examples=5, deadline=None)
@given(nudges, st.floats(0, 10), st.booleans())
def test_nothing_is_removed_within_the_margin_of_the_brain(made, nudge, margin, ears):
    mask = removed(made, nudge_mm=nudge, brain_margin_mm=margin, ears=ears)
    spacing = made[0].grid.voxel_size_mm
    near = distance_mm(made[1].brain, spacing) < margin - 1.5 * max(spacing)
    assert not (mask & near).any()
    assert not (mask & made[1].brain).any()


@settings(max_examples=5, deadline=None)
@given(st.floats(-12, 12), st.floats(-12, 12), st.booleans())
def test_nudge_to_the_back_never_gives_anything_back(made, one, other, ears):
    back, front = sorted((one, other))
    deeper = removed(made, nudge_mm=(0.0, back, 0.0), ears=ears)
    shallower = removed(made, nudge_mm=(0.0, front, 0.0), ears=ears)
    assert not (shallower & ~deeper).any()


@settings(max_examples=4, deadline=None)
@given(st.floats(0, 12), st.floats(0, 12))
def test_larger_margin_never_removes_more(made, one, other):
    low, high = sorted((one, other))
    assert not (removed(made, brain_margin_mm=high) & ~removed(made, brain_margin_mm=low)).any()


@pytest.mark.parametrize("feature", [feature for feature in Feature if not feature.is_ear])
@pytest.mark.parametrize("ears", [True, False])
def test_skin_of_the_face_is_removed(made, feature, ears):
    skin = skin_of(feature)
    assert removed(made, ears=ears)[skin].mean() > 0.95


@pytest.mark.parametrize("ear", [Feature.LEFT_EAR, Feature.RIGHT_EAR])
def test_ears_go_only_where_asked(made, ear):
    shell = load_template().features == ear.label
    tissue = shell & (load_template().skin_mm > 0) & (load_template().head > 60)
    assert removed(made, ears=True)[tissue].mean() > 0.95
    assert removed(made, ears=False)[shell].mean() < 0.05


def test_ears_are_all_that_ears_add(made):
    more = removed(made, ears=True) & ~removed(made, ears=False)
    x_mm = load_template().grid.affine[0, 0] * np.argwhere(more)[:, 0] + load_template().grid.affine[0, 3]
    assert more.any()
    assert (np.abs(x_mm) > 45).all()


def test_back_and_top_of_the_head_stay(made):
    index = np.argwhere(removed(made))
    world = index @ load_template().grid.affine[:3, :3].T + load_template().grid.affine[:3, 3]
    tissue = load_template().skin_mm[tuple(index.T)] < 0
    assert world[tissue][:, 1].min() > -60
    assert world[tissue][:, 2].max() < 45


@pytest.mark.parametrize(("order", "signs"), storage_orders())
def test_storage_order_changes_nothing(made, order, signs):
    scan, context = made
    volume, affine = stored_as(scan.stored, scan.grid.affine, order, signs)
    other = scan_from_arrays(volume, affine)
    context = known_context(other.grid, context.registration.to_template)
    mask = stored_back(METHOD.removal(other, context, DefaceSettings()).mask, order, signs)
    assert np.count_nonzero(mask ^ removed(made)) <= 1e-4 * mask.size


def test_same_input_same_mask_and_parameters_that_go_into_json(made):
    chosen = DefaceSettings(nudge_mm=(1.0, -2.0, 3.0), ears=False)
    one, other = METHOD.removal(*made, chosen), METHOD.removal(*made, chosen)
    assert np.array_equal(one.mask, other.mask)
    assert one.mask.dtype == bool
    assert json.loads(json.dumps(one.parameters))["nudge_mm"] == [1.0, -2.0, 3.0]
    assert (one.method, one.version) == ("template", METHOD.version)
    assert one.replacement is None


def test_mask_reaches_what_lies_outside_the_template(made):
    """A scan whose field of view ends far in front of the template's is cut there too."""
    context = made[1]
    wide = moved_scan(MOVED, np.pad(load_template().head, ((0, 0), (0, 40), (0, 0))))
    mask = METHOD.removal(
        wide, known_context(wide.grid, context.registration.to_template), DefaceSettings()
    ).mask
    ends = removed(made)[:, -1]
    assert ends.any()
    assert mask[:, -1][ends].all()


def test_the_cut_is_wider_where_the_network_sees_eyes_and_ears_and_no_deeper_in_the_brain(made):
    scan, context = made
    known = known_context(scan.grid, context.registration.to_template, seen=seen_template(MOVED))
    wider, plain = METHOD.removal(scan, known, DefaceSettings()).mask, removed(made)
    stays = plain & ~wider
    assert not (stays & (distance_mm(known.spared) > 5)).any()
    assert (wider & ~plain).sum() > 50
    assert not (wider & known.brain).any()
    assert not (wider & known.check_brain).any()


def test_an_ear_seen_in_a_wrong_place_is_not_believed(made):
    scan, context = made
    seen = seen_template(MOVED)
    astray = dataclasses.replace(seen, labels=np.roll(seen.labels, -25, axis=1))
    known = known_context(scan.grid, context.registration.to_template, seen=astray)
    beyond = METHOD.removal(scan, known, DefaceSettings()).mask & ~removed(made)
    assert not (beyond & (distance_mm(load_template().features > 0) > 16)).any()
