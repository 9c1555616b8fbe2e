"""What is outside the mask stays as it is, to the bit, whatever the file's kind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from defacto.deface import apply
from defacto.deface.apply import air_value
from defacto.errors import StepError
from defacto.io.arrays import scan_from_arrays
from defacto.types import Grid, Removal, Scan

CODES = [
    "u1",
    "i1",
    "<i2",
    ">i2",
    "<u2",
    ">u2",
    "<i4",
    ">i4",
    "<u4",
    ">u4",
    "<i8",
    ">f4",
    "<f4",
    ">f8",
    "<f8",
]
slopes = st.sampled_from([1.0, 0.5, -0.25, 2.4, 1e-3])
intercepts = st.sampled_from([0.0, -1024.0, 10.0, 0.3])


def removal(mask, replacement=None):
    return Removal(mask, "made", "1", {}, replacement)


def made_scan(stored, slope=1.0, intercept=0.0):
    header = scan_from_arrays(np.zeros((2, 2, 2), np.uint8), np.eye(4)).header
    stored.flags.writeable = False
    return Scan(stored, Grid(stored.shape[:3], np.eye(4)), header, slope, intercept)


@st.composite
def scans(draw, codes=tuple(CODES)):
    dtype = np.dtype(draw(st.sampled_from(codes)))
    shape = draw(array_shapes(min_dims=3, max_dims=4, max_side=4))
    elements = (
        st.floats(width=dtype.itemsize * 8, allow_subnormal=False)
        if dtype.kind == "f"
        else st.integers(int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    )
    stored = draw(arrays(dtype.newbyteorder("="), shape, elements=elements)).astype(dtype, order="F")
    return made_scan(stored, draw(slopes), draw(intercepts))


@st.composite
def scans_with_masks(draw, **options):
    scan = draw(scans(**options))
    return scan, draw(arrays(bool, scan.stored.shape[:3]))


def bits(stored):
    return np.ascontiguousarray(stored).view(f"V{stored.dtype.itemsize}")


@given(scans_with_masks())
def test_voxels_outside_the_mask_are_the_same_bit_for_bit(made):
    scan, mask = made
    result = apply(scan, removal(mask))
    assert result.stored.dtype == scan.stored.dtype
    assert result.stored.dtype.byteorder == scan.stored.dtype.byteorder
    assert (bits(result.stored)[~mask] == bits(scan.stored)[~mask]).all()


@given(scans_with_masks())
def test_geometry_scaling_and_header_are_the_same(made):
    scan, mask = made
    result = apply(scan, removal(mask))
    assert (result.grid, result.header, result.slope, result.intercept) == (
        scan.grid,
        scan.header,
        scan.slope,
        scan.intercept,
    )


@given(scans_with_masks())
def test_input_is_not_changed_and_result_cannot_be(made):
    scan, mask = made
    before = scan.stored.tobytes()
    result = apply(scan, removal(mask))
    assert scan.stored.tobytes() == before
    assert not result.stored.flags.writeable


@given(scans_with_masks())
def test_every_removed_voxel_of_every_volume_is_air(made):
    scan, mask = made
    result = apply(scan, removal(mask))
    air = air_value(scan)
    assert (bits(result.stored)[mask] == bits(np.asarray(air, scan.stored.dtype).reshape(1))).all()


@given(scans())
def test_air_is_intensity_0_where_that_is_in_range_else_the_darkest_there_is(scan):
    finite = scan.stored[np.isfinite(scan.stored)]
    air = np.float64(air_value(scan))
    assert np.isfinite(air)
    if finite.size == 0:
        return
    zero = -scan.intercept / scan.slope
    within = np.float64(finite.min()) <= zero <= np.float64(finite.max())
    if within and (scan.stored.dtype.kind == "f" or zero == round(zero)):
        assert air == scan.stored.dtype.type(zero)
    else:
        assert air == (finite.max() if scan.slope < 0 else finite.min())


@pytest.mark.parametrize(
    ("values", "dtype", "slope", "intercept", "air"),
    [
        ([0, 5, 9], "u1", 1.0, 0.0, 0),
        ([-5, 5, 9], "i2", 1.0, 0.0, 0),
        ([3, 5, 9], "u1", 1.0, 0.0, 3),
        ([-9, -5, -3], "i2", 1.0, 0.0, -9),
        ([0, 1024, 4000], "i2", 1.0, -1024.0, 1024),
        ([0, 1000, 4000], "i2", 1.0, 10.0, 0),
        ([-4000, -5, 10], "i2", -1.0, 20.0, 10),
        ([np.nan, 2.5, np.inf], "f4", 1.0, 0.0, 2.5),
        ([np.nan, -2.5, 7.0], "f4", 1.0, 0.0, 0.0),
        ([1.0, 2.0, 3.0], "f4", 0.5, -1.0, 2.0),
    ],
)
def test_air(values, dtype, slope, intercept, air):
    scan = made_scan(np.array(values, dtype).reshape(3, 1, 1), slope, intercept)
    assert air_value(scan) == air


def test_scan_without_a_finite_value_is_still_filled():
    scan = made_scan(np.full((2, 2, 2), np.nan, "<f4"))
    assert (apply(scan, removal(np.ones((2, 2, 2), bool))).stored == 0).all()


@given(scans_with_masks(codes=("u1", "<i2", ">i2", "<u2", ">f4", "<f8")), st.floats(-1e6, 1e6))
def test_replacement_takes_the_place_of_what_is_removed_and_only_there(made, value):
    scan, mask = made
    result = apply(scan, removal(mask, np.full(mask.shape, value, np.float32)))
    raw = (np.float64(np.float32(value)) - scan.intercept) / scan.slope
    if scan.stored.dtype.kind in "iu":
        limits = np.iinfo(scan.stored.dtype)
        raw = np.clip(raw, limits.min, limits.max)
    assert np.allclose(result.stored[mask], raw, rtol=1e-5, atol=1.0)
    assert (bits(result.stored)[~mask] == bits(scan.stored)[~mask]).all()


def test_mask_of_another_shape_is_refused():
    scan = made_scan(np.zeros((3, 4, 5), np.int16))
    with pytest.raises(StepError, match=r"\(3, 4, 5\).*\(5, 4, 3\)"):
        apply(scan, removal(np.zeros((5, 4, 3), bool)))
