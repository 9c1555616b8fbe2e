"""Volume files in and out: NIfTI-1, NIfTI-2 and MGH, plain or gzip."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from defacto.errors import VolumeError
from defacto.io import mgh, nifti, nifti_header
from defacto.io.arrays import as_nifti, scan_from_arrays
from defacto.io.content import Content, open_content
from defacto.io.intensities import check_intensities
from defacto.io.layout import MAX_BESIDES, Layout
from defacto.io.links import check_link
from defacto.io.memory import check_memory
from defacto.io.replace import replace_file
from defacto.types import Grid, Header, Scan

__all__ = ["SUFFIXES", "check_link", "read", "read_open", "scan_from_arrays", "to_bytes", "write"]

SUFFIXES = (".nii", ".nii.gz", ".hdr", ".img", ".hdr.gz", ".img.gz", ".mgh", ".mgz", ".mgh.gz")
"""Endings of the names of volume files."""


def read(
    path: Path, *, max_memory_gb: float = 8.0, name: str | None = None, allow_blank: bool = False
) -> Scan:
    """Read a volume file.

    Sizes, kinds and geometry are checked on the header, before memory is taken for the voxels. Gzip may
    have several members; zeros may follow the last (as gzip has it), other bytes not.

    Parameters
    ----------
    path : Path
        One of `SUFFIXES`. Links are followed (see `check_link`).
    max_memory_gb : float
        Most memory that the scan and its volume may take, 1e9 bytes.
    name : str, optional
        What messages call it; by default the bare file name.
    allow_blank : bool
        Whether a volume that is the same everywhere is taken, as an empty mask is.

    Returns
    -------
    Scan
        Its `stored` array is a read-only view in Fortran order on the one buffer that was read.

    Raises
    ------
    VolumeError
        One sentence, if the file is broken, hostile or of a kind that is not defaced.
    """
    try:
        scan = _read(path, max_memory_gb)
        check_intensities(scan, allow_blank=allow_blank)
    except VolumeError as error:
        raise VolumeError(f"{name or path.name}: {error}.") from None
    return scan


def read_open(file: BinaryIO, *, max_memory_gb: float = 8.0, name: str = "The file") -> Scan:
    """Read a volume from a file that is open, as one in memory; what it is, it says itself.

    Parameters
    ----------
    file : binary file
        With a descriptor, at any place.
    max_memory_gb : float
        As for `read`.
    name : str
        What messages call it.

    Raises
    ------
    VolumeError
        As for `read`.
    """
    compressed = os.pread(file.fileno(), 2, 0) == b"\x1f\x8b"
    try:
        file.seek(0)
        begins = Content(file, compressed=compressed).read(4)
        file.seek(0)
        content = Content(file, compressed=compressed)
        layout = (mgh if begins == b"\x00\x00\x00\x01" else nifti).read_layout(content)
        scan = _read_voxels(content, layout, max_memory_gb)
        check_intensities(scan, allow_blank=False)
    except VolumeError as error:
        raise VolumeError(f"{name}: {error}.") from None
    return scan


def write(path: Path, scan: Scan) -> None:
    """Write a volume file, whole or not at all.

    The fixed header, the extensions and the voxels keep their bytes. A scan from an MGH file may be written
    as NIfTI: its voxels then keep their bytes under a new header. The gzip header has neither time nor name.

    Parameters
    ----------
    path : Path
        Its ending, one of .nii, .nii.gz, .mgh and .mgz, says the format. A file of that name is replaced.
    scan : Scan
        What to write.

    Raises
    ------
    VolumeError
        If the format cannot hold the scan, the header does not fit the voxels, or the file cannot be written.
    """
    suffix = _suffix(path)
    try:
        if suffix in {".nii", ".nii.gz"}:
            scan = as_nifti(scan)
        elif suffix not in {".mgh", ".mgz"}:
            raise VolumeError("expected a name that ends in .nii, .nii.gz, .mgh or .mgz; choose one of these")
        elif scan.header.format != "mgh":
            raise VolumeError(
                "expected a scan that was read from an MGH file, got NIfTI; write it as .nii.gz"
            )
        replace_file(path, _parts(scan), compressed=suffix in {".nii.gz", ".mgz"})
    except VolumeError as error:
        raise VolumeError(f"{path.name} cannot be written: {error}.") from None


def to_bytes(scan: Scan) -> bytes:
    """Return a scan as the content of an uncompressed NIfTI file.

    Raises
    ------
    VolumeError
        If the header does not fit the voxels.
    """
    return b"".join(_parts(as_nifti(scan)))


def _suffix(path: Path) -> str:
    name = path.name.lower()
    return max((suffix for suffix in SUFFIXES if name.endswith(suffix)), key=len, default="")


def _read(path: Path, max_memory_gb: float) -> Scan:
    suffix = _suffix(path)
    if not suffix:
        raise VolumeError(
            f"expected a name that ends in {', '.join(SUFFIXES[:2])}, .mgh or .mgz; convert it to NIfTI"
        )
    compressed = suffix.endswith((".gz", ".mgz"))
    with ExitStack() as files:
        if suffix.startswith((".hdr", ".img")):
            head, body = (_partner(path, suffix, kind) for kind in (".hdr", ".img"))
            layout = nifti.read_layout(
                files.enter_context(open_content(head, compressed=compressed)), pair=True
            )
            content = files.enter_context(open_content(body, compressed=compressed))
            return _read_voxels(content, layout, max_memory_gb, skip=layout.offset)
        content = files.enter_context(open_content(path, compressed=compressed))
        layout = (mgh if suffix.startswith(".mg") else nifti).read_layout(content)
        return _read_voxels(content, layout, max_memory_gb)


def _partner(path: Path, suffix: str, kind: Literal[".hdr", ".img"]) -> Path:
    stem, ending = path.name[: -len(suffix)], path.name[-len(suffix) :]
    return path if ending[:4].lower() == kind else path.with_name(stem + kind + ending[4:])


def _read_voxels(content: Content, layout: Layout, max_memory_gb: float, skip: int = 0) -> Scan:
    check_memory(str(layout), layout.memory_bytes, max_memory_gb)
    end = layout.offset + layout.voxel_bytes
    most_after = MAX_BESIDES if layout.header.format == "mgh" else 0
    content.check_length(end, end + most_after)
    content.read(skip)
    voxels = content.fill(layout.voxel_bytes)
    footer = content.rest(most_after)
    voxels.flags.writeable = False
    stored = voxels.view(layout.dtype).reshape(layout.shape, order="F")
    header = layout.header
    if footer:
        header = Header(header.format, header.raw, header.extensions, footer)
    i, j, k = layout.shape[:3]
    return Scan(stored, Grid((i, j, k), layout.affine), header, layout.slope, layout.intercept)


def _parts(scan: Scan) -> tuple[bytes | memoryview, ...]:
    """Return the uncompressed content of a file; voxels are copied only where they are not in file order."""
    header, stored = scan.header, scan.stored
    shape, dtype = (mgh if header.format == "mgh" else nifti_header).declared_array(header)
    if stored.shape != shape or stored.dtype.newbyteorder("=") != dtype.newbyteorder("="):
        raise VolumeError(
            f"expected {shape} voxels of {dtype.name}, as the header declares, "
            f"got {stored.shape} of {stored.dtype.name}"
        )
    voxels = stored.astype(dtype, copy=False).reshape(-1, order="F").view(np.uint8).data
    before = header.raw if header.format == "mgh" else nifti_header.before_voxels(header)
    return before, voxels, header.footer
