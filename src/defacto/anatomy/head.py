"""Where there is head and where there is air, in a scan of any contrast."""

from __future__ import annotations

import numpy as np

from defacto.anatomy.morphology import closed, distance_mm, fill_holes, largest_piece
from defacto.anatomy.template import load_template
from defacto.types import FloatVolume, Grid, Mask

_SURELY_MM = 9.0
"""Deeper below the average skin than this there is head, though the scan be dark there, as in a sinus."""
_BRIDGED_MM = 5.0
"""Nostrils and ear canals of up to twice this width do not lead into the head."""


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
    smooth = _smoothed(volume, grid, 1.0)
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


def head_in_view(carried: FloatVolume) -> tuple[Mask, Mask] | None:
    """Return where there is head, and where the field of view is; None where nothing stands out.

    Parameters
    ----------
    carried : ndarray of float32
        Intensities of a scan carried to another grid; NaN outside the field of view.
    """
    in_view = np.isfinite(carried)
    level = head_level(carried[in_view])
    if level is None:
        return None
    with np.errstate(invalid="ignore"):
        return largest_piece(carried > level), in_view


def hull_mm(registered: FloatVolume) -> FloatVolume | None:
    """Return the distance to the skin on the template's grid, mm; negative inside, cavities and bone too.

    What lies outside the field of view is taken for head where the average head is.

    Parameters
    ----------
    registered : ndarray of float32, on the template's grid
        Intensities; NaN outside the field of view.

    Returns
    -------
    ndarray of float32, on the template's grid, or None
        None where no head stands out from the air.
    """
    found = head_in_view(registered)
    if found is None:
        return None
    head, in_view = found
    average = load_template().skin_mm
    head |= (average < -_SURELY_MM) | (~in_view & (average < 0))
    rim = int(_BRIDGED_MM // 2) + 2
    within = (slice(rim, -rim),) * 3
    bridged = closed(np.pad(head, rim, mode="edge"), _BRIDGED_MM, (2.0, 2.0, 2.0))
    return distance_mm(fill_holes(bridged)[within])


def _smoothed(volume: FloatVolume, grid: Grid, sigma_mm: float) -> FloatVolume:
    """Convolve with a Gaussian of five voxels along each axis."""
    for axis, size_mm in enumerate(grid.voxel_size_mm):
        taps = np.exp(-0.5 * (np.arange(-2, 3) * size_mm / sigma_mm) ** 2)
        taps /= taps.sum()
        wide = np.pad(volume, [(2, 2) if n == axis else (0, 0) for n in range(3)], mode="edge")
        count = volume.shape[axis]
        volume = np.zeros_like(volume)
        for n, tap in enumerate(taps):
            window = tuple(slice(n, n + count) if a == axis else slice(None) for a in range(3))
            volume += np.float32(tap) * wide[window]
    return volume


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
