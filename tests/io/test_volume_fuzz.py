"""Broken files: each is read as a sane scan or refused with a VolumeError; nothing else may happen."""

import gc
import gzip
import tracemalloc

import numpy as np
import pytest
from volume_files import mgh_bytes, nifti_bytes, oblique, values

from defacto.errors import VolumeError
from defacto.io.volume import read, to_bytes

SPECIAL = (
    0,
    1,
    -1,
    2,
    7,
    348,
    540,
    2**15 - 1,
    -(2**15),
    2**31 - 1,
    -(2**31),
    0x7FC00000,
    0x7F800000,
    0x7F7FFFFF,
)


def sources():
    """Return suffix, content and size of the header of each kind of file."""
    data, affine = values((9, 8, 7), "i2"), oblique()
    extension = [(6, b"x" * 24)]
    return {
        "nifti1": (".nii", nifti_bytes(data, affine, extensions=extension), 392),
        "nifti1 big-endian": (".nii", nifti_bytes(data.astype("f4"), affine, order=">"), 352),
        "nifti1 gzip": (".nii.gz", nifti_bytes(data.astype("f8"), affine, slope=2.0), 352),
        "nifti2": (".nii", nifti_bytes(data, affine, version=2, extensions=extension), 584),
        "nifti2 gzip": (".nii.gz", nifti_bytes(data.astype("u1"), affine, version=2, order=">"), 544),
        "mgh": (".mgh", mgh_bytes(data, affine, footer=bytes(20) + b"mri_convert /home/x"), 90),
        "mgz": (".mgz", mgh_bytes(data.astype("f4"), affine), 90),
    }


def break_header(content, size, generator):
    """Put special numbers, random bytes or flipped bits into a header."""
    data = bytearray(content)
    for _ in range(generator.integers(1, 4)):
        position = int(generator.integers(0, size - 8))
        match generator.integers(0, 4):
            case 0:
                data[position] ^= 1 << int(generator.integers(0, 8))
            case 1:
                data[position : position + 4] = generator.bytes(4)
            case 2:
                width = int(generator.choice([2, 4, 8]))
                number = int(generator.choice(SPECIAL)) % (1 << 8 * width)
                order = generator.choice(["little", "big"])
                data[position : position + width] = number.to_bytes(width, order)
            case _:
                position -= position % 2
                data[position : position + 8] = generator.bytes(8)
    return bytes(data)


def broken_file(suffix, content, size, generator):
    """Return the bytes of a file with a broken header, a broken gzip stream, or a part missing."""
    how = generator.integers(0, 10)
    if how < 7:
        content = break_header(content, size, generator)
    elif how == 7:
        content = content[: generator.integers(0, len(content))]
    if suffix.endswith("z"):
        content = gzip.compress(content, 1)
        if how >= 8:
            data = bytearray(content)
            data[int(generator.integers(0, len(data)))] ^= int(generator.integers(1, 256))
            content = bytes(data)
    if how == 9:
        content = content[: generator.integers(0, len(content))]
    return content


def try_to_read(path):
    """Return whether the file was read, after a look at what was read."""
    try:
        scan = read(path)
    except VolumeError as error:
        sentence = str(error)
        assert sentence.startswith(f"{path.name}: expected ")
        assert str(path.parent) not in sentence
        assert len(sentence) < 400
        return False
    assert scan.stored.shape[:3] == scan.grid.shape
    assert np.isfinite(scan.grid.affine).all()
    assert np.isfinite(scan.grid.to_voxel).all()
    assert all(0.02 <= length <= 50 for length in scan.grid.voxel_size_mm)
    assert np.isfinite(scan.volume).all()
    assert scan.volume.min() < scan.volume.max()
    to_bytes(scan)
    return True


def check_broken_files(tmp_path, count):
    """Try so many broken files of every kind in turn, and watch the memory that Python and numpy take."""
    generator = np.random.default_rng(20240229)
    kinds = sources()
    n_read = 0
    tracemalloc.start()
    for number in range(count):
        suffix, content, size = kinds[list(kinds)[number % len(kinds)]]
        path = tmp_path / f"{number}{suffix}"
        path.write_bytes(broken_file(suffix, content, size, generator))
        n_read += try_to_read(path)
        path.unlink()
    gc.collect()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300 << 20
    assert 0 < n_read < count


def test_200_broken_files(tmp_path):
    check_broken_files(tmp_path, 200)


@pytest.mark.slow
def test_2000_broken_files(tmp_path):
    check_broken_files(tmp_path, 2000)


@pytest.mark.parametrize("kind", sources())
def test_the_whole_files_are_read(tmp_path, kind):
    suffix, content, _ = sources()[kind]
    path = tmp_path / f"a{suffix}"
    path.write_bytes(gzip.compress(content) if suffix.endswith("z") else content)
    assert try_to_read(path)
