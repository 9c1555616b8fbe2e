import gzip
import os
import re
import socket
import struct
import tracemalloc

import numpy as np
import pytest
from volume_files import mgh_bytes, nifti_bytes, oblique, put, values

from defacto.errors import VolumeError
from defacto.io import memory
from defacto.io.content import Content
from defacto.io.volume import check_link, read, scan_from_arrays

GOOD = nifti_bytes(values((6, 7, 8), "i2"), oblique())
GOOD_MGH = mgh_bytes(values((6, 7, 8), "i2"), oblique())


def refusal(path, **options):
    """Return the one sentence with which a file is refused."""
    with pytest.raises(VolumeError) as caught:
        read(path, **options)
    sentence = str(caught.value)
    assert sentence.startswith(f"{options.get('name', path.name)}: expected ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert str(path.parent) not in sentence
    assert caught.value.__cause__ is None
    return sentence


@pytest.fixture
def unloaded(monkeypatch):
    """Fail where voxels are loaded."""
    monkeypatch.setattr(Content, "fill", lambda *_: pytest.fail("the voxels were loaded"))


def refused_header(tmp_path, said, suffix=".nii.gz", version=1, **fields):
    for order in "<>":
        content = nifti_bytes(values((6, 7, 8), "i2"), oblique(), version=version, order=order, **fields)
        assert re.search(said, refusal(put(tmp_path / f"a{suffix}", content)))


@pytest.mark.usefixtures("unloaded")
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ("got a picture of 6 x 7 voxels", {"dim": [2, 6, 7, 1, 1, 1, 1, 1]}),
        ("got a picture of 6 x 7 x 1 voxels", {"dim": [3, 6, 7, 1, 1, 1, 1, 1]}),
        ("got a picture of 6 x 7 x 1 x 8", {"dim": [4, 6, 7, 1, 8, 1, 1, 1]}),
        ("in 5 dimensions", {"dim": [5, 6, 7, 8, 1, 3, 1, 1]}),
        ("dimensions of at least 1, got 6 x 0 x 8", {"dim": [3, 6, 0, 8, 1, 1, 1, 1]}),
        ("dimensions of at least 1, got 6 x -7 x 8", {"dim": [3, 6, -7, 8, 1, 1, 1, 1]}),
        ("3 or 4 dimensions, got 0", {"dim": [0, 6, 7, 8, 1, 1, 1, 1]}),
        ("3 or 4 dimensions, got 9", {"dim": [9, 6, 7, 8, 1, 1, 1, 1]}),
        ("truncated", {"dim": [3, 6, 7, 9, 1, 1, 1, 1]}),
        ("unknown bytes follow", {"dim": [3, 6, 7, 7, 1, 1, 1, 1]}),
        ("8 GB, got 9000 x 9000 x 9000 voxels of int16", {"dim": [3, 9000, 9000, 9000, 1, 1, 1, 1]}),
        ("got RGB ones", {"datatype": 128, "bitpix": 24}),
        ("got RGBA ones", {"datatype": 2304, "bitpix": 32}),
        ("got complex64 ones", {"datatype": 32, "bitpix": 64}),
        ("got float128 ones", {"datatype": 1536, "bitpix": 128}),
        ("got one-bit ones", {"datatype": 1, "bitpix": 1}),
        ("got undefined ones", {"datatype": 9999}),
        ("16 bits for a voxel of int16, got 32", {"bitpix": 32}),
        ("got one with NaN", {"srow_x": [np.nan, 0, 0, 0]}),
        ("got one with NaN", {"srow_y": [0, 0, 0, np.inf]}),
        ("got a singular one", {"srow_x": [1, 0, 0, 0], "srow_y": [1, 0.01, 0, 0], "srow_z": [0, 1, 1, 0]}),
        ("voxels of 0.02 to 50 mm, got 0 x 0", {"srow_x": [0] * 4, "srow_y": [0] * 4, "srow_z": [0] * 4}),
        ("voxels of 0.02 to 50 mm, got 1e", {"srow_x": [1e20, 0, 0, 0]}),
        ("within 10000 mm, got one 2e", {"sform_code": 0, "qoffset_z": -2e7}),
        ("quaternion", {"sform_code": 0, "quatern_b": 0.9, "quatern_c": 0.9}),
        ("NaN", {"sform_code": 0, "quatern_b": np.nan}),
        ("0.02 to 50 mm", {"sform_code": 0, "qform_code": 0, "pixdim": [1, 0, 1, 1, 1, 1, 1, 1]}),
        ("0.02 to 50 mm", {"xyzt_units": 1}),
        ("got unit code 5", {"xyzt_units": 5}),
        ("finite intercept", {"slope": 2.0, "intercept": np.inf}),
        ("the voxels at byte", {"vox_offset": 0}),
        ("the voxels at byte", {"vox_offset": 2**30}),
        ("without the NIfTI mark", {"magic": b""}),
        ("got the header of a pair", {}),
    ],
)  # fmt: skip
def test_a_header_is_refused_before_the_voxels_are_read(tmp_path, said, fields, version):
    if not fields:
        fields = {"magic": b"ni1" if version == 1 else b"ni2\0\r\n\x1a\n"}
    refused_header(tmp_path, said, version=version, **fields)
    refused_header(tmp_path, said, version=version, suffix=".nii", **fields)


@pytest.mark.usefixtures("unloaded")
@pytest.mark.parametrize("offset", [np.nan, np.inf, 352.5, -352])
def test_a_voxel_offset_that_is_no_place_is_refused(tmp_path, offset):
    refused_header(tmp_path, "the voxels at byte", vox_offset=offset)


@pytest.mark.usefixtures("unloaded")
@pytest.mark.parametrize("size", [-1, 0, 7, 4096])
def test_an_extension_of_a_wrong_size_is_refused(tmp_path, size):
    content = bytearray(nifti_bytes(values((6, 7, 8), "i2"), oblique(), extensions=[(6, b"x" * 24)]))
    content[352:356] = struct.pack("<i", size)
    assert "a header extension of 8 to" in refusal(put(tmp_path / "a.nii", bytes(content)))


@pytest.mark.usefixtures("unloaded")
@pytest.mark.parametrize(
    ("said", "position", "value"),
    [
        ("version 1", 0, 2),
        ("at least 1, got -6 x 7 x 8", 4, -6),
        ("at least 1, got 6 x 7 x 8 x 0", 16, 0),
        ("got type code 7", 20, 7),
        ("takes at most 8 GB", 16, 2**31 - 1),
        ("truncated", 12, 9),
    ],
)
def test_an_mgh_header_is_refused_before_the_voxels_are_read(tmp_path, said, position, value):
    content = GOOD_MGH[:position] + struct.pack(">i", value) + GOOD_MGH[position + 4 :]
    for name in ("a.mgh", "a.mgz"):
        assert said in refusal(put(tmp_path / name, content))


def test_an_mgh_whose_footer_has_no_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("defacto.io.volume.MAX_BESIDES", 100)
    for name in ("a.mgh", "a.mgz"):
        assert "unknown bytes follow" in refusal(put(tmp_path / name, GOOD_MGH + bytes(101)))


@pytest.mark.usefixtures("unloaded")
@pytest.mark.parametrize("length", [1, 3, 100, 348, 352, 360, len(GOOD) - 1])
def test_a_truncated_file_is_refused_unread(tmp_path, length):
    assert "truncated" in refusal(put(tmp_path / "a.nii", GOOD[:length]))
    assert "truncated" in refusal(put(tmp_path / "b.nii.gz", GOOD[:length]))


@pytest.mark.usefixtures("unloaded")
@pytest.mark.parametrize("left", [1, 5, 8, 9, 200, 600])
def test_a_truncated_gzip_is_refused_unread(tmp_path, left):
    path = put(tmp_path / "a.nii.gz", GOOD)
    path.write_bytes(path.read_bytes()[:-left])
    assert "truncated" in refusal(path)


def test_wrong_bytes_in_a_gzip_are_refused(tmp_path):
    path = put(tmp_path / "a.nii.gz", GOOD)
    data = bytearray(path.read_bytes())
    data[-6] ^= 1
    path.write_bytes(bytes(data))
    assert "checksum" in refusal(path)
    path.write_bytes(gzip.compress(GOOD) + b"garbage behind the last member")
    assert "sound gzip stream" in refusal(path)
    path.write_bytes(gzip.compress(GOOD) + gzip.compress(b"more"))
    assert "unknown bytes follow" in refusal(path)


def test_a_gzip_that_lies_about_its_length_is_refused(tmp_path):
    lying = gzip.compress(GOOD[:-50])
    path = tmp_path / "a.nii.gz"
    path.write_bytes(lying[:-4] + struct.pack("<I", len(GOOD)))
    assert "checksum" in refusal(path)


@pytest.mark.usefixtures("unloaded")
def test_a_gzip_bomb_takes_no_memory(tmp_path):
    path = tmp_path / "a.nii.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(GOOD)
        for _ in range(256):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    assert "unknown bytes follow" in refusal(path)
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("value", [0, 7, np.nan, np.inf])
@pytest.mark.parametrize("code", ["f4", "f8", "i2"])
def test_an_empty_picture_is_refused(tmp_path, value, code):
    if code == "i2" and not np.isfinite(value):
        value = 1
    data = np.full((5, 5, 5), value, code)
    path = put(tmp_path / "a.nii.gz", nifti_bytes(data, oblique()))
    assert "in every voxel" in refusal(path)
    np.testing.assert_array_equal(read(path, allow_blank=True).stored, data)


@pytest.mark.parametrize(
    ("code", "slope", "intercept"), [("f8", 1e36, 0), ("i2", 1e30, 0), ("i2", 1.0, 1e35)]
)
def test_intensities_beyond_float32_are_refused(tmp_path, code, slope, intercept):
    data = np.arange(60).reshape(3, 4, 5).astype(code)
    path = put(tmp_path / "a.nii.gz", nifti_bytes(data, oblique(), slope=slope, intercept=intercept))
    assert "intensities up to 1e+30" in refusal(path)


def test_a_scaling_that_leaves_one_intensity_is_refused(tmp_path):
    data = np.arange(60).reshape(3, 4, 5).astype("i2")
    path = put(tmp_path / "a.nii.gz", nifti_bytes(data, oblique(), slope=1e-6, intercept=1e6))
    assert "in every voxel" in refusal(path)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.mgh", "a.mgz", "a.hdr", "a.img"])
def test_text_under_the_name_of_a_volume_is_refused(tmp_path, name):
    (tmp_path / name).write_text("subject\tage\nJohn Doe\t42\n" * 100)
    (tmp_path / "a.hdr").write_text("subject\tage\nJohn Doe\t42\n" * 100)
    assert "John" not in refusal(tmp_path / name)


def test_other_files_are_told_what_they_are(tmp_path):
    for name in ("a.nii", "b.nii.gz"):
        (tmp_path / name).write_bytes(bytes(128) + b"DICM" + bytes(500))
        assert "got a DICOM file" in refusal(tmp_path / name)
    (tmp_path / "c.nii").write_bytes(gzip.compress(GOOD))
    assert "add .gz" in refusal(tmp_path / "c.nii")
    (tmp_path / "d.nii.gz").write_bytes(GOOD)
    assert "not compressed" in refusal(tmp_path / "d.nii.gz")
    (tmp_path / "e.nii.gz").touch()
    assert "empty file of 0 bytes" in refusal(tmp_path / "e.nii.gz")
    (tmp_path / "f.dcm").write_bytes(GOOD)
    assert "a name that ends in" in refusal(tmp_path / "f.dcm")
    (tmp_path / "g.mgh").write_bytes(GOOD)
    assert "MGH header" in refusal(tmp_path / "g.mgh")
    (tmp_path / "h.hdr").write_bytes(GOOD)
    assert "name it .nii" in refusal(tmp_path / "h.hdr")


def test_what_is_no_file_is_refused_without_waiting(tmp_path):
    (tmp_path / "folder.nii").mkdir()
    os.mkfifo(tmp_path / "pipe.nii.gz")
    (tmp_path / "device.nii").symlink_to("/dev/zero")
    (tmp_path / "nowhere.nii").symlink_to("absent.nii")
    (tmp_path / "circle.nii").symlink_to("circle.nii")
    for name, said in {
        "folder.nii": "got a folder",
        "pipe.nii.gz": "got a named pipe",
        "device.nii": "got a device",
        "nowhere.nii": "No such file",
        "circle.nii": "symbolic links",
        "absent.nii": "No such file",
    }.items():
        assert said in refusal(tmp_path / name)
    folder = os.open(tmp_path, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{folder}/socket.nii")
        refusal(tmp_path / "socket.nii")
    os.close(folder)


def test_the_caller_chooses_the_name_in_the_sentence(tmp_path):
    path = put(tmp_path / "John_Doe.nii.gz", GOOD[:400])
    assert "John" not in refusal(path, name="sub-01_T1w")


@pytest.mark.usefixtures("unloaded")
def test_memory_that_is_not_there_is_not_taken(tmp_path, monkeypatch):
    path = put(tmp_path / "a.nii.gz", GOOD)
    assert "raise the setting input.max_memory_gb" in refusal(path, max_memory_gb=1e-6)
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    assert "run fewer scans at once" in refusal(path)


def test_memory_of_the_container_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    assert memory.available_bytes() is None
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    8000 kB\n")
    assert memory.available_bytes() == 8000 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("5000\n")
    assert memory.available_bytes() == 8000 * 1024
    (tmp_path / "memory.max").write_text("9000\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 700\n")
    assert memory.available_bytes() == 9000 - 5000 + 700


@pytest.mark.parametrize(
    ("shape", "code", "affine"),
    [
        ((4, 4), "u1", np.eye(4)),
        ((4, 4, 0), "u1", np.eye(4)),
        ((4, 4, 4), "c8", np.eye(4)),
        ((4, 4, 4), "f4", np.zeros((4, 4))),
        ((4, 4, 4), "f4", np.eye(3)),
    ],
)
def test_arrays_that_are_no_volume_are_refused(shape, code, affine):
    with pytest.raises(VolumeError, match="expected"):
        scan_from_arrays(np.zeros(shape, code), affine)


def test_links_may_not_leave_the_input_folder(tmp_path):
    root, outside = tmp_path / "bids", tmp_path / "outside.nii"
    (root / "annex").mkdir(parents=True)
    outside.touch()
    (root / "annex" / "key").touch()
    (root / "inside.nii").symlink_to("annex/key")
    (root / "leaves.nii").symlink_to(outside)
    (root / "up").symlink_to(tmp_path)
    (root / "nowhere.nii").symlink_to("absent")
    (root / "circle.nii").symlink_to("circle.nii")
    (tmp_path / "alias").symlink_to(root)
    check_link(root / "inside.nii", root)
    check_link(tmp_path / "alias" / "inside.nii", root)
    check_link(root / "inside.nii", tmp_path / "alias")
    for name, said in {
        "leaves.nii": "leaves it",
        "up/outside.nii": "leaves it",
        "nowhere.nii": "leads nowhere",
        "circle.nii": "leads nowhere",
    }.items():
        with pytest.raises(VolumeError, match=said) as caught:
            check_link(root / name, root)
        assert str(tmp_path) not in str(caught.value)
