"""NIfTI-1 and NIfTI-2: what a header declares, and headers for what is written."""

from __future__ import annotations

import math
import struct
from typing import Any, Literal

import nibabel as nib
import numpy as np
from nibabel.nifti1 import header_dtype as _dtype_1
from nibabel.nifti2 import header_dtype as _dtype_2
from nibabel.spatialimages import HeaderDataError

from defacto.errors import VolumeError
from defacto.io.content import Content
from defacto.io.layout import MAX_BESIDES, Layout, check_affine, volume_shape
from defacto.types import Affine, Header, Scan

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

_REFUSED = {
    0: "unknown",
    1: "one-bit",
    32: "complex64",
    128: "RGB",
    1536: "float128",
    1792: "complex128",
    2048: "complex256",
    2304: "RGBA",
}
_SIZES = {348: ("nifti1", _dtype_1), 540: ("nifti2", _dtype_2)}
_MAGIC = {"nifti1": (b"n+1\0", b"ni1\0"), "nifti2": (b"n+2\0\r\n\x1a\n", b"ni2\0\r\n\x1a\n")}
_HEADERS: dict[str, Any] = {"nifti1": nib.Nifti1Header, "nifti2": nib.Nifti2Header}
_UNITS_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_LARGEST_1 = 32767

Format = Literal["nifti1", "nifti2"]


def read_layout(content: Content, *, pair: bool = False) -> Layout:
    """Read the header and its extensions; the content then stands at the first voxel.

    Parameters
    ----------
    content : Content
        At its first byte.
    pair : bool
        Whether the voxels are in another file; that file is at its first byte then, and `Layout.offset`
        counts in it.

    Raises
    ------
    VolumeError
        If it is no NIfTI header or declares what cannot be defaced.
    """
    start = content.read(4)
    order: Literal["<", ">"] = "<" if int.from_bytes(start, "little") in _SIZES else ">"
    size = int.from_bytes(start, "little" if order == "<" else "big")
    if size not in _SIZES:
        raise VolumeError("expected a NIfTI header, got other bytes; give a NIfTI file or leave it out")
    raw = start + content.read(size - 4)
    fields = fields_of(raw)
    kind: Any = _SIZES[size][0]
    _check_magic(raw, kind, pair)
    shape, dtype = _shape(fields), _data_type(fields, order)
    affine = _affine(raw, fields, order, kind)
    slope, intercept = _scaling(fields)
    offset = _offset(fields, least=0 if pair else size + 4)
    extensions = _extensions(content, order, pair=pair, space=MAX_BESIDES if pair else offset - size - 4)
    header = Header(kind, raw, extensions)
    if pair:
        header = as_single(header)
    return Layout(header, shape, dtype, offset, affine, slope, intercept)


def fields_of(raw: bytes) -> Any:
    """Return the fields of a raw header by name, in its own byte order."""
    order: Literal["<", ">"] = "<" if int.from_bytes(raw[:4], "little") in _SIZES else ">"
    return np.frombuffer(raw, dtype=_SIZES[len(raw)][1].newbyteorder(order))[0]


def replace_fields(raw: bytes, **values: Any) -> bytes:
    """Return a raw header with some fields changed and all other bytes kept."""
    changed = np.array(fields_of(raw))
    for name, value in values.items():
        changed[name] = value
    return changed.tobytes()


def as_single(header: Header) -> Header:
    """Return the header of a pair as that of a single file with room for the extensions."""
    needed = voxel_offset(header)
    raw = replace_fields(header.raw, magic=_MAGIC[header.format][0], vox_offset=needed)
    return Header(header.format, raw, header.extensions, header.footer)


def least_offset(header: Header) -> int:
    """Return where the voxels begin right behind the extensions."""
    return len(header.raw) + 4 + sum(8 + len(content) for _, content in header.extensions)


def voxel_offset(header: Header) -> int:
    """Return where the voxels of a written file begin: as declared if there is room, else right behind."""
    needed, declared = least_offset(header), float(fields_of(header.raw)["vox_offset"])
    if needed <= declared <= MAX_BESIDES and declared.is_integer():
        return int(declared)
    return -(-needed // 16) * 16


def before_voxels(header: Header) -> bytes:
    """Return all bytes of a single file up to its voxels."""
    offset = voxel_offset(header)
    raw = header.raw
    if float(fields_of(raw)["vox_offset"]) != offset:
        raw = replace_fields(raw, vox_offset=offset)
    order = "<" if int.from_bytes(raw[:4], "little") in _SIZES else ">"
    parts = [raw, bytes([bool(header.extensions), 0, 0, 0])]
    for code, content in header.extensions:
        parts += [struct.pack(f"{order}ii", 8 + len(content), code), content]
    return b"".join(parts).ljust(offset, b"\0")


def declared_array(header: Header) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape (without trailing ones) and dtype that the header declares."""
    fields = fields_of(header.raw)
    order: Literal["<", ">"] = "<" if int.from_bytes(header.raw[:4], "little") in _SIZES else ">"
    return _shape(fields), _data_type(fields, order)


def make_header(shape: tuple[int, ...], dtype: np.dtype[Any], affine: Affine) -> Header:
    """Make the header of a new single file, in the byte order of the dtype.

    Raises
    ------
    VolumeError
        If NIfTI does not know the dtype.
    """
    kind: Format = "nifti1" if max(shape) <= _LARGEST_1 else "nifti2"
    if dtype.str[1:] not in DTYPES.values():
        known = ", ".join(np.dtype(code).name for code in DTYPES.values())
        raise VolumeError(f"expected one of {known}, got {dtype.name}; choose one with dtype")
    order: Literal["<", ">"] = ">" if dtype.str[0] == ">" else "<"
    image = _HEADERS[kind](endianness=order)
    image.set_data_shape(shape)
    image.set_data_dtype(dtype.newbyteorder("="))
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=1, strip_shears=True)
    if not np.allclose(image.get_qform(), affine, rtol=0, atol=1e-3):
        image["qform_code"] = 0
    image.set_xyzt_units("mm", "sec")
    image.set_data_offset(image.single_vox_offset)
    image["scl_slope"], image["scl_inter"] = 1, 0
    image["magic"] = image.single_magic
    return Header(kind, image.binaryblock)


def from_mgh(scan: Scan) -> Header:
    """Make the NIfTI header of a scan that was read from an MGH file; its voxels can stay as they are."""
    header = make_header(scan.stored.shape, scan.stored.dtype, scan.grid.affine)
    if scan.stored.ndim == 4 and len(scan.header.footer) >= 4:
        seconds = struct.unpack(">f", scan.header.footer[:4])[0] / 1000.0
        if math.isfinite(seconds) and seconds > 0:
            pixdim = fields_of(header.raw)["pixdim"].copy()
            pixdim[4] = seconds
            return Header(header.format, replace_fields(header.raw, pixdim=pixdim))
    return header


def _check_magic(raw: bytes, kind: Format, pair: bool) -> None:
    magic = raw[344:348] if kind == "nifti1" else raw[4:12]
    single, paired = _MAGIC[kind]
    if magic == (paired if pair else single):
        return
    if magic == paired:
        raise VolumeError(
            "expected a single NIfTI file, got the header of a pair; name it .hdr, beside its .img"
        )
    if magic == single:
        raise VolumeError("expected the header of a pair, got a single NIfTI file; name it .nii")
    raise VolumeError(
        "expected a NIfTI header, got one without the NIfTI mark; "
        "if it is ANALYZE 7.5, which does not tell left from right, convert it to NIfTI"
    )


def _shape(fields: Any) -> tuple[int, ...]:
    n_dimensions = int(fields["dim"][0])
    if not 1 <= n_dimensions <= 7:
        raise VolumeError(f"expected 3 or 4 dimensions, got {n_dimensions}; the header is corrupt")
    return volume_shape([int(n) for n in fields["dim"][1 : n_dimensions + 1]])


def _data_type(fields: Any, order: Literal["<", ">"]) -> np.dtype[Any]:
    code, bits = int(fields["datatype"]), int(fields["bitpix"])
    if code not in DTYPES:
        kind = _REFUSED.get(code, "undefined")
        raise VolumeError(
            f"expected integer or floating point voxels, got {kind} ones (code {code}); leave it out"
        )
    dtype = np.dtype(DTYPES[code]).newbyteorder(order)
    if bits not in {0, 8 * dtype.itemsize}:
        raise VolumeError(
            f"expected {8 * dtype.itemsize} bits for a voxel of {dtype.name}, got {bits}; "
            "the header is corrupt"
        )
    return dtype


def _scaling(fields: Any) -> tuple[float, float]:
    slope, intercept = float(fields["scl_slope"]), float(fields["scl_inter"])
    if slope == 0 or not math.isfinite(slope):
        return 1.0, 0.0
    if not math.isfinite(intercept):
        raise VolumeError(
            f"expected a finite intercept of the scaling, got {intercept}; correct scl_inter in its header"
        )
    return slope, intercept


def _offset(fields: Any, least: int) -> int:
    offset = float(fields["vox_offset"])
    if not (least <= offset <= least + MAX_BESIDES and offset.is_integer()):
        raise VolumeError(
            f"expected the voxels at byte {least} to {least + MAX_BESIDES}, got {offset:g}; "
            "the header is corrupt"
        )
    return int(offset)


def _affine(raw: bytes, fields: Any, order: str, kind: Format) -> Affine:
    units = int(fields["xyzt_units"]) & 7
    if units not in _UNITS_MM:
        raise VolumeError(
            f"expected lengths in mm, m or µm, got unit code {units}; correct xyzt_units in its header"
        )
    header = _HEADERS[kind](raw, endianness=order, check=False)
    for code in ("sform_code", "qform_code"):
        header[code] = header[code] if 0 <= int(header[code]) <= 5 else 0
    header["pixdim"][0] = -1 if header["pixdim"][0] < 0 else 1
    header["pixdim"][1:4] = np.abs(header["pixdim"][1:4])
    try:
        with np.errstate(all="ignore"):
            affine = np.array(header.get_best_affine(), dtype=np.float64)
            affine[:3] *= _UNITS_MM[units]
    except (HeaderDataError, ValueError, ArithmeticError):
        raise VolumeError(
            "expected a quaternion of length 1 or less, got another; correct the qform in its header"
        ) from None
    return check_affine(affine)


def _extensions(content: Content, order: str, *, pair: bool, space: int) -> tuple[tuple[int, bytes], ...]:
    """Read what stands between fixed header and voxels; bytes behind the last extension are let go."""
    data = content.rest(space) if pair else content.read(space + 4)
    flag, data = data[:1], data[4:]
    found: list[tuple[int, bytes]] = []
    while flag not in {b"", b"\0"} and len(data) >= 8:
        size, code = struct.unpack(f"{order}ii", data[:8])
        if size == 0 and not any(data):
            break
        if not 8 <= size <= len(data):
            raise VolumeError(
                f"expected a header extension of at most {len(data)} bytes, got {size}; the header is corrupt"
            )
        found.append((code, data[8:size]))
        data = data[size:]
    return tuple(found)
