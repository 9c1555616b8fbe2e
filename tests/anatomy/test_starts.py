import numpy as np
import pytest

from anatomy.heads import motion, moved_scan, template_scan
from defacto.anatomy import load_template
from defacto.anatomy.head import find_head
from defacto.anatomy.registration import distance_mm
from defacto.anatomy.starts import register
from defacto.errors import RegistrationError
from defacto.io.arrays import scan_from_arrays

WITHIN_MM = 6.0


def found(scan, *, thorough=True):
    return register(scan.volume, scan.grid, find_head(scan.volume, scan.grid), thorough=thorough)


@pytest.mark.parametrize(
    ("turns", "scale", "shift"),
    [
        ((30, 0, 0), 1.0, (10, -20, 30)),
        ((0, 0, 180), 1.0, (0, 0, 0)),
        pytest.param((20, -20, 20), 0.9, (200, 200, 200), marks=pytest.mark.slow),
        pytest.param((-30, 0, 0), 1.0, (0, 0, 0), marks=pytest.mark.slow),
        pytest.param((0, 30, 0), 1.1, (0, 0, 0), marks=pytest.mark.slow),
        pytest.param((0, 0, -30), 0.9, (-60, 40, 0), marks=pytest.mark.slow),
    ],
)
def test_known_motion_is_found(turns, scale, shift):
    matrix = motion(turns, scale, shift)
    assert distance_mm(found(moved_scan(matrix)), np.linalg.inv(matrix)) < WITHIN_MM


def test_two_starts_do_for_a_head_that_lies_straight():
    matrix = motion((4, -3, 5), 0.95, (20, -10, 5))
    assert distance_mm(found(moved_scan(matrix), thorough=False), np.linalg.inv(matrix)) < WITHIN_MM


def test_inverted_contrast_is_found():
    template = load_template()
    volume = np.where(template.skin_mm < 0, 1.1 * template.head.max() - template.head, template.head)
    matrix = motion((15, 0, -10), 1.0, (5, 5, 5))
    assert distance_mm(found(moved_scan(matrix, volume)), np.linalg.inv(matrix)) < WITHIN_MM


@pytest.mark.parametrize(
    ("axis", "side"),
    [
        (2, -1),
        *(pytest.param(*each, marks=pytest.mark.slow) for each in ((1, 1), (0, 1), (0, -1), (1, -1), (2, 1))),
    ],
)
def test_partial_field_of_view_is_found(axis, side):
    """A fifth of the head is cut off from one side."""
    scan = template_scan()
    inside = np.flatnonzero((load_template().skin_mm < 0).any(axis=tuple(n for n in range(3) if n != axis)))
    cut = len(inside) // 5
    kept = slice(inside[0] + cut, None) if side < 0 else slice(0, inside[-1] - cut)
    part = tuple(kept if n == axis else slice(None) for n in range(3))
    matrix = motion((5, 5, 5)) @ scan.grid.affine
    matrix[:3, 3] += matrix[:3, axis] * (kept.start or 0)
    cropped = scan_from_arrays(scan.volume[part], matrix, dtype="int16")
    assert distance_mm(found(cropped), np.linalg.inv(motion((5, 5, 5)))) < WITHIN_MM


def test_same_scan_same_registration():
    scan = moved_scan(motion((8, -8, 8)))
    assert np.array_equal(found(scan, thorough=False), found(scan, thorough=False))


def test_without_a_head_there_is_no_registration():
    scan = scan_from_arrays(np.zeros((40, 40, 40), np.int16), np.diag([4.0, 4, 4, 1]))
    with pytest.raises(RegistrationError, match="no head to register"):
        found(scan)


@pytest.mark.slow
def test_what_is_nothing_like_a_head_is_not_registered():
    rng = np.random.default_rng(0)
    scan = scan_from_arrays(rng.normal(100, 20, (50, 50, 50)).astype(np.float32), np.diag([4.0, 4, 4, 1]))
    with pytest.raises(RegistrationError):
        found(scan)
