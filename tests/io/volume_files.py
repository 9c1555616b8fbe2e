"""Volume files made by nibabel, or byte by byte: an independent witness of what ours must read."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import nibabel as nib
import numpy as np

NIFTI_CODES = ("u1", "i2", "i4", "f4", "f8", "i1", "u2", "u4", "i8", "u8")
MGH_CODES = {"u1": 0, "i4": 1, "f4": 3, "i2": 4, "u2": 10}


def values(shape, code, seed=0):
    """Return values of the whole range of a dtype; floating point ones with some NaN and infinite numbers."""
    generator = np.random.default_rng(seed)
    dtype = np.dtype(code)
    if dtype.kind == "f":
        made = generator.normal(300, 200, shape).astype(dtype)
        made.flat[0], made.flat[1] = np.nan, np.inf
        return made
    limits = np.iinfo(dtype)
    return generator.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)


def oblique(seed=0, voxel_mm=(1.0, 0.9, 2.5)):
    """Return an affine with axes in any order and direction, turned a little."""
    generator = np.random.default_rng(seed)
    axes = np.eye(3)[:, generator.permutation(3)] * generator.choice([-1.0, 1.0], 3)
    angle = generator.uniform(-0.4, 0.4)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ axes * np.asarray(voxel_mm)
    affine[:3, 3] = generator.uniform(-120, 120, 3)
    return affine


def nifti_bytes(data, affine, *, version=1, order="<", slope=None, intercept=0.0, extensions=(), **fields):
    """Return a single NIfTI file; what stands in `fields` is put into the header last."""
    kind = nib.Nifti1Header if version == 1 else nib.Nifti2Header
    header = kind(endianness=order)
    header.set_data_dtype(data.dtype.newbyteorder("="))
    header.set_data_shape(data.shape)
    header.set_sform(affine, 1)
    header.set_qform(affine, 1)
    header.set_xyzt_units("mm", "sec")
    header["descrip"] = b"Time=093015.250"
    header["magic"] = header.single_magic
    packed = b"".join(struct.pack(f"{order}ii", 8 + len(text), code) + text for code, text in extensions)
    header["vox_offset"] = header.single_vox_offset + len(packed)
    header["scl_slope"], header["scl_inter"] = (np.nan if slope is None else slope), intercept
    for name, value in fields.items():
        header[name] = value
    voxels = data.astype(data.dtype.newbyteorder(order)).tobytes(order="F")
    return header.binaryblock + bytes([bool(packed), 0, 0, 0]) + packed + voxels


def mgh_bytes(data, affine, *, footer=b"", good=1):
    """Return an MGH file."""
    shape = (*data.shape, 1)[:4]
    lengths = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    centre = affine[:3, :3] @ (np.array(shape[:3]) / 2) + affine[:3, 3]
    code = MGH_CODES[data.dtype.str[1:]]
    header = struct.pack(">7ih", 1, *shape, code, 0, good)
    header += np.concatenate([lengths, (affine[:3, :3] / lengths).T.ravel(), centre]).astype(">f4").tobytes()
    return header.ljust(284, b"\0") + data.astype(data.dtype.newbyteorder(">")).tobytes(order="F") + footer


def put(path: Path, content: bytes) -> Path:
    """Write a content, as gzip where the name says so."""
    path.write_bytes(gzip.compress(content, 1) if path.suffix in {".gz", ".mgz"} else content)
    return path


def content_of(path: Path) -> bytes:
    """Return the uncompressed content of a file."""
    data = path.read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
