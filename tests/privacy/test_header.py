import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defacto.io import nifti_header
from defacto.io.volume import read, scan_from_arrays, to_bytes, write
from defacto.privacy.header import clean, findings
from defacto.types import Header

sys.path.append(str(Path(__file__).parents[1] / "io"))
from volume_files import content_of, mgh_bytes, nifti_bytes, oblique, put, values

SECRET = b"DOE^JOHN 19560703 /home/doe"
TEXT_FIELDS = {"descrip": SECRET, "aux_file": SECRET[:24], "intent_name": SECRET[:16], "db_name": SECRET[:18]}
HEADS = Path(__file__).parents[3] / "shared" / "data" / "heads"


def told(tmp_path, version=1, order="<", code=6, **fields):
    """Return a scan whose header says who it is, wherever it can."""
    extensions = [(code, SECRET.ljust(40, b"\0")), (20, np.float32(1000).tobytes().ljust(8, b"\0"))]
    content = nifti_bytes(
        values((4, 5, 6), "i2"),
        oblique(),
        version=version,
        order=order,
        extensions=extensions,
        **{name: text for name, text in TEXT_FIELDS.items() if version == 1 or name != "db_name"},
        **fields,
    )
    return read(put(tmp_path / "a.nii", content))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("version", [1, 2])
def test_nothing_of_the_text_is_left_in_the_file(tmp_path, version, order):
    scan = told(tmp_path, version, order)
    assert set(findings(scan)) >= {"descrip", "aux_file", "intent_name", "extension 6 (comment)"}
    write(tmp_path / "b.nii.gz", clean(scan))
    content = content_of(tmp_path / "b.nii.gz")
    for word in (SECRET, *SECRET.split(), b"DOE", b"JOHN"):
        assert word in to_bytes(scan)
        assert word not in content


@pytest.mark.parametrize("version", [1, 2])
def test_geometry_scaling_and_voxels_are_kept(tmp_path, version):
    scan = told(tmp_path, version, slope=2.0, intercept=1.0)
    write(tmp_path / "b.nii.gz", clean(scan))
    again = read(tmp_path / "b.nii.gz")
    assert again.stored.tobytes(order="F") == scan.stored.tobytes(order="F")
    np.testing.assert_array_equal(again.grid.affine, scan.grid.affine)
    assert (again.slope, again.intercept) == (scan.slope, scan.intercept)
    before, after = (nifti_header.fields_of(each.header.raw) for each in (scan, again))
    changed = {name for name in before.dtype.names if before[name].tobytes() != after[name].tobytes()}
    assert changed <= {*TEXT_FIELDS, "vox_offset"}


@pytest.mark.parametrize(
    "code", [0, 1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 28, 30, 32, 36, 38, 40, 42, 44, 99, -6]
)
def test_extensions_that_may_hold_text_are_dropped(tmp_path, code):
    cleaned = clean(told(tmp_path, code=code))
    assert [kept for kept, _ in cleaned.header.extensions] == [20]


@pytest.mark.parametrize("code", [20, 22, 24, 26, 34])
@pytest.mark.parametrize("text", ["John Doe", "1956"])
@pytest.mark.parametrize("encoding", ["ascii", "utf-16-le", "utf-16-be"])
def test_text_in_an_extension_for_numbers_is_dropped(code, text, encoding):
    scan = scan_from_arrays(values((4, 5, 6), "i2"), oblique())
    content = text.encode(encoding).ljust(24, b"\0")
    told = replace(scan, header=Header(scan.header.format, scan.header.raw, ((code, content),)))
    assert not clean(told).header.extensions
    assert len(findings(told)) == 1


def test_a_gap_before_the_voxels_is_blanked(tmp_path):
    content = nifti_bytes(values((4, 5, 6), "i2"), oblique(), vox_offset=512)
    path = put(tmp_path / "a.nii", content[:352] + SECRET.ljust(160) + content[352:])
    assert SECRET not in to_bytes(read(path))


def test_of_an_mgh_only_numbers_are_left(tmp_path):
    numbers = np.array([2300, 0.15, 2.98, 900], ">f4").tobytes()
    content = mgh_bytes(values((4, 5, 6), "i2"), oblique(), footer=numbers + bytes(4) + b"\0\0\0\3" + SECRET)
    content = content[:100] + SECRET + content[100 + len(SECRET) :]
    scan = read(put(tmp_path / "a.mgz", content))
    assert findings(scan) == ("unused header bytes", "MGH tags")
    cleaned = clean(scan)
    assert findings(cleaned) == ()
    assert cleaned.header.footer == numbers
    for name in ("b.mgz", "b.nii.gz"):
        write(tmp_path / name, cleaned)
        assert b"DOE" not in content_of(tmp_path / name)
        np.testing.assert_array_equal(read(tmp_path / name).stored, scan.stored)
    np.testing.assert_array_equal(read(tmp_path / "b.mgz").grid.affine, scan.grid.affine)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 60), st.binary(min_size=8, max_size=8)), max_size=4))
def test_cleaning_twice_is_cleaning_once(parts):
    scan = scan_from_arrays(values((4, 5, 6), "i2"), oblique())
    raw = nifti_header.replace_fields(scan.header.raw, descrip=SECRET, regular=b"r")
    once = clean(replace(scan, header=Header("nifti1", raw, tuple(parts))))
    assert findings(once) == ()
    again = clean(once).header
    assert (again.raw, again.extensions) == (once.header.raw, once.header.extensions)


@pytest.mark.real
@pytest.mark.skipif(not HEADS.exists(), reason="needs ../shared/data/heads")
def test_real_headers_are_cleaned(tmp_path):
    for path in sorted(HEADS.glob("*.nii.gz")):
        scan = read(path)
        cleaned = clean(scan)
        assert findings(cleaned) == ()
        write(tmp_path / "a.nii.gz", cleaned)
        again = read(tmp_path / "a.nii.gz")
        assert again.stored.tobytes() == scan.stored.tobytes()
        np.testing.assert_array_equal(again.grid.affine, scan.grid.affine)
