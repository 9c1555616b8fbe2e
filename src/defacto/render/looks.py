"""What a classifier of outcomes sees of a scan."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from defacto.anatomy.resample import carry
from defacto.errors import InputError
from defacto.render.head import Head, find_head
from defacto.render.surface import VIEWS, to_codes, to_depth_codes
from defacto.render.view import cast
from defacto.types import FloatVolume, Grid, Looks

ROWS_PX, COLUMNS_PX, SLICE_PX = 165, 135, 128
SLICE_MM = 252.0
"""Height and width of what the slice through the middle shows."""
_ABOVE_MM = 8.0
_BRIGHT = 99.8


def look(
    volume: FloatVolume,
    grid: Grid,
    head: Head | None = None,
    *,
    views: Sequence[str] = tuple(VIEWS),
    rows: int = ROWS_PX,
    columns: int = COLUMNS_PX,
    slice_px: int = SLICE_PX,
) -> Looks:
    """Look at a scan as a classifier does: surface from three sides, and a slice through the middle.

    Parameters
    ----------
    volume : ndarray, shape (i, j, k)
        Intensities.
    grid : Grid
        Where its voxels lie.
    head : Head, optional
        Its surface, where it was found already.
    views : sequence of str
        Names of `defacto.render.surface.VIEWS`.
    rows, columns, slice_px : int
        Sizes; networks that come with defacto need the default ones.

    Raises
    ------
    StepError
        If there is no head in the scan.
    """
    head = head or find_head(volume, grid)
    seen = [cast(head, VIEWS[name], rows) for name in views]
    start = (rows - columns) // 2
    kept = slice(start, start + columns)
    return Looks(
        shade=np.stack([to_codes(each)[:, kept] for each in seen]),
        depth=np.stack([to_depth_codes(each)[:, kept] for each in seen]),
        slice=middle_slice(volume, grid, head, slice_px),
    )


def write_looks(path: Path, looks: Looks) -> None:
    """Write looks as a NumPy archive, ``.npz``; the same looks give the same bytes."""
    np.savez_compressed(path, allow_pickle=False, **asdict(looks))


def read_looks(path: Path) -> Looks:
    """Read what `write_looks` wrote.

    Raises
    ------
    InputError
        If the file is damaged, or holds something else.
    """
    shapes = {
        "shade": (3, ROWS_PX, COLUMNS_PX),
        "depth": (3, ROWS_PX, COLUMNS_PX),
        "slice": (SLICE_PX, SLICE_PX),
    }
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in shapes}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
        raise InputError(
            f"{path.name}: expected what a classifier sees of a scan, got a file that is damaged."
        ) from error
    if any(arrays[name].shape != shape or arrays[name].dtype != np.uint8 for name, shape in shapes.items()):
        raise InputError(f"{path.name}: expected what a classifier sees of a scan, got other arrays.")
    return Looks(**arrays)


def middle_slice(volume: FloatVolume, grid: Grid, head: Head, size: int) -> npt.NDArray[np.uint8]:
    """Return the plane through the middle of the cranium, superior up, anterior to the left; 0 to 255."""
    step = SLICE_MM / size
    affine = np.diag([1.0, -step, -step, 1.0])
    x, y, z = (float(v) for v in head.top_mm)
    affine[:3, 3] = (x, y + SLICE_MM / 2, z + _ABOVE_MM)
    plane = carry(volume, grid, Grid((1, size, size), affine), np.eye(4))[0].T
    return to_bytes(plane, volume)


def to_bytes(values: FloatVolume, of: FloatVolume) -> npt.NDArray[np.uint8]:
    """Scale the darkest voxel of a volume to 0 and nearly its brightest to 255."""
    sample = of.ravel(order="K")[:: max(1, of.size // 200_000)]
    low, high = float(sample.min()), float(np.percentile(sample, _BRIGHT))
    return np.asarray(np.clip((values - low) * (255.0 / max(high - low, 1e-6)) + 0.5, 0, 255), np.uint8)
