"""Measures against a truth made by hand."""

from dataclasses import replace

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
    template_scan,
)
from defacto.anatomy import load_template
from defacto.config import DefaceSettings
from defacto.deface import METHODS, apply
from defacto.io.arrays import scan_from_arrays
from defacto.qc import measure
from defacto.qc.measure import changed_voxels, seen_name, visible_name
from defacto.types import Feature, Removal

NAMES = {
    "brain_lost_ml",
    "brain_lost_percent",
    "least_visible",
    "removed_ml",
    "removed_percent",
    "elsewhere_ml",
    "changed_outside",
    "agreement_mm",
    "score",
    "turned_deg",
    *(visible_name(feature) for feature in Feature),
}
MOVED = motion((12, -6, 9), 1.1, (14, -16, 19))


@pytest.fixture(scope="module")
def made():
    scan = template_scan()
    return scan, known_context(scan.grid)


def removal(mask):
    return Removal(mask, "made", "1", {})


def measured(made, mask):
    scan, context = made
    taken = removal(mask)
    found = measure(scan, apply(scan, taken), taken, context)
    return {name: each.value for name, each in found.items()}


def visible(values):
    return {feature: values[visible_name(feature)] for feature in Feature}


def nothing(made):
    return np.zeros(made[0].grid.shape, bool)


def test_every_measure_has_name_unit_and_direction(made):
    scan, context = made
    found = measure(scan, scan, removal(nothing(made)), context)
    assert set(found) == NAMES
    assert all(each.name == name for name, each in found.items())
    assert {each.unit for each in found.values()} == {"ml", "%", "share", "voxels", "mm", "NMI", "deg"}
    assert [each.name for each in found.values() if not each.lower_is_better] == ["score"]


def test_of_nothing_removed_nothing_is_lost_and_all_is_seen(made):
    values = measured(made, nothing(made))
    assert [
        values[name] for name in ("brain_lost_ml", "brain_lost_percent", "removed_ml", "changed_outside")
    ] == [0] * 4
    assert visible(values) == dict.fromkeys(Feature, 1.0)
    assert (values["least_visible"], values["elsewhere_ml"]) == (1.0, 0.0)


def test_of_all_removed_all_is_lost_and_nothing_is_seen(made):
    values = measured(made, ~nothing(made))
    assert visible(values) == dict.fromkeys(Feature, 0.0)
    assert values["brain_lost_percent"] > 99
    assert values["removed_ml"] > 3000
    assert values["least_visible"] == 0
    assert 500 < values["elsewhere_ml"] < values["removed_ml"]
    assert values["changed_outside"] == 0


@pytest.mark.parametrize("voxels", [1, 40, 1000])
def test_brain_lost_is_what_was_taken_to_the_voxel(made, voxels):
    mask = nothing(made)
    inside = np.argwhere(made[1].brain & (made[0].volume > 0))
    mask[tuple(inside[:: len(inside) // voxels][:voxels].T)] = True
    values = measured(made, mask)
    assert values["brain_lost_ml"] == pytest.approx(voxels * 0.008)
    assert values["brain_lost_percent"] == pytest.approx(
        100 * voxels / np.count_nonzero(made[1].brain), rel=0.2
    )
    assert visible(values) == dict.fromkeys(Feature, 1.0)


def test_voxel_size_of_the_scan_counts():
    scan = moved_scan(MOVED)
    made = scan, known_context(scan.grid, np.linalg.inv(MOVED))
    mask = np.zeros(scan.grid.shape, bool)
    mask[tuple(np.argwhere(made[1].brain & (scan.volume > 0))[:100].T)] = True
    assert measured(made, mask)["brain_lost_ml"] == pytest.approx(100 * 0.008 * 1.1**3, rel=1e-5)


def test_brain_of_the_other_registration_is_heard(made):
    scan, context = made
    beside = known_context(scan.grid, np.eye(4), motion(shift_mm=(0, -30, 0)))
    mask = beside.check_brain & ~context.brain & ~context.check_brain & (scan.volume > 0)
    assert measured((scan, context), mask)["brain_lost_ml"] == 0
    assert measured((scan, beside), mask)["brain_lost_ml"] == pytest.approx(mask.sum() * 0.008)


@pytest.mark.parametrize("left", list(Feature))
def test_exactly_the_feature_that_was_left_is_seen(made, left):
    mask = (load_template().features > 0) & (load_template().features != left.label)
    shares = visible(measured(made, mask))
    assert shares.pop(left) == pytest.approx(1.0, abs=0.05)
    assert max(shares.values()) < 0.02


def test_half_of_a_nose_is_half(made):
    nose = load_template().features == Feature.NOSE.label
    middle = int(np.median(np.argwhere(nose)[:, 0]))
    nose[:middle] = False
    assert measured(made, nose)[visible_name(Feature.NOSE)] == pytest.approx(0.5, abs=0.12)


@settings(max_examples=4, deadline=None)
@given(st.tuples(*[st.floats(-15, 15)] * 3), st.tuples(*[st.integers(0, 60)] * 3), st.integers(2, 25))
def test_more_removed_never_shows_more_nor_loses_less(made, nudge, corner, side):
    scan, context = made
    mask = METHODS["template"].removal(scan, context, DefaceSettings(nudge_mm=nudge)).mask
    more = mask.copy()
    more[tuple(slice(start, start + side) for start in corner)] = True
    before, after = measured(made, mask), measured(made, more)
    assert all(after[visible_name(feature)] <= before[visible_name(feature)] for feature in Feature)
    assert all(after[name] >= before[name] for name in ("brain_lost_ml", "removed_ml"))


@pytest.mark.parametrize(("order", "signs"), storage_orders()[::9])
def test_storage_order_changes_nothing(order, signs):
    scan = moved_scan(MOVED)
    context = known_context(scan.grid, np.linalg.inv(MOVED))
    mask = METHODS["template"].removal(scan, context, DefaceSettings(nudge_mm=(5.0, 6.0, 7.0))).mask
    volume, affine = stored_as(scan.stored, scan.grid.affine, order, signs)
    other = scan_from_arrays(volume, affine)
    turned, _ = stored_as(mask, scan.grid.affine, order, signs)
    one = measured((scan, context), mask)
    same = measured((other, known_context(other.grid, np.linalg.inv(MOVED))), turned)
    for name, value in one.items():
        assert same[name] == pytest.approx(value, rel=0.01, abs=0.01), name


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 50), st.integers(0, 50))
def test_voxels_changed_outside_are_counted_exactly(made, inside, outside):
    scan, context = made
    places = np.argwhere(scan.volume > 0)
    mask = nothing(made)
    mask[tuple(places[:inside].T)] = True
    stored = apply(scan, removal(mask)).stored.copy()
    stored[tuple(places[1000 : 1000 + outside].T)] += 1
    found = measure(scan, replace(scan, stored=stored), removal(mask), context)
    assert found["changed_outside"].value == outside


def test_change_of_dtype_shape_or_one_volume_of_a_series_is_a_change():
    series = scan_from_arrays(np.zeros((3, 3, 3), np.int16), np.eye(4))
    series = replace(series, stored=np.zeros((3, 3, 3, 4), np.int16))
    other = series.stored.copy()
    other[1, 2, 0, 3] = 7
    assert np.argwhere(changed_voxels(series, replace(series, stored=other))).tolist() == [[1, 2, 0]]
    assert changed_voxels(series, replace(series, stored=series.stored.astype(np.int32))).all()
    assert changed_voxels(series, replace(series, stored=series.stored[..., :3])).all()


def test_nan_that_stays_nan_has_not_changed():
    values = np.full((2, 2, 2), np.nan, np.float32)
    scan = replace(scan_from_arrays(np.zeros((2, 2, 2), np.float32), np.eye(4)), stored=values)
    other = values.copy()
    other[1, 0, 1] = 0.0
    assert np.argwhere(changed_voxels(scan, replace(scan, stored=other))).tolist() == [[1, 0, 1]]


def test_features_out_of_view_are_not_seen_and_those_in_view_are():
    """The lower half of the head, mouth and nose, lies outside the field of view."""
    scan = template_scan()
    start = round(float((scan.grid.to_voxel @ (0, 0, -45.0, 1))[2]))
    affine = scan.grid.affine.copy()
    affine[2, 3] += start * affine[2, 2]
    upper = scan_from_arrays(scan.stored[:, :, start:], affine)
    shares = visible(measured((upper, known_context(upper.grid)), np.zeros(upper.grid.shape, bool)))
    assert shares[Feature.MOUTH] == 0
    assert shares[Feature.LEFT_EYE] > 0.9
    assert shares[Feature.RIGHT_EYE] > 0.9


def test_where_nothing_stands_out_the_features_are_unknown(made):
    empty = scan_from_arrays(np.zeros(made[0].grid.shape, np.int16), made[0].grid.affine)
    found = measure(empty, empty, removal(nothing(made)), made[1])
    assert all(found[visible_name(feature)].value is None for feature in Feature)


def test_the_network_is_heard_beside_the_registrations():
    scan = template_scan()
    context = known_context(scan.grid, seen=seen_template())
    whole = measure(scan, scan, removal(np.zeros(scan.grid.shape, bool)), context)
    assert whole["brain_agreement"].value > 0.98
    assert all(whole[seen_name(feature)].value > 0.7 for feature in Feature)
    taken = METHODS["template"].removal(scan, context, DefaceSettings())
    defaced = measure(scan, apply(scan, taken), taken, context)
    assert all(defaced[seen_name(feature)].value < 0.3 for feature in Feature)
    assert defaced["brain_lost_ml"].value == 0


def test_brain_that_the_network_alone_sees_counts():
    scan = template_scan()
    seen = replace(seen_template(), labels=np.roll(seen_template().labels, 30, axis=1))
    context = known_context(scan.grid, seen=seen)
    front = load_template().skin_mm < -8
    front[:, : front.shape[1] * 3 // 4] = False
    taken = removal(front & ~context.brain & ~context.check_brain)
    found = measure(scan, apply(scan, taken), taken, context)
    assert found["brain_lost_ml"].value > 1
    assert found["brain_agreement"].value < 0.8
