"""The head parted from what floats around it: noise, ghosts, specks left by a cut."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from defacto.render.compile import compiled
from defacto.render.contrast import SURFACE_LEVEL

Levels = npt.NDArray[np.uint8]
Factors = tuple[int, int, int]


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
def components(levels: Levels) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Label the pieces that hang together over six neighbours, from the skin's level up; and count each.

    Label 0 is the rest; its count is 0.
    """
    ni, nj, nk = levels.shape
    flat = levels.ravel()
    labels = np.zeros(flat.size, dtype=np.int32)
    stack = np.empty(flat.size, dtype=np.int32)
    sizes = [0]
    for seed in range(flat.size):
        if flat[seed] < SURFACE_LEVEL or labels[seed] != 0:
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
                if inside and labels[there] == 0 and flat[there] >= SURFACE_LEVEL:
                    labels[there] = label
                    stack[top] = there
                    top += 1
        sizes.append(size)
    return labels.reshape(levels.shape), np.array(sizes)


@compiled
def clear_outside(levels: Levels, kept: npt.NDArray[np.bool_], factors: Factors) -> None:
    """Set to air, in place, every voxel whose block is not kept."""
    a, b, c = factors
    for i in range(levels.shape[0]):
        for j in range(levels.shape[1]):
            for k in range(levels.shape[2]):
                if not kept[i // a, j // b, k // c]:
                    levels[i, j, k] = 0


def grow(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Add the 26 neighbours of every voxel of a mask."""
    out = mask.copy()
    for axis in range(3):
        before = out.copy()
        ahead = [slice(None)] * 3
        behind = [slice(None)] * 3
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        out[tuple(ahead)] |= before[tuple(behind)]
        out[tuple(behind)] |= before[tuple(ahead)]
    return out
