from dataclasses import replace

import numpy as np
import pytest

from anatomy.heads import seen_template, template_scan
from defacto.anatomy import load_template
from defacto.anatomy.regions import Region
from defacto.io.arrays import scan_from_arrays
from defacto.qc.arrived import look_at


def cut(mask):
    """Return the template without what a mask takes, and what the networks would say of it."""
    scan, seen = template_scan(), seen_template()
    left = scan_from_arrays(
        np.where(mask, 0, scan.stored[..., 0] if scan.stored.ndim == 4 else scan.stored), scan.grid.affine
    )
    return left, replace(seen, labels=np.where(mask, np.uint8(0), seen.labels))


@pytest.fixture(scope="module")
def nothing():
    return np.zeros(load_template().grid.shape, bool)


def test_a_whole_head_shows_all_and_bares_nothing(nothing):
    found = look_at(*cut(nothing))
    assert set(found.features) == {Region.EYES, Region.NOSE, Region.MOUTH, Region.LEFT_EAR, Region.RIGHT_EAR}
    assert found.bare_cm2 < 2
    assert found.brain_ml > 1000


def test_a_defaced_head_shows_its_ears_alone():
    template = load_template()
    found = look_at(*cut(template.face_cut_mm > 0))
    assert set(found.features) == {Region.LEFT_EAR, Region.RIGHT_EAR}
    assert found.bare_cm2 < 20


def test_a_cut_into_the_brain_bares_it(nothing):
    nothing = nothing.copy()
    nothing[:, 3 * nothing.shape[1] // 4 :] = True
    assert look_at(*cut(nothing)).bare_cm2 > 20


def test_a_brain_alone_is_bare_all_around():
    template = load_template()
    found = look_at(*cut(template.p_brain <= 0.5))
    assert found.features == ()
    assert found.bare_cm2 > 300
