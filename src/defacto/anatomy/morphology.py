"""Binary morphology in mm or voxels: pieces, holes, openings, closings, distances."""

from __future__ import annotations

import cc3d
import edt
import numpy as np

from defacto.types import FloatVolume, Mask

Spacing = tuple[float, float, float]
"""Size of a voxel along i, j, k."""


def largest_piece(mask: Mask) -> Mask:
    """Return the largest connected piece of a mask (by faces), its holes filled."""
    pieces = cc3d.connected_components(mask, connectivity=6)
    counts = np.bincount(pieces.ravel())
    counts[0] = 0
    return fill_holes(np.asarray(pieces == counts.argmax()) & mask)


def fill_holes(mask: Mask) -> Mask:
    """Return the mask, or a section of one, with all air added that cannot be reached from outside."""
    pieces = cc3d.connected_components(~mask, connectivity=2 * mask.ndim)
    outside = np.zeros(int(pieces.max()) + 1, dtype=bool)
    for axis in range(mask.ndim):
        for end in (0, -1):
            outside[np.unique(np.take(pieces, end, axis=axis))] = True
    outside[0] = False
    return np.asarray(~outside[pieces])


def opened(mask: Mask, radius: float, spacing: Spacing = (1.0, 1.0, 1.0)) -> Mask:
    """Return what of a mask a ball fits into; the border of the grid is no wall.

    ``radius`` is in voxels, or in mm where the voxels' ``spacing`` is given.
    """
    return dilated(depth(mask, spacing) > radius, radius, spacing)


def closed(mask: Mask, radius: float, spacing: Spacing = (1.0, 1.0, 1.0)) -> Mask:
    """Return a mask with the gaps closed that a ball does not fit into; ``radius`` as in `opened`."""
    return np.asarray(depth(dilated(mask, radius, spacing), spacing) > radius)


def dilated(mask: Mask, radius: float, spacing: Spacing = (1.0, 1.0, 1.0)) -> Mask:
    """Return all within a radius of a mask; ``radius`` as in `opened`."""
    return np.asarray(depth(~mask, spacing) <= radius)


def skin(mask: Mask) -> Mask:
    """Return the voxels of a mask that touch what is outside it (by a face)."""
    inner = mask.copy()
    for axis in range(3):
        inner &= _shift(mask, axis, 1) & _shift(mask, axis, -1)
    return np.asarray(mask & ~inner)


def distance_mm(mask: Mask, spacing_mm: Spacing = (2.0, 2.0, 2.0)) -> FloatVolume:
    """Return the distance of every voxel to the outermost voxels of a mask, mm; negative inside.

    By the method of Felzenszwalb and Huttenlocher (doi:10.4086/toc.2012.v008a019), as the package edt has it.

    Parameters
    ----------
    mask : ndarray of bool, shape (i, j, k)
    spacing_mm : tuple of float
        Size of a voxel along i, j, k.
    """
    if not mask.any():
        return np.full(mask.shape, np.inf, dtype=np.float32)
    inner = mask
    for axis in range(3):
        inner = inner & _shift(inner, axis, 1) & _shift(inner, axis, -1)
    distance = depth(inner | ~mask, spacing_mm)
    return np.where(mask, -distance, distance)


def depth(mask: Mask, spacing_mm: Spacing = (1.0, 1.0, 1.0)) -> FloatVolume:
    """Return the distance of each voxel of a mask to the nearest one outside of it; 0 outside.

    The border of the grid is no outside. ``spacing_mm`` is the size of a voxel along i, j, k; by default in
    voxels.
    """
    solid = np.ascontiguousarray(mask)
    found: FloatVolume = edt.edt(solid, anisotropy=spacing_mm, parallel=1)
    return found


def _shift(mask: Mask, axis: int, by: int) -> Mask:
    moved = np.roll(mask, by, axis)
    edge: list[slice] = [slice(None)] * 3
    edge[axis] = slice(0, 1) if by > 0 else slice(-1, None)
    moved[tuple(edge)] = mask[tuple(edge)]
    return moved
