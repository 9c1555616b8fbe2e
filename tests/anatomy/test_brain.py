import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defacto.anatomy import load_template
from defacto.anatomy.brain import at_skin, find_brain
from defacto.anatomy.head import hull_mm
from defacto.anatomy.morphology import distance_mm

fractions = st.floats(0.0, 1.0)


def seen(part=slice(None)):
    """The template as a scan of itself, with a part of it outside the field of view."""
    head = load_template().head.copy()
    out = np.ones(head.shape, bool)
    out[:, :, part] = False
    head[out] = np.nan
    return head


@settings(max_examples=3, deadline=None)
@given(fractions)
def test_brain_holds_what_is_expected_and_stays_near_what_any_person_has(fraction):
    template = load_template()
    brain = find_brain(seen(), fraction)
    assert not ((template.p_brain > 0.5) & ~brain).any()
    assert not (brain & (distance_mm(template.p_brain > 0.02) > 8)).any()


@settings(max_examples=4, deadline=None)
@given(fractions, fractions, st.sampled_from([slice(None), slice(40, None), slice(0, 80)]))
def test_lower_fraction_never_gives_a_smaller_brain(one, other, part):
    low, high = sorted((one, other))
    assert not (find_brain(seen(part), high) & ~find_brain(seen(part), low)).any()


def test_lower_fraction_gives_a_larger_brain():
    assert np.count_nonzero(find_brain(seen(), 0.1)) > 1.02 * np.count_nonzero(find_brain(seen(), 0.9))


@pytest.mark.parametrize("unit", [0.01, 300.0])
def test_unit_and_zero_of_the_intensities_do_not_matter(unit):
    changed = find_brain((seen() * np.float32(unit) - np.float32(7)).astype(np.float32), 0.5)
    assert np.count_nonzero(changed ^ find_brain(seen(), 0.5)) < 0.001 * changed.sum()


def test_out_of_view_the_expected_brain_stands():
    expected = load_template().p_brain > 0.5
    assert not (expected & ~find_brain(seen(slice(0, 0)), 0.5)).any()
    assert not (expected & ~find_brain(seen(slice(0, 50)), 0.5)).any()


def test_at_the_skin_lies_no_brain_but_where_the_network_sees_some():
    template = load_template()
    hull, brain = hull_mm(template.head), template.p_brain > 0.5
    rim = at_skin(hull, brain)
    assert not (rim & brain).any()
    assert rim[(hull > -6) & (distance_mm(brain) > 3)].all()
    assert not rim[hull < -6].any()
    assert rim[hull > 0].all()
