"""Where there is head and where there is air, in a scan of any contrast."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from defacto.types import FloatVolume, Grid, Mask


def find_head(volume: FloatVolume, grid: Grid) -> Mask:
    """Return the head: bright enough, in one piece, without holes.

    The threshold lies at a fifth of the way from air to bright tissue, where air is the darkest peak and bright tissue the 98th
    percentile of what Otsu's method takes for tissue; noise is smoothed away first.

    Parameters
    ----------
    volume : ndarray of float32, shape ``grid.shape``
        Intensities; about 2 mm is fine enough.
    grid : Grid
        Where its voxels lie.

    Returns
    -------
    ndarray of bool, shape ``grid.shape``
        All False where nothing stands out from the air.
    """
    image = sitk.GetImageFromArray(volume.transpose(2, 1, 0))
    image.SetSpacing(grid.voxel_size_mm)
    smooth = sitk.DiscreteGaussian(image, 1.0, 5) if min(volume.shape) > 5 else image
    values = sitk.GetArrayFromImage(smooth)
    air = float(np.percentile(values, 5))
    split = _otsu(values)
    bright = values[values > split]
    if bright.size == 0:
        return np.zeros(volume.shape, dtype=bool)
    level = min(split, air + 0.2 * (float(np.percentile(bright, 90)) - air))
    pieces = sitk.RelabelComponent(sitk.ConnectedComponent(smooth > level))
    return fill_holes((sitk.GetArrayFromImage(pieces) == 1).transpose(2, 1, 0))


def fill_holes(mask: Mask) -> Mask:
    """Return the mask with all air that cannot be reached from outside added."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(mask, dtype=np.uint8))
    return np.asarray(sitk.GetArrayFromImage(sitk.BinaryFillhole(image)) > 0)


def skin(head: Mask) -> Mask:
    """Return the voxels of a mask that touch what is outside it (by a face)."""
    inner = head.copy()
    for axis in range(3):
        inner &= _shift(head, axis, 1) & _shift(head, axis, -1)
    return np.asarray(head & ~inner)


def _shift(mask: Mask, axis: int, by: int) -> Mask:
    moved = np.roll(mask, by, axis)
    edge: list[slice] = [slice(None)] * 3
    edge[axis] = slice(0, 1) if by > 0 else slice(-1, None)
    moved[tuple(edge)] = mask[tuple(edge)]
    return moved


def _otsu(values: FloatVolume) -> float:
    low, high = np.percentile(values, (0.5, 99.5))
    counts, edges = np.histogram(values, bins=128, range=(float(low), max(float(high), float(low) + 1e-6)))
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centers)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(centers[int(np.nanargmax(np.where(np.isfinite(spread), spread, -1.0)))])
