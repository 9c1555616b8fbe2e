"""MGH: what a header declares, and where its footer ends."""

from __future__ import annotations

from typing import Any

import numpy as np
from nibabel.freesurfer.mghformat import MGHHeader
from nibabel.freesurfer.mghformat import header_dtype as _dtype

from defacto.errors import VolumeError
from defacto.io.content import Content
from defacto.io.layout import Layout, check_affine, volume_shape
from defacto.types import Header

_parse: Any = MGHHeader

HEADER_BYTES = 284
"""The fixed header; the voxels begin right behind it."""

DTYPES = {0: ">u1", 1: ">i4", 3: ">f4", 4: ">i2", 10: ">u2"}
"""Data type codes of volumes that can be defaced."""


def read_layout(content: Content) -> Layout:
    """Read the header; the content then stands at the first voxel.

    Raises
    ------
    VolumeError
        If it is no MGH header or declares what cannot be defaced.
    """
    raw = content.read(HEADER_BYTES)
    header = Header("mgh", raw)
    fields = fields_of(raw)
    if int(fields["version"]) != 1:
        raise VolumeError(
            "expected an MGH header of version 1, got other bytes; give an MGH file or leave it out"
        )
    shape, dtype = declared_array(header)
    with np.errstate(all="ignore"):
        affine = np.array(_parse(raw, check=False).get_affine(), dtype=np.float64)
    return Layout(header, shape, dtype, HEADER_BYTES, check_affine(affine))


def fields_of(raw: bytes) -> Any:
    """Return the fields of a raw header by name."""
    return np.frombuffer(raw, dtype=_dtype, count=1)[0]


def declared_array(header: Header) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape (without trailing ones) and dtype that the header declares."""
    fields = fields_of(header.raw)
    code = int(fields["type"])
    if code not in DTYPES:
        raise VolumeError(f"expected integer or floating point voxels, got type code {code}; leave it out")
    return volume_shape([int(n) for n in fields["dims"]]), np.dtype(DTYPES[code])
