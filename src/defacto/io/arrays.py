"""Scans made in memory: new headers for arrays, and NIfTI headers for what came from MGH."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from defacto.errors import VolumeError
from defacto.io.layout import check_affine, volume_shape
from defacto.io.nifti import PARSERS
from defacto.io.nifti_header import DTYPES, Format, fields_of, replace_fields
from defacto.types import Affine, Grid, Header, Scan

_LARGEST_1 = 32767


def scan_from_arrays(volume: npt.NDArray[Any], affine: Affine, *, dtype: npt.DTypeLike | None = None) -> Scan:
    """Make a new NIfTI scan in memory.

    Parameters
    ----------
    volume : ndarray, shape (i, j, k) or (i, j, k, t)
        Its values are copied.
    affine : ndarray, shape (4, 4)
        Voxel indices to RAS+ world mm.
    dtype : dtype, optional
        How to store the values; by default as they are. bool becomes uint8 and float16 float32. Going from
        floating point to integers rounds and clips; NaN becomes 0.

    Raises
    ------
    VolumeError
        If shape, affine or dtype cannot be stored.
    """
    values = np.asarray(volume)
    kind: np.dtype[Any] = np.dtype(values.dtype if dtype is None else dtype)
    kind = np.dtype({"b1": "u1", "f2": "f4"}.get(kind.str[1:], kind))
    shape = volume_shape(list(values.shape))
    grid = Grid((shape[0], shape[1], shape[2]), check_affine(np.array(affine, dtype=np.float64)))
    header = make_header(shape, kind, grid.affine)
    if kind.kind in "iu" and values.dtype.kind == "f":
        values = _within(values, kind)
    stored = np.array(values.reshape(shape), dtype=kind, order="F")
    stored.flags.writeable = False
    return Scan(stored, grid, header)


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
        raise VolumeError(f"expected voxels of {known}, got {dtype.name}; choose one of these with dtype")
    image = PARSERS[kind](endianness=">" if dtype.str[0] == ">" else "<")
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


def as_nifti(scan: Scan) -> Scan:
    """Return a scan with a NIfTI header; the voxels of one from an MGH file stay as they are."""
    if scan.header.format != "mgh":
        return scan
    header = make_header(scan.stored.shape, scan.stored.dtype, scan.grid.affine)
    if scan.stored.ndim == 4 and len(scan.header.footer) >= 4:
        interval_s = struct.unpack(">f", scan.header.footer[:4])[0] / 1000.0
        if math.isfinite(interval_s) and interval_s > 0:
            pixdim = fields_of(header.raw)["pixdim"].copy()
            pixdim[4] = interval_s
            header = Header(header.format, replace_fields(header.raw, pixdim=pixdim))
    return Scan(scan.stored, scan.grid, header)


def _within(values: npt.NDArray[Any], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return values rounded, and clipped to what an integer type and their own type can both hold."""
    limits = np.iinfo(kind)
    wide = values.astype(np.float64 if kind.itemsize > 2 else np.promote_types(values.dtype, np.float32))
    least, most = wide.dtype.type(limits.min), wide.dtype.type(limits.max)
    if int(most) > limits.max:
        most = np.nextafter(most, wide.dtype.type(0))
    whole: npt.NDArray[Any] = np.rint(np.nan_to_num(wide, nan=0.0, posinf=most, neginf=least))
    return whole.clip(least, most)
