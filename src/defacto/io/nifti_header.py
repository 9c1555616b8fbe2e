"""Raw NIfTI headers: their fields, copies with changed fields, and the bytes before the voxels of a file."""

from __future__ import annotations

import struct
from typing import Any, Literal

import numpy as np
from nibabel.nifti1 import header_dtype as _dtype_1
from nibabel.nifti2 import header_dtype as _dtype_2

from defacto.errors import VolumeError
from defacto.io.layout import MAX_BESIDES, volume_shape
from defacto.types import Header

Format = Literal["nifti1", "nifti2"]
ByteOrder = Literal["<", ">"]

DTYPES = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    64: "f8",
    256: "i1",
    512: "u2",
    768: "u4",
    1024: "i8",
    1280: "u8",
}
"""Data type codes of volumes that can be defaced."""

REFUSED_DTYPES = {
    0: "unknown",
    1: "one-bit",
    32: "complex64",
    128: "RGB",
    1536: "float128",
    1792: "complex128",
    2048: "complex256",
    2304: "RGBA",
}
"""Data type codes that are known, and refused."""

FORMATS: dict[int, Format] = {348: "nifti1", 540: "nifti2"}
"""Kind of header by its size in bytes, which is also its first field."""

SINGLE_MAGIC = {"nifti1": b"n+1\0", "nifti2": b"n+2\0\r\n\x1a\n"}
"""Mark of a file that holds header and voxels."""

PAIR_MAGIC = {"nifti1": b"ni1\0", "nifti2": b"ni2\0\r\n\x1a\n"}
"""Mark of a header whose voxels are in another file."""

_FIELDS = {348: _dtype_1, 540: _dtype_2}


def byte_order(start: bytes) -> ByteOrder | None:
    """Return the byte order from the first four bytes of a header; None where they are not those of NIfTI."""
    if int.from_bytes(start[:4], "little") in FORMATS:
        return "<"
    return ">" if int.from_bytes(start[:4], "big") in FORMATS else None


def fields_of(raw: bytes) -> Any:
    """Return the fields of a raw header by name, in its own byte order, read-only."""
    return np.frombuffer(raw, dtype=_FIELDS[len(raw)].newbyteorder(byte_order(raw) or "<"))[0]


def replace_fields(raw: bytes, **values: Any) -> bytes:
    """Return a raw header with some fields changed and all other bytes kept."""
    changed = np.frombuffer(raw, dtype=_FIELDS[len(raw)].newbyteorder(byte_order(raw) or "<")).copy()
    for name, value in values.items():
        changed[name] = value
    return changed.tobytes()


def declared_array(header: Header) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape, without trailing ones, and the dtype that a header declares.

    Raises
    ------
    VolumeError
        If they are not those of a volume, or of a series, that can be defaced.
    """
    fields = fields_of(header.raw)
    n_dimensions = int(fields["dim"][0])
    if not 1 <= n_dimensions <= 7:
        raise VolumeError(f"expected 3 or 4 dimensions, got {n_dimensions}; the header is corrupt")
    shape = volume_shape([int(n) for n in fields["dim"][1 : n_dimensions + 1]])
    code, bits = int(fields["datatype"]), int(fields["bitpix"])
    if code not in DTYPES:
        kind = REFUSED_DTYPES.get(code, "undefined")
        raise VolumeError(
            f"expected integer or floating point voxels, got {kind} ones (code {code}); leave it out"
        )
    dtype = np.dtype(DTYPES[code]).newbyteorder(byte_order(header.raw) or "<")
    if bits not in {0, 8 * dtype.itemsize}:
        raise VolumeError(
            f"expected {8 * dtype.itemsize} bits for a voxel of {dtype.name}, got {bits}; "
            "the header is corrupt"
        )
    return shape, dtype


def voxel_offset(header: Header) -> int:
    """Return where the voxels of a written file begin: as declared if there is room, else right behind."""
    needed = len(header.raw) + 4 + sum(8 + len(content) for _, content in header.extensions)
    declared = float(fields_of(header.raw)["vox_offset"])
    if needed <= declared <= MAX_BESIDES and declared.is_integer():
        return int(declared)
    return -(-needed // 16) * 16


def packed(header: Header, *, magic: bool = False) -> Header:
    """Return the header of a single file whose voxels begin right behind the extensions.

    Parameters
    ----------
    header : Header
        Of NIfTI.
    magic : bool
        Whether to change the mark of a pair into that of a single file.
    """
    marks = {"magic": SINGLE_MAGIC[header.format]} if magic else {}
    raw = replace_fields(header.raw, vox_offset=0, **marks)
    offset = voxel_offset(Header(header.format, raw, header.extensions))
    return Header(header.format, replace_fields(raw, vox_offset=offset), header.extensions, header.footer)


def before_voxels(header: Header) -> bytes:
    """Return all bytes of a single file up to its voxels; zeros fill a gap behind the extensions."""
    offset, raw = voxel_offset(header), header.raw
    if float(fields_of(raw)["vox_offset"]) != offset:
        raw = replace_fields(raw, vox_offset=offset)
    parts = [raw, bytes([bool(header.extensions), 0, 0, 0])]
    for code, content in header.extensions:
        parts += [struct.pack(f"{byte_order(raw)}ii", 8 + len(content), code), content]
    return b"".join(parts).ljust(offset, b"\0")
