"""NIfTI-1 and NIfTI-2: what a header declares, checked before any voxel is read."""

from __future__ import annotations

import math
import struct
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.spatialimages import HeaderDataError

from defacto.errors import VolumeError
from defacto.io.content import Content
from defacto.io.layout import MAX_BESIDES, Layout, check_affine
from defacto.io.nifti_header import (
    FORMATS,
    PAIR_MAGIC,
    SINGLE_MAGIC,
    ByteOrder,
    byte_order,
    declared_array,
    fields_of,
    packed,
)
from defacto.types import Affine, Header

PARSERS: dict[str, Any] = {"nifti1": nib.Nifti1Header, "nifti2": nib.Nifti2Header}
"""nibabel's reading of a raw header."""

_UNITS_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}


def read_layout(content: Content, *, pair: bool = False) -> Layout:
    """Read the header and its extensions; the content then stands at the first voxel.

    Parameters
    ----------
    content : Content
        At its first byte.
    pair : bool
        Whether the voxels are in another file; `Layout.offset` counts in that one then.

    Raises
    ------
    VolumeError
        If it is no NIfTI header or declares what cannot be defaced.
    """
    start = content.read(4)
    order = byte_order(start)
    if order is None:
        raise VolumeError("expected a NIfTI header, got other bytes; give a NIfTI file or leave it out")
    size = int.from_bytes(start, "little" if order == "<" else "big")
    raw = start + content.read(size - 4)
    header = Header(FORMATS[size], raw)
    _check_magic(header, pair)
    fields = fields_of(raw)
    shape, dtype = declared_array(header)
    affine = check_affine(_affine(header, order))
    slope, intercept = _scaling(fields)
    offset = _offset(fields, least=0 if pair else size + 4)
    between = content.rest(MAX_BESIDES) if pair else content.read(offset - size)
    header = Header(header.format, raw, _extensions(between, order))
    if pair:
        header = packed(header, magic=True)
    return Layout(header, shape, dtype, offset, affine, slope, intercept)


def _check_magic(header: Header, pair: bool) -> None:
    magic = header.raw[344:348] if header.format == "nifti1" else header.raw[4:12]
    single, paired = SINGLE_MAGIC[header.format], PAIR_MAGIC[header.format]
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


def _affine(header: Header, order: ByteOrder) -> Affine:
    """Return the affine as nibabel chooses it: sform, else qform, else voxel sizes alone; in mm."""
    parsed = PARSERS[header.format](header.raw, endianness=order, check=False)
    units = int(parsed["xyzt_units"]) & 7
    if units not in _UNITS_MM:
        raise VolumeError(
            f"expected lengths in mm, m or µm, got unit code {units}; correct xyzt_units in its header"
        )
    for code in ("sform_code", "qform_code"):
        parsed[code] = parsed[code] if 0 <= int(parsed[code]) <= 5 else 0
    parsed["pixdim"][0] = -1 if parsed["pixdim"][0] < 0 else 1
    parsed["pixdim"][1:4] = np.abs(parsed["pixdim"][1:4])
    try:
        with np.errstate(all="ignore"):
            affine = np.array(parsed.get_best_affine(), dtype=np.float64)
            affine[:3] *= _UNITS_MM[units]
    except (HeaderDataError, ValueError, ArithmeticError):
        raise VolumeError(
            "expected a quaternion of length 1 or less, got another; correct the qform in its header"
        ) from None
    return affine


def _extensions(between: bytes, order: ByteOrder) -> tuple[tuple[int, bytes], ...]:
    """Split what stands between fixed header and voxels; bytes behind the last extension are let go."""
    flag, data = between[:1], between[4:]
    found: list[tuple[int, bytes]] = []
    while flag not in {b"", b"\0"} and len(data) >= 8:
        size, code = struct.unpack(f"{order}ii", data[:8])
        if size == 0 and not any(data):
            break
        if not 8 <= size <= len(data):
            raise VolumeError(
                f"expected a header extension of 8 to {len(data)} bytes, got {size}; the header is corrupt"
            )
        found.append((code, data[8:size]))
        data = data[size:]
    return tuple(found)
