"""Pixels of a DICOM series and voxels of its conversion: which is which, and how they go back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset

from defacto.errors import DicomError
from defacto.io.headers import quiet
from defacto.io.series import Series, first_at_each_place, slice_distances
from defacto.io.tags import ImageFile
from defacto.types import Affine, Mask, Scan

_ALONG = 0.99
_SAME_PLACE_MM = 0.01
_CLOSE = 0.05


@dataclass(frozen=True, eq=False)
class Image:
    """One file of a series with its new pixels.

    Parameters
    ----------
    data : Dataset
        As it was read, not cleaned.
    pixels : ndarray, shape (frames, rows, columns)
        Stored values, without unused bits.
    """

    data: Dataset
    pixels: npt.NDArray[Any]


@dataclass(frozen=True)
class _Slot:
    """Where a frame lies in the volume."""

    k: int
    t: int


def put_back(series: Series, defaced: Scan, mask: Mask) -> Iterator[Image]:
    """Give the files of a series the voxels of their conversion, where the mask says so.

    The conversion is held against the pixels: outside of the mask both must be equal in every voxel, else
    nothing is known of which pixel is which.

    Parameters
    ----------
    series : Series
        The original.
    defaced : Scan
        What `defacto.io.dicom.convert` made of it, defaced.
    mask : ndarray of bool, shape (i, j, k)
        True where voxels were removed.

    Yields
    ------
    Image
        One for each file that was converted, in order.

    Raises
    ------
    DicomError
        If the pixels cannot be read, or are not those of the conversion.
    """
    files = first_at_each_place(series) if series.layout.n_surplus else series.files
    stored = defaced.stored if defaced.stored.ndim == 4 else defaced.stored[..., None]
    order, flips = _in_plane(series, defaced.grid.affine)
    slots = _slots(series, files, defaced.grid.affine, order[2], stored.shape[3])
    turned = _turned(stored, order, flips)
    removed = _turned(mask[..., None], order, flips)[..., 0]
    if (series.key.rows, series.key.columns, len({s.k for each in slots for s in each})) != turned.shape[:3]:
        raise _refusal(series, "has another shape than its conversion")
    for file, places in zip(files, slots, strict=True):
        data = _read(Path(file.path), series)
        before = _pixels(data, series)
        if len(before) != len(places):
            raise DicomError(f"{series.shown}: a file has more or fewer frames than its header says.")
        after = before.copy()
        for frame, place in enumerate(places):
            plane, gone = turned[:, :, place.k, place.t], removed[:, :, place.k]
            values = _as_pixels(plane, data, defaced, before[frame], ~gone)
            if values is None:
                raise _refusal(series, "has other pixels than its conversion")
            after[frame][gone] = values[gone]
        yield Image(data, after)


def _refusal(series: Series, why: str) -> DicomError:
    return DicomError(f"{series.shown} {why}; it is not written as DICOM.")


def _in_plane(series: Series, affine: Affine) -> tuple[tuple[int, int, int], tuple[bool, bool]]:
    """Return which axes of the volume are rows, columns and slices, and which of the first two are turned."""
    unit = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    turn = np.array([-1.0, -1.0, 1.0])
    if len(series.key.orientation) != 6:
        raise _refusal(series, "does not say how its slices lie")
    along_row = np.asarray(series.key.orientation[:3]) * turn
    along_column = np.asarray(series.key.orientation[3:]) * turn
    axes, flips = [], []
    for direction in (along_column, along_row):
        cosines = unit.T @ (direction / np.linalg.norm(direction))
        axis = int(np.argmax(np.abs(cosines)))
        if abs(cosines[axis]) < _ALONG:
            raise _refusal(series, "lies otherwise than its conversion")
        axes.append(axis)
        flips.append(bool(cosines[axis] < 0))
    return (axes[0], axes[1], 3 - axes[0] - axes[1]), (flips[0], flips[1])


def _turned(
    stored: npt.NDArray[Any], order: tuple[int, int, int], flips: tuple[bool, bool]
) -> npt.NDArray[Any]:
    turned = stored.transpose(*order, 3)
    steps = tuple(slice(None, None, -1) if flip else slice(None) for flip in flips)
    return turned[steps]


def _slots(
    series: Series, files: Sequence[ImageFile], affine: Affine, axis: int, n_volumes: int
) -> list[list[_Slot]]:
    """Return the place of every frame of every file: slices in the order of their positions."""
    positions = [position for file in files for position in file.positions]
    distances = slice_distances(series.key.orientation, positions)
    if distances is None:
        raise _refusal(series, "does not say where its slices lie")
    normal = np.cross(series.key.orientation[:3], series.key.orientation[3:]) * np.array([-1.0, -1.0, 1.0])
    places = np.round(distances / _SAME_PLACE_MM).astype(np.int64)
    ranks = {place: rank for rank, place in enumerate(np.unique(places).tolist())}
    backwards = float(normal @ affine[:3, axis]) < 0
    counts: dict[int, int] = {}
    slots = []
    for place in places.tolist():
        rank = ranks[place]
        t = counts[rank] = counts.get(rank, -1) + 1
        if t >= n_volumes:
            raise _refusal(series, "has more images than its conversion")
        slots.append(_Slot(len(ranks) - 1 - rank if backwards else rank, t))
    iterator = iter(slots)
    return [[next(iterator) for _ in file.positions] for file in files]


def _read(path: Path, series: Series) -> Dataset:
    try:
        with quiet():
            return pydicom.dcmread(path, force=True)
    except Exception as error:
        raise DicomError(f"{series.shown}: a file can no longer be read.") from error


def _pixels(data: Dataset, series: Series) -> npt.NDArray[Any]:
    """Return the stored values, shape (frames, rows, columns), without bits that are not used."""
    try:
        with quiet():
            pixels = np.asarray(data.pixel_array)
    except Exception as error:
        raise DicomError(
            f"The pixels of {series.shown} cannot be read; compressed ones need `pip install"
            " 'defacto[dicom]'`."
        ) from error
    if int(data.get("SamplesPerPixel", 1)) != 1:
        raise _refusal(series, "holds coloured pixels")
    pixels = pixels.reshape(-1, *pixels.shape[-2:])
    unused = pixels.dtype.itemsize * 8 - int(data.get("BitsStored", pixels.dtype.itemsize * 8))
    if unused and pixels.dtype.kind in "iu":
        pixels = (pixels << unused) >> unused
    return pixels


def _as_pixels(
    plane: npt.NDArray[Any], data: Dataset, scan: Scan, before: npt.NDArray[Any], kept: Mask
) -> npt.NDArray[Any] | None:
    """Return voxels as stored values of the image; None where they are not those that were kept."""
    if plane.dtype.kind in "iu":
        return plane.astype(before.dtype) if np.array_equal(plane[kept], before[kept]) else None
    slope, intercept = float(data.get("RescaleSlope", 1) or 1), float(data.get("RescaleIntercept", 0) or 0)
    values = (plane.astype(np.float64) * scan.slope + scan.intercept - intercept) / slope
    if not np.allclose(values[kept], before[kept], rtol=0, atol=_CLOSE):
        return None
    limits = np.iinfo(before.dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(before.dtype)
