"""Volume files in and out: NIfTI-1, NIfTI-2 and MGH, plain or gzip."""

from __future__ import annotations

import math
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from defacto.errors import VolumeError
from defacto.io import mgh, nifti
from defacto.io.content import Content, open_content
from defacto.io.layout import MAX_BESIDES, Layout, check_affine, volume_shape
from defacto.io.memory import check_memory
from defacto.io.replace import replace_file
from defacto.types import Affine, Grid, Header, Scan

SUFFIXES = (".nii", ".nii.gz", ".hdr", ".img", ".hdr.gz", ".img.gz", ".mgh", ".mgz", ".mgh.gz")
"""Endings of the names of volume files."""

_LARGEST_INTENSITY = 1e30
_BLOCK = 1 << 20


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
        _check_values(scan, allow_blank)
    except VolumeError as error:
        raise VolumeError(f"{name or path.name}: {error}.") from None
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
            scan = _as_nifti(scan)
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
    return b"".join(_parts(_as_nifti(scan)))


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
    if kind.kind in "iu" and values.dtype.kind == "f":
        limits = np.iinfo(kind)
        values = np.rint(np.nan_to_num(values, posinf=limits.max, neginf=limits.min))
        values = np.clip(values, limits.min, limits.max)
    shape = volume_shape(list(values.shape))
    grid = Grid((shape[0], shape[1], shape[2]), check_affine(np.array(affine, dtype=np.float64)))
    stored = np.array(values.reshape(shape), dtype=kind, order="F")
    stored.flags.writeable = False
    return Scan(stored, grid, nifti.make_header(shape, stored.dtype, grid.affine))


def check_link(path: Path, root: Path) -> None:
    """Refuse a file that, its links followed, lies outside of the folder that was given as input.

    Parameters
    ----------
    path : Path
        A file found in the folder.
    root : Path
        The folder.

    Raises
    ------
    VolumeError
        If it leads outside, to nothing, or in a circle.
    """
    try:
        inside = path.resolve(strict=True).is_relative_to(root.resolve(strict=True))
    except (OSError, RuntimeError, ValueError):
        raise VolumeError(
            f"{path.name}: expected a file, got a link that leads nowhere; fetch what it points to."
        ) from None
    if not inside:
        raise VolumeError(
            f"{path.name}: expected a file inside of the input folder, got a link that leaves it; "
            "copy the file into the folder."
        )


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
    ending = path.name[len(path.name) - len(suffix) :]
    return path.with_name(path.name.removesuffix(ending) + kind + ending[4:])


def _read_voxels(content: Content, layout: Layout, max_memory_gb: float, skip: int = 0) -> Scan:
    check_memory(str(layout), layout.memory_bytes, max_memory_gb)
    end = layout.offset + layout.voxel_bytes
    most_after = MAX_BESIDES if layout.header.format == "mgh" else 0
    content.check_length(end, end + most_after)
    content.read(skip)
    voxels = content.fill(layout.voxel_bytes)
    footer = content.rest(most_after)
    stored = voxels.view(layout.dtype).reshape(layout.shape, order="F")
    stored.flags.writeable = False
    header = layout.header
    if footer:
        header = Header(header.format, header.raw, header.extensions, footer)
    i, j, k = layout.shape[:3]
    return Scan(stored, Grid((i, j, k), layout.affine), header, layout.slope, layout.intercept)


def _check_values(scan: Scan, allow_blank: bool) -> None:
    """Refuse voxels that are all the same, or too large to be intensities."""
    flat = scan.stored.reshape(-1, order="F")
    least, most, bounded = math.inf, -math.inf, flat.dtype.kind in "iu"
    for first in range(0, flat.size, _BLOCK):
        block = flat[first : first + _BLOCK]
        if not bounded:
            block = block[np.isfinite(block)]
        if block.size:
            least, most = min(least, float(block.min())), max(most, float(block.max()))
        if bounded and least < most:
            break
    if least > most and not allow_blank:
        raise VolumeError("expected intensities, got NaN or infinite numbers in every voxel; leave it out")
    if least == most and not allow_blank:
        raise VolumeError(f"expected a picture of a head, got {least:g} in every voxel; leave it out")
    if bounded:
        least, most = float(np.iinfo(flat.dtype).min), float(np.iinfo(flat.dtype).max)
    largest = abs(scan.slope) * max(abs(least), abs(most)) + abs(scan.intercept) if least <= most else 0.0
    if not largest <= _LARGEST_INTENSITY:
        raise VolumeError(
            f"expected intensities up to {_LARGEST_INTENSITY:g}, got {largest:.3g}; "
            "correct its voxels or its scaling"
        )


def _as_nifti(scan: Scan) -> Scan:
    if scan.header.format != "mgh":
        return scan
    return Scan(scan.stored, scan.grid, nifti.from_mgh(scan))


def _parts(scan: Scan) -> tuple[bytes | memoryview, ...]:
    """Return the uncompressed content of a file; voxels are copied only where they are not in file order."""
    header, stored = scan.header, scan.stored
    shape, dtype = (mgh if header.format == "mgh" else nifti).declared_array(header)
    if stored.shape != shape or stored.dtype.newbyteorder("=") != dtype.newbyteorder("="):
        raise VolumeError(
            f"expected {shape} voxels of {dtype.name}, as the header declares, "
            f"got {stored.shape} of {stored.dtype.name}"
        )
    voxels = stored.astype(dtype, copy=False).reshape(-1, order="F").view(np.uint8).data
    before = header.raw if header.format == "mgh" else nifti.before_voxels(header)
    return before, voxels, header.footer
