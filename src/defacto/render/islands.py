"""The head parted from what floats around it: noise, ghosts, specks left by a cut."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled
from defacto.render.contrast import SURFACE_LEVEL
from defacto.types import Mask

Levels = npt.NDArray[np.uint8]
Factors = tuple[int, int, int]

PIECE_ML = 1.5
"""What hangs together and is smaller than this is not of the head."""
SURE_LEVEL = 1.5 * SURFACE_LEVEL
"""Far from voxels of at least this level nothing is of the head."""
FAINT_MM = 4.0
"""How far from those fainter ones count."""


@compiled
def block_means(levels: Levels, factors: Factors) -> Levels:
    """Mean level of each block of voxels; blocks at the far ends may be smaller."""
    a, b, c = factors
    ni, nj, nk = levels.shape
    out = np.empty(((ni + a - 1) // a, (nj + b - 1) // b, (nk + c - 1) // c), dtype=np.uint8)
    row = np.empty(nk, dtype=np.int64)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            row[:] = 0
            rows = 0
            for ii in range(i * a, min(i * a + a, ni)):
                for jj in range(j * b, min(j * b + b, nj)):
                    rows += 1
                    for k in range(nk):
                        row[k] += levels[ii, jj, k]
            for k in range(out.shape[2]):
                total = 0
                end = min(k * c + c, nk)
                for kk in range(k * c, end):
                    total += row[kk]
                out[i, j, k] = total // (rows * (end - k * c))
    return out


@compiled
def components(levels: Levels, least: float) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Label the pieces that hang together over six neighbours, of at least a certain level; and count each.

    Label 0 is the rest; its count is 0.
    """
    ni, nj, nk = levels.shape
    flat = levels.ravel()
    labels = np.zeros(flat.size, dtype=np.int32)
    stack = np.empty(flat.size, dtype=np.int32)
    sizes = [0]
    for seed in range(flat.size):
        if flat[seed] < least or labels[seed] != 0:
            continue
        label = len(sizes)
        labels[seed] = label
        stack[0] = seed
        top, size = 1, 0
        while top > 0:
            top -= 1
            here = stack[top]
            size += 1
            k = here % nk
            j = (here // nk) % nj
            i = here // (nk * nj)
            for side in range(6):
                if side == 0:
                    inside, there = i > 0, here - nk * nj
                elif side == 1:
                    inside, there = i < ni - 1, here + nk * nj
                elif side == 2:
                    inside, there = j > 0, here - nk
                elif side == 3:
                    inside, there = j < nj - 1, here + nk
                elif side == 4:
                    inside, there = k > 0, here - 1
                else:
                    inside, there = k < nk - 1, here + 1
                if inside and labels[there] == 0 and flat[there] >= least:
                    labels[there] = label
                    stack[top] = there
                    top += 1
        sizes.append(size)
    return labels.reshape(levels.shape), np.array(sizes)


@compiled
def clear_outside(levels: Levels, kept: Mask, factors: Factors) -> None:
    """Set to air, in place, every voxel whose block is not kept."""
    a, b, c = factors
    for i in range(levels.shape[0]):
        for j in range(levels.shape[1]):
            for k in range(levels.shape[2]):
                if not kept[i // a, j // b, k // c]:
                    levels[i, j, k] = 0


def grow(mask: Mask, counts: Factors) -> Mask:
    """Add the neighbours of a mask, so many along each axis, corners included."""
    out = mask.copy()
    for axis, count in enumerate(counts):
        for _ in range(count):
            lines = np.moveaxis(out, axis, 0)
            before = lines.copy()
            lines[1:] |= before[:-1]
            lines[:-1] |= before[1:]
    return out


def find_pieces(levels: Levels, voxel_mm: npt.NDArray[np.float64]) -> tuple[Mask, Mask]:
    """Part a head from what floats around it.

    A piece counts where it is large. What is hardly brighter than the skin's level counts only near to what
    is brighter: so faint ghosts, goggles and pads drop out, and the thin skin over dark bone stays.

    Parameters
    ----------
    levels : ndarray of uint8, shape (i, j, k)
        Levels of coarse voxels.
    voxel_mm : ndarray, shape (3,)
        Their size.

    Returns
    -------
    ndarray of bool, ndarray of bool
        The largest piece; and all pieces that count. Both are empty where there is none.
    """
    voxel_ml = float(np.prod(voxel_mm)) / 1000
    labels, sizes = components(levels, SURE_LEVEL)
    i, j, k = (round(FAINT_MM / float(size)) for size in voxel_mm)
    near = grow((sizes * voxel_ml >= PIECE_ML)[labels], (i, j, k))
    labels, sizes = components(np.where(near, levels, 0).astype(np.uint8), SURFACE_LEVEL)
    largest = int(np.argmax(sizes))
    return labels == (largest or -1), (sizes * voxel_ml >= PIECE_ML)[labels]
