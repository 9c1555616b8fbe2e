"""A ray-caster: parallel rays to the first point where a volume is not negative."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled
from defacto.types import FloatVolume

BLOCK = 4
"""Voxels along a side of the blocks that are skipped where empty."""
STRIDE_MM = 0.8
"""From sample to sample along a ray."""
PAST_MM = 0.01
"""So far beyond its side a ray has surely left a block."""

Point = tuple[float, float, float]


@compiled
def block_maxima(levels: FloatVolume) -> FloatVolume:
    """Largest level of each block and the voxels that touch it; where that is below -1, it is -1."""
    ni, nj, nk = levels.shape
    shape = ((ni + BLOCK - 1) // BLOCK, (nj + BLOCK - 1) // BLOCK, (nk + BLOCK - 1) // BLOCK)
    out = np.empty(shape, dtype=np.float32)
    highest = np.empty(nk, dtype=np.float32)
    for a in range(shape[0]):
        for b in range(shape[1]):
            highest[:] = levels[a * BLOCK, b * BLOCK]
            for i in range(a * BLOCK, min(a * BLOCK + BLOCK + 1, ni)):
                for j in range(b * BLOCK, min(b * BLOCK + BLOCK + 1, nj)):
                    row = levels[i, j]
                    for k in range(nk):
                        highest[k] = max(highest[k], row[k])
            for c in range(shape[2]):
                out[a, b, c] = highest[c * BLOCK : min(c * BLOCK + BLOCK + 1, nk)].max()
    return out


@compiled
def _interpolate(levels: FloatVolume, x: float, y: float, z: float) -> float:
    """Trilinear interpolation; beyond the grid its border goes on."""
    ni, nj, nk = levels.shape
    x, y, z = min(max(x, 0.0), ni - 1.0), min(max(y, 0.0), nj - 1.0), min(max(z, 0.0), nk - 1.0)
    i, j, k = int(x), int(y), int(z)
    ii, jj, kk = min(i + 1, ni - 1), min(j + 1, nj - 1), min(k + 1, nk - 1)
    u, v, w = np.float32(x - i), np.float32(y - j), np.float32(z - k)
    one = np.float32(1.0)
    low = levels[i, j, k] * (one - w) + levels[i, j, kk] * w
    low = low * (one - v) + (levels[i, jj, k] * (one - w) + levels[i, jj, kk] * w) * v
    high = levels[ii, j, k] * (one - w) + levels[ii, j, kk] * w
    high = high * (one - v) + (levels[ii, jj, k] * (one - w) + levels[ii, jj, kk] * w) * v
    return low * (one - u) + high * u  # type: ignore[no-any-return]


@compiled
def _enter(shape: tuple[int, int, int], start: Point, ray: Point) -> tuple[float, float, int]:
    """Where a ray enters and leaves the grid, half a voxel outside its voxels, and across which axis."""
    begin, end, face = -1e4, 1e4, -1
    for axis in range(3):
        if abs(ray[axis]) < 1e-9:
            if start[axis] < -0.5 or start[axis] > shape[axis] - 0.5:
                end = -2e4
            continue
        one = (-0.5 - start[axis]) / ray[axis]
        two = (shape[axis] - 0.5 - start[axis]) / ray[axis]
        if min(one, two) > begin:
            begin, face = min(one, two), axis
        end = min(end, max(one, two))
    return begin, end, face


@compiled
def _block(maxima: FloatVolume, start: Point, ray: Point, far: float) -> tuple[float, bool]:
    """Where the ray leaves the block that it is in, and whether that block holds no skin."""
    a = min(max(int(start[0] + ray[0] * far), 0) // BLOCK, maxima.shape[0] - 1)
    b = min(max(int(start[1] + ray[1] * far), 0) // BLOCK, maxima.shape[1] - 1)
    c = min(max(int(start[2] + ray[2] * far), 0) // BLOCK, maxima.shape[2] - 1)
    leave = 1e4
    for axis, block in ((0, a), (1, b), (2, c)):
        side = block * BLOCK + BLOCK if ray[axis] > 0 else block * BLOCK
        if abs(ray[axis]) > 1e-9:
            there = (side - start[axis]) / ray[axis]
            leave = min(leave, there if there > far else 1e4)
    return leave + PAST_MM, maxima[a, b, c] < 0


@compiled
def _follow(
    levels: FloatVolume,
    maxima: FloatVolume,
    start: Point,
    ray: Point,
    bounds: npt.NDArray[np.float64],
    met: npt.NDArray[np.float32],
) -> None:
    """Follow one ray to the first skin, and note depth, gradient and whether the field of view was met."""
    (sx, sy, sz), (rx, ry, rz) = start, ray
    begin, end, face = _enter(levels.shape, start, ray)
    far, found = begin, False
    end = min(end, bounds[1])
    if far < end:
        while far < bounds[0]:
            far += STRIDE_MM
    while far < end and not found:
        leave, empty = _block(maxima, start, ray, far)
        leave = min(leave, end)
        if empty:
            while far < leave - 2 * PAST_MM:
                far += STRIDE_MM
        while far < leave:
            if _interpolate(levels, sx + rx * far, sy + ry * far, sz + rz * far) >= 0:
                found = True
                break
            far += STRIDE_MM
    if not found:
        return
    met[0] = far
    if far == begin:
        met[1 + face] = -1.0 if ray[face] > 0 else 1.0
        met[4] = 1.0
        return
    low, high = max(begin, far - STRIDE_MM), far
    for _ in range(6):
        half = 0.5 * (low + high)
        if _interpolate(levels, sx + rx * half, sy + ry * half, sz + rz * half) >= 0:
            high = half
        else:
            low = half
    x, y, z = sx + rx * high, sy + ry * high, sz + rz * high
    met[0] = high
    met[1] = _interpolate(levels, x - 1, y, z) - _interpolate(levels, x + 1, y, z)
    met[2] = _interpolate(levels, x, y - 1, z) - _interpolate(levels, x, y + 1, z)
    met[3] = _interpolate(levels, x, y, z - 1) - _interpolate(levels, x, y, z + 1)


@compiled
def find_bounds(
    maxima: FloatVolume,
    shape: tuple[int, int, int],
    origin: npt.NDArray[np.float64],
    to_pixel: npt.NDArray[np.float64],
    size: int,
) -> npt.NDArray[np.float64]:
    """Between which depths each pixel's ray may meet blocks that hold skin; none where it surely does not.

    Of the blocks, those are looked at that others without skin, or the grid's border, lie beside. `to_pixel`
    is the inverse of the `steps` of `follow_all`. Shape (size, size, 2).
    """
    bounds = np.empty((size, size, 2))
    bounds[:, :, 0], bounds[:, :, 1] = 1e4, -1e4
    low, high, middle, reach = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for a in range(maxima.shape[0]):
        for b in range(maxima.shape[1]):
            for c in range(maxima.shape[2]):
                if maxima[a, b, c] < 0 or _surrounded(maxima, a, b, c):
                    continue
                for axis, block in ((0, a), (1, b), (2, c)):
                    low[axis] = block * BLOCK - 1
                    high[axis] = min(block * BLOCK + BLOCK, shape[axis]) + 1
                for axis in range(3):
                    middle[axis], reach[axis] = 0.0, 0.0
                    for other in range(3):
                        half = 0.5 * (high[other] - low[other])
                        middle[axis] += to_pixel[axis, other] * (low[other] + half - origin[other])
                        reach[axis] += abs(to_pixel[axis, other]) * half
                first, last = middle - reach, middle + reach
                for row in range(max(int(first[1]), 0), min(int(last[1]) + 1, size - 1) + 1):
                    for column in range(max(int(first[0]), 0), min(int(last[0]) + 1, size - 1) + 1):
                        bounds[row, column, 0] = min(bounds[row, column, 0], first[2])
                        bounds[row, column, 1] = max(bounds[row, column, 1], last[2])
    return bounds


@compiled
def _surrounded(maxima: FloatVolume, a: int, b: int, c: int) -> bool:
    """Whether the six blocks beside one hold skin too."""
    if min(a, b, c) == 0 or a + 1 == maxima.shape[0] or b + 1 == maxima.shape[1] or c + 1 == maxima.shape[2]:
        return False
    along = min(maxima[a - 1, b, c], maxima[a + 1, b, c], maxima[a, b - 1, c])
    return bool(min(along, maxima[a, b + 1, c], maxima[a, b, c - 1], maxima[a, b, c + 1]) >= 0)


@compiled
def follow_all(
    levels: FloatVolume,
    maxima: FloatVolume,
    bounds: npt.NDArray[np.float64],
    origin: npt.NDArray[np.float64],
    steps: npt.NDArray[np.float64],
    met: npt.NDArray[np.float32],
) -> None:
    """Follow the rays of all pixels to where `levels`, of which `maxima` are the `block_maxima`, is 0.

    `bounds` are from `find_bounds`: what surely holds no skin is skipped, and no result depends on that.
    `origin` is the first pixel in voxel coordinates; `steps` holds, as columns, voxels per column, per row
    and per mm of depth. Into `met`, shape (rows, columns, 5), go the depth in mm, the negative gradient along
    i, j, k, and 1 where the ray met tissue on entering the grid; what the ray misses is left as it is.
    """
    ray = (steps[0, 2], steps[1, 2], steps[2, 2])
    for row in range(met.shape[0]):
        for column in range(met.shape[1]):
            start = (
                origin[0] + steps[0, 0] * column + steps[0, 1] * row,
                origin[1] + steps[1, 0] * column + steps[1, 1] * row,
                origin[2] + steps[2, 0] * column + steps[2, 1] * row,
            )
            _follow(levels, maxima, start, ray, bounds[row, column], met[row, column])
