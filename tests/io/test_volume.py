import gzip
import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from volume_files import MGH_CODES, NIFTI_CODES, content_of, mgh_bytes, nifti_bytes, oblique, put, values

from defacto.errors import VolumeError
from defacto.io.volume import read, scan_from_arrays, to_bytes, write

HEADS = Path(__file__).parents[3] / "shared" / "data" / "heads"

shapes = st.lists(st.integers(2, 6), min_size=3, max_size=4).map(tuple)
seeds = st.integers(0, 2**16)
extensions = st.lists(
    st.tuples(
        st.integers(50, 99),
        st.integers(1, 4).flatmap(lambda n: st.binary(min_size=16 * n - 8, max_size=16 * n - 8)),
    ),
    max_size=3,
)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(
    shape=shapes,
    trailing=st.integers(0, 2),
    code=st.sampled_from(NIFTI_CODES),
    order=st.sampled_from("<>"),
    version=st.sampled_from([1, 2]),
    slope=st.sampled_from([None, 0.0, 1.0, 0.25, -2.0]),
    parts=extensions,
    suffix=st.sampled_from([".nii", ".nii.gz"]),
    seed=seeds,
)
def test_a_nifti_comes_back_to_the_byte(
    tmp_path, shape, trailing, code, order, version, slope, parts, suffix, seed
):
    data, affine = values(shape, code, seed), oblique(seed)
    stored_shape = shape + (1,) * (trailing if len(shape) == 4 else 2 * trailing)
    content = nifti_bytes(
        data.reshape(stored_shape),
        affine,
        version=version,
        order=order,
        slope=slope,
        intercept=7.0,
        extensions=parts,
    )
    path = put(tmp_path / f"in{suffix}", content)
    scan = read(path)

    assert scan.stored.shape == shape
    assert scan.stored.dtype == np.dtype(code).newbyteorder(order)
    assert scan.stored.tobytes(order="F") == data.astype(scan.stored.dtype).tobytes(order="F")
    np.testing.assert_allclose(scan.grid.affine, nib.load(path).affine, atol=1e-5)
    assert (scan.slope, scan.intercept) == ((slope, 7.0) if slope else (1.0, 0.0))
    assert scan.header.extensions == tuple(parts)
    assert to_bytes(scan) == content

    write(tmp_path / "out.nii.gz", scan)
    assert content_of(tmp_path / "out.nii.gz") == content


@quick
@given(shape=shapes, code=st.sampled_from(sorted(MGH_CODES)), footer=st.binary(max_size=200), seed=seeds)
def test_an_mgh_comes_back_to_the_byte(tmp_path, shape, code, footer, seed):
    data, affine = values(shape, code, seed), oblique(seed)
    content = mgh_bytes(data, affine, footer=footer)
    scan = read(put(tmp_path / "in.mgz", content))

    assert scan.stored.shape == shape
    assert scan.stored.tobytes(order="F") == data.astype(data.dtype.newbyteorder(">")).tobytes(order="F")
    np.testing.assert_allclose(scan.grid.affine, affine, atol=1e-3)
    assert scan.header.footer == footer
    for name in ("out.mgh", "out.mgz"):
        write(tmp_path / name, scan)
        assert content_of(tmp_path / name) == content


@pytest.mark.parametrize("code", sorted(set(MGH_CODES) - {"u2"}))
def test_an_mgh_becomes_a_nifti_with_the_same_voxels_and_affine(tmp_path, code):
    data, affine = values((4, 5, 6, 3), code), oblique(3)
    path = put(tmp_path / "in.mgh", mgh_bytes(data, affine, footer=np.array([2300.0], ">f4").tobytes()))
    scan = read(path)
    write(tmp_path / "out.nii.gz", scan)

    witness, source = nib.load(tmp_path / "out.nii.gz"), nib.load(path)
    np.testing.assert_array_equal(np.asanyarray(witness.dataobj), np.asanyarray(source.dataobj))
    np.testing.assert_allclose(witness.affine, source.affine, atol=1e-5)
    assert witness.header.get_zooms()[3] == pytest.approx(2.3)
    assert to_bytes(scan) == content_of(tmp_path / "out.nii.gz")
    np.testing.assert_array_equal(read(tmp_path / "out.nii.gz").volume, scan.volume)


def test_intensities_are_those_that_nibabel_gives(tmp_path):
    data = values((5, 6, 7), "i2", 1)
    path = put(tmp_path / "a.nii.gz", nifti_bytes(data, oblique(), order=">", slope=0.5, intercept=-3.0))
    np.testing.assert_allclose(read(path).volume, nib.load(path).get_fdata(), rtol=1e-6)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("given_half", [".hdr", ".img"])
def test_a_pair_is_read_as_a_single_file(tmp_path, suffix, given_half):
    data, affine = values((4, 5, 6), "i2"), oblique()
    for ending in ("hdr", "img"):
        assert not (tmp_path / f"a.{ending}").exists()
    nib.save(nib.Nifti1Pair(data, affine), tmp_path / f"a.hdr{suffix}")
    scan = read(tmp_path / f"a{given_half}{suffix}")
    write(tmp_path / "b.nii", scan)
    np.testing.assert_array_equal(scan.stored, data)
    np.testing.assert_array_equal(np.asanyarray(nib.load(tmp_path / "b.nii").dataobj), data)
    np.testing.assert_allclose(nib.load(tmp_path / "b.nii").affine, affine, atol=1e-4)
    assert read(tmp_path / "b.nii").header.raw[344:348] == b"n+1\0"


@pytest.mark.parametrize(("unit", "factor"), [(0, 1.0), (1, 0.001), (2, 1.0), (3, 1000.0)])
def test_lengths_are_mm_whatever_unit_the_file_has(tmp_path, unit, factor):
    affine = oblique()
    scaled = affine.copy()
    scaled[:3] *= factor
    scan = read(put(tmp_path / "a.nii", nifti_bytes(values((4, 4, 4), "u1"), scaled, xyzt_units=unit)))
    np.testing.assert_allclose(scan.grid.affine, affine, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("codes", [(0, 0), (1, 0), (0, 1), (2, 4), (77, 1), (0, 77)])
@pytest.mark.parametrize("qfac", [-1.0, 0.0, 1.0])
def test_the_affine_is_chosen_as_nibabel_does(tmp_path, codes, qfac):
    qform, sform = codes
    path = put(
        tmp_path / "a.nii",
        nifti_bytes(
            values((4, 5, 6), "u1"),
            oblique(5),
            qform_code=qform,
            sform_code=sform,
            pixdim=[qfac, 1, 0.9, 2.5, 1, 1, 1, 1],
            srow_x=[0, 0, 3, 9],
            srow_y=[0, 2, 0, 8],
            srow_z=[1, 0, 0, 7],
        ),
    )
    np.testing.assert_allclose(read(path).grid.affine, nib.load(path).affine, atol=1e-5)


def test_an_mgh_without_orientation_is_read_as_nibabel_does(tmp_path):
    path = put(tmp_path / "a.mgh", mgh_bytes(values((4, 5, 6), "u1"), oblique(), good=0))
    np.testing.assert_allclose(read(path).grid.affine, nib.load(path).affine)


def test_stored_is_read_only_and_one_buffer(tmp_path):
    scan = read(put(tmp_path / "a.nii.gz", nifti_bytes(values((4, 5, 6), "i2"), oblique())))
    assert scan.stored.flags.f_contiguous
    with pytest.raises(ValueError, match="read-only"):
        scan.stored[0, 0, 0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        scan.stored.flags.writeable = True


def test_nan_payloads_survive(tmp_path):
    data = np.arange(60, dtype="f4").reshape(3, 4, 5)
    data.view("u4")[1, 1, :] = [0x7FC0BEEF, 0xFFC01234, 0x7F800001, 0xFFFFFFFF, 0x7F800000]
    content = nifti_bytes(data, oblique())
    content = content[:352] + data.tobytes(order="F")
    scan = read(put(tmp_path / "a.nii", content))
    assert to_bytes(scan) == content
    assert np.isfinite(scan.volume).all()


def test_several_gzip_members_and_zeros_behind_are_read(tmp_path):
    content = nifti_bytes(values((8, 8, 8), "f8"), oblique())
    path = tmp_path / "a.nii.gz"
    path.write_bytes(
        b"".join(gzip.compress(content[n : n + 700]) for n in range(0, len(content), 700)) + bytes(512)
    )
    assert to_bytes(read(path)) == content


def test_the_gzip_header_has_no_time_and_no_name_and_bytes_repeat(tmp_path):
    scan = read(put(tmp_path / "john_doe.nii.gz", nifti_bytes(values((9, 9, 9), "i2"), oblique())))
    for name in ("a.nii.gz", "b.nii.gz"):
        write(tmp_path / name, scan)
    first = (tmp_path / "a.nii.gz").read_bytes()
    assert first[:10] == bytes.fromhex("1f8b08000000000000ff")
    assert first == (tmp_path / "b.nii.gz").read_bytes()


def test_the_order_of_an_array_in_memory_does_not_matter(tmp_path):
    scan = read(put(tmp_path / "a.nii", nifti_bytes(values((4, 5, 6, 2), "i2"), oblique(), order=">")))
    native = np.ascontiguousarray(scan.stored.astype("=i2"))
    for other in (np.ascontiguousarray(scan.stored), native, native[::-1][::-1]):
        assert to_bytes(replace(scan, stored=other)) == to_bytes(scan)


def test_a_header_that_does_not_fit_the_voxels_is_not_written(tmp_path):
    scan = read(put(tmp_path / "a.nii", nifti_bytes(values((4, 5, 6), "i2"), oblique())))
    for stored in (scan.stored[1:], scan.stored.astype("f4")):
        with pytest.raises(VolumeError, match="as the header declares"):
            write(tmp_path / "b.nii", replace(scan, stored=stored))
    assert not (tmp_path / "b.nii").exists()


def test_writing_replaces_whole_files_and_leaves_nothing_behind(tmp_path):
    scan = scan_from_arrays(values((4, 5, 6), "i2"), oblique())
    (tmp_path / "a.nii.gz").write_bytes(b"old")
    write(tmp_path / "a.nii.gz", scan)
    assert to_bytes(read(tmp_path / "a.nii.gz")) == to_bytes(scan)
    with pytest.raises(VolumeError, match=r"^b\.nii cannot be written: No such file"):
        write(tmp_path / "absent" / "b.nii", scan)
    (tmp_path / "c.nii").mkdir()
    with pytest.raises(VolumeError, match=r"^c\.nii cannot be written: Is a directory"):
        write(tmp_path / "c.nii", scan)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.nii.gz", "c.nii"]


def test_the_mode_of_a_written_file_is_that_of_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        write(tmp_path / "a.nii", scan_from_arrays(values((4, 5, 6), "i2"), oblique()))
    finally:
        os.umask(before)
    assert (tmp_path / "a.nii").stat().st_mode & 0o777 == 0o600


def test_the_input_is_not_changed(tmp_path):
    path = put(tmp_path / "a.nii.gz", nifti_bytes(values((4, 5, 6), "i2"), oblique()))
    path.chmod(0o400)
    before = hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns
    read(path)
    assert (hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns) == before


@pytest.mark.parametrize("name", ["b.mgz", "b.mgh", "b.hdr", "b.txt", "b"])
def test_a_format_that_cannot_hold_the_scan_is_said(tmp_path, name):
    with pytest.raises(VolumeError, match=r"cannot be written: expected"):
        write(tmp_path / name, scan_from_arrays(values((4, 5, 6), "i2"), oblique()))


@quick
@given(
    shape=shapes, code=st.sampled_from([*NIFTI_CODES, "b1", "f2"]), order=st.sampled_from("<>"), seed=seeds
)
def test_made_scans_hold_what_was_given(tmp_path, shape, code, order, seed):
    data = values(shape, "u1", seed).astype(bool) if code == "b1" else values(shape, code, seed)
    data, affine = data.astype(data.dtype.newbyteorder(order)), oblique(seed)
    scan = scan_from_arrays(data, affine)
    write(tmp_path / "a.nii", scan)
    witness = nib.load(tmp_path / "a.nii")
    np.testing.assert_array_equal(np.asanyarray(witness.dataobj), data)
    assert witness.get_data_dtype() == {"b1": np.uint8, "f2": np.float32}.get(code, data.dtype)
    for found in (witness.affine, witness.header.get_qform()):
        np.testing.assert_allclose(found, affine, atol=1e-3)
    again = read(tmp_path / "a.nii", allow_blank=True)
    assert to_bytes(again) == to_bytes(scan)
    assert again.header.raw == scan.header.raw


@pytest.mark.parametrize("code", ["u1", "i2", "u4", "i8", "u8"])
def test_floating_point_is_rounded_and_clipped_into_integers(code):
    limits = np.iinfo(code)
    for kind in ("f2", "f4", "f8"):
        data = np.array([0.5, 1.5, 2.6, np.nan, np.inf, -np.inf, 3, 4], kind).reshape(2, 2, 2)
        stored = scan_from_arrays(data, np.eye(4), dtype=code).stored.ravel()
        assert stored[:4].tolist() == [0, 2, 3, 0]
        assert stored[4] > limits.max * 0.99
        assert stored[5] == limits.min


def test_made_scans_do_not_share_memory():
    data = np.zeros((3, 3, 3), np.uint8)
    scan = scan_from_arrays(data, np.eye(4))
    data[:] = 1
    assert not scan.stored.any()


def test_a_skewed_affine_is_kept_in_the_sform(tmp_path):
    affine = np.eye(4)
    affine[0, 1] = 0.4
    write(tmp_path / "a.nii", scan_from_arrays(values((4, 5, 6), "i2"), affine))
    np.testing.assert_allclose(nib.load(tmp_path / "a.nii").affine, affine)
    np.testing.assert_allclose(read(tmp_path / "a.nii").grid.affine, affine)


def test_more_than_32767_voxels_along_an_axis_make_a_nifti2(tmp_path):
    scan = scan_from_arrays(values((2, 2, 40000), "u1"), np.eye(4))
    assert scan.header.format == "nifti2"
    write(tmp_path / "a.nii", scan)
    np.testing.assert_array_equal(np.asanyarray(nib.load(tmp_path / "a.nii").dataobj), scan.stored)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to measure memory")
def test_reading_takes_one_buffer(tmp_path):
    data = values((160, 160, 160), "f8", 1)
    path = put(tmp_path / "a.nii.gz", nifti_bytes(data, np.eye(4)))
    program = (
        "import re, sys; from pathlib import Path; from defacto.io.volume import read;"
        "peak = lambda: 1024 * int(re.search('VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]);"
        "before = peak(); scan = read(Path(sys.argv[1])); print((peak() - before) / scan.stored.nbytes)"
    )
    run = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 1.25


@pytest.mark.real
@pytest.mark.skipif(not HEADS.exists(), reason="needs ../shared/data/heads")
def test_real_scans_come_back_to_the_byte(tmp_path):
    paths = sorted(HEADS.glob("*.nii.gz"))
    assert paths
    for path in paths:
        scan = read(path)
        np.testing.assert_allclose(scan.grid.affine, nib.load(path).affine, atol=1e-4)
        write(tmp_path / "a.nii.gz", scan)
        assert content_of(tmp_path / "a.nii.gz") == content_of(path)
