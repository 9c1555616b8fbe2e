"""Where there is head and where there is air, in a scan of any contrast."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from defacto.types import FloatVolume, Grid, Mask


def find_head(volume: FloatVolume, grid: Grid) -> Mask:
    """Return the head: what stands out from the air, smoothed, in one piece, without holes.

    Parameters
    ----------
    volume : ndarray of float32, shape ``grid.shape``
        Intensities; about 2 mm is fine enough.
    grid : Grid
        Where its voxels lie.

    Returns
    -------
    ndarray of bool, shape ``grid.shape``
        All False where nothing stands out.
    """
    image = sitk.GetImageFromArray(volume)
    image.SetSpacing(grid.voxel_size_mm[::-1])
    smooth = sitk.GetArrayFromImage(sitk.DiscreteGaussian(image, 1.0, 5)) if min(volume.shape) > 5 else volume
    level = head_level(smooth)
    if level is None:
        return np.zeros(volume.shape, dtype=bool)
    return largest_piece(smooth > level)


def head_level(values: FloatVolume) -> float | None:
    """Return the intensity above which there is head, or None where nothing stands out.

    A fifth of the way from air (the 5th percentile) to bright tissue (the 90th percentile of what Otsu's
    method calls bright), or Otsu's threshold where that is lower.
    """
    if values.size == 0:
        return None
    split = _otsu(values)
    bright = values[values > split]
    if bright.size == 0:
        return None
    air = float(np.percentile(values, 5))
    return min(split, air + 0.2 * (float(np.percentile(bright, 90)) - air))


def largest_piece(mask: Mask) -> Mask:
    """Return the largest connected piece of a mask, its holes filled."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(mask, dtype=np.uint8))
    pieces = sitk.RelabelComponent(sitk.ConnectedComponent(image))
    return fill_holes(sitk.GetArrayFromImage(pieces) == 1)


def fill_holes(mask: Mask) -> Mask:
    """Return the mask with all air that cannot be reached from outside added."""
    air = sitk.ConnectedComponent(sitk.GetImageFromArray((~mask).astype(np.uint8)))
    pieces = sitk.GetArrayFromImage(air)
    outside = np.zeros(int(pieces.max()) + 1, dtype=bool)
    for axis in range(3):
        for end in (0, -1):
            outside[np.unique(np.take(pieces, end, axis=axis))] = True
    outside[0] = False
    return np.asarray(~outside[pieces])


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
    """Return Otsu's threshold (doi:10.1109/TSMC.1979.4310076)."""
    low, high = (float(value) for value in np.percentile(values, (0.5, 99.5)))
    if high - low <= 1e-4 * abs(low):
        return high
    counts, edges = np.histogram(values, bins=128, range=(low, high))
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centers)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(centers[int(np.nanargmax(np.where(np.isfinite(spread), spread, -1.0)))])
