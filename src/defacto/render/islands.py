"""The head parted from what floats around it: noise, ghosts, specks left by a cut."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled
from defacto.render.contrast import SURFACE_LEVEL
from defacto.types import Mask

Levels = npt.NDArray[np.uint8]
Factors = tuple[int, int, int]
Runs = npt.NDArray[np.int32]
"""One number for each run of voxels along the last axis."""

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
    row = np.empty(nk, dtype=np.int32)
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
def _root(root: Runs, run: int) -> int:
    """First run of the piece that a run belongs to, as far as is known."""
    while root[run] != run:
        root[run] = root[root[run]]
        run = root[run]
    return run


@compiled
def _join(low: Runs, high: Runs, root: Runs, before: tuple[int, int], here: tuple[int, int]) -> None:
    """Join the runs of a row to those that they touch in a neighbouring row."""
    one, two = before[0], here[0]
    while one < before[1] and two < here[1]:
        if low[one] < high[two] and low[two] < high[one]:
            a, b = _root(root, one), _root(root, two)
            root[max(a, b)] = min(a, b)
        if high[one] < high[two]:
            one += 1
        else:
            two += 1


@compiled
def components(levels: Levels, least: float) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Label the pieces that hang together over six neighbours, of at least a certain level; and count each.

    Label 0 is the rest; its count is 0.
    """
    ni, nj, nk = levels.shape
    most = ni * nj * ((nk + 1) // 2)
    low, high, root = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.int32)
    begin = np.zeros(ni * nj + 1, dtype=np.int64)
    runs = 0
    for row in range(ni * nj):
        line = levels[row // nj, row % nj]
        inside = False
        for k in range(nk):
            if (line[k] >= least) == inside:
                continue
            inside = not inside
            if inside:
                low[runs], high[runs], root[runs] = k, nk, runs
                runs += 1
            else:
                high[runs - 1] = k
        begin[row + 1] = runs
        if row % nj > 0:
            _join(low, high, root, (begin[row - 1], begin[row]), (begin[row], runs))
        if row >= nj:
            _join(low, high, root, (begin[row - nj], begin[row - nj + 1]), (begin[row], runs))
    labels = np.zeros(levels.shape, dtype=np.int32)
    sizes = np.zeros(runs + 1, dtype=np.int64)
    names = np.zeros(runs, dtype=np.int32)
    count = 0
    for row in range(ni * nj):
        line_labels = labels[row // nj, row % nj]
        for run in range(begin[row], begin[row + 1]):
            first = _root(root, run)
            if first == run:
                count += 1
                names[run] = count
            line_labels[low[run] : high[run]] = names[first]
            sizes[names[first]] += high[run] - low[run]
    return labels, sizes[: count + 1]


@compiled
def clear_outside(levels: Levels, kept: Mask, factors: Factors) -> None:
    """Set to air, in place, every voxel whose block is not kept."""
    a, b, c = factors
    for i in range(levels.shape[0]):
        for j in range(levels.shape[1]):
            row, blocks = levels[i, j], kept[i // a, j // b]
            for n in range(-(-row.size // c)):
                if not blocks[n]:
                    for k in range(n * c, min(n * c + c, row.size)):
                        row[k] = 0


def grow(mask: Mask, counts: Factors) -> Mask:
    """Add the neighbours of a mask, so many along each axis, corners included."""
    out = mask
    for axis, count in enumerate(counts):
        out = _grown(out, (int(axis == 0), int(axis == 1), int(axis == 2)), count)
    return out


@compiled
def _grown(mask: Mask, way: Factors, count: int) -> Mask:
    """Add so many neighbours one way and the other."""
    ni, nj, nk = mask.shape
    out = mask.copy()
    for n in range(1, count + 1):
        a, b, c = n * way[0], n * way[1], n * way[2]
        for i in range(ni - a):
            for j in range(nj - b):
                _add(out[i, j, : nk - c], mask[i + a, j + b, c:])
                _add(out[i + a, j + b, c:], mask[i, j, : nk - c])
    return out


@compiled
def _add(row: Mask, other: Mask) -> None:
    for k in range(row.size):
        row[k] = row[k] | other[k]


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
    near = grow(np.take(sizes * voxel_ml >= PIECE_ML, labels), (i, j, k))
    labels, sizes = components(levels * near, SURFACE_LEVEL)
    largest = int(np.argmax(sizes))
    return labels == (largest or -1), np.take(sizes * voxel_ml >= PIECE_ML, labels)
