"""A ray-caster: depth, normals and openness of a head's surface, seen from far away."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from defacto.render.compile import compiled
from defacto.render.contrast import SURFACE_LEVEL
from defacto.render.head import Head
from defacto.types import FloatVolume

FRAME_MM = 252.0
"""Width and height of what a view shows."""
ABOVE_MM = 14.0
"""Room above the head's top."""
BLOCK = 8
"""Voxels along a side of the blocks that are skipped where empty."""
STRIDE_MM = 0.8
"""From sample to sample along a ray."""

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """Where the eye stands.

    Parameters
    ----------
    azimuth_deg : float
        0 in front of the face, 90 at the head's left side.
    elevation_deg : float
        Above (positive) the horizontal plane.
    """

    azimuth_deg: float
    elevation_deg: float = 0.0

    @property
    def axes(self) -> npt.NDArray[np.float64]:
        """Rows: the picture's right, the picture's up, and towards the eye; in world coordinates."""
        azimuth, elevation = math.radians(self.azimuth_deg), math.radians(self.elevation_deg)
        level = np.array([-math.sin(azimuth), math.cos(azimuth), 0.0])
        up = np.array([0.0, 0.0, 1.0])
        eye = math.cos(elevation) * level + math.sin(elevation) * up
        right = np.cross(up, level)
        return np.stack([right, np.cross(eye, right), eye])


@dataclass(frozen=True, eq=False)
class Cast:
    """What the rays met, pixel by pixel.

    Parameters
    ----------
    depth_mm : ndarray of float32, shape (rows, columns)
        Distance behind the plane through the middle of the cranium, negative before it; NaN beside the head.
    normals : ndarray of float32, shape (rows, columns, 3)
        Unit vectors out of the head along the picture's right, up and towards the eye; 0 beside the head.
    cut : ndarray of bool, shape (rows, columns)
        Where the field of view, not skin, is the surface.
    px_mm : float
        Size of a pixel.
    """

    depth_mm: npt.NDArray[np.float32]
    normals: npt.NDArray[np.float32]
    cut: npt.NDArray[np.bool_]
    px_mm: float


def cast(head: Head, view: View, size: int) -> Cast:
    """Look at a head from one side, with parallel rays.

    Parameters
    ----------
    head : Head
        From `find_head`.
    view : View
        Where the eye stands.
    size : int
        Rows and columns; together they show `FRAME_MM`.
    """
    px_mm = FRAME_MM / size
    axes = view.axes
    to_voxel = np.linalg.inv(head.affine)
    corner = np.array([-(size - 1) / 2 * px_mm, ABOVE_MM - px_mm / 2, 0.0])
    origin = to_voxel[:3, :3] @ (head.top_mm + corner @ axes) + to_voxel[:3, 3]
    to_steps = to_voxel[:3, :3] @ axes.T
    met = np.zeros((size, size, 5), dtype=np.float32)
    met[..., 0] = np.nan
    _follow_all(head.levels, _block_maxima(head.levels), origin, to_steps * [px_mm, -px_mm, -1.0], met)
    normals = met[..., 1:4] @ to_steps.astype(np.float32)
    normals /= np.maximum(np.sqrt((normals**2).sum(axis=2, keepdims=True)), 1e-12)
    return Cast(met[..., 0], normals, met[..., 4] > 0, px_mm)


@compiled
def _block_maxima(levels: FloatVolume) -> FloatVolume:
    """Largest level of each block and the voxels that touch it."""
    ni, nj, nk = levels.shape
    shape = ((ni + BLOCK - 1) // BLOCK, (nj + BLOCK - 1) // BLOCK, (nk + BLOCK - 1) // BLOCK)
    out = np.zeros(shape, dtype=np.float32)
    for a in range(shape[0]):
        for b in range(shape[1]):
            for i in range(a * BLOCK, min(a * BLOCK + BLOCK + 1, ni)):
                for j in range(b * BLOCK, min(b * BLOCK + BLOCK + 1, nj)):
                    for c in range(shape[2]):
                        highest = out[a, b, c]
                        for k in range(c * BLOCK, min(c * BLOCK + BLOCK + 1, nk)):
                            highest = max(highest, levels[i, j, k])
                        out[a, b, c] = highest
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
def _enter(shape: tuple[int, int, int], start: Vector, ray: Vector) -> tuple[float, float, int]:
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
def _skip(maxima: FloatVolume, start: Vector, ray: Vector, far: float) -> float:
    """How far the ray gets before it leaves an empty block; `far` itself in a block that holds skin."""
    at = np.empty(3, dtype=np.int64)
    for axis in range(3):
        at[axis] = min(max(int(start[axis] + ray[axis] * far), 0) // BLOCK, maxima.shape[axis] - 1)
    block = (at[0], at[1], at[2])
    if maxima[block] >= SURFACE_LEVEL:
        return far
    leave = 1e4
    for axis in range(3):
        if ray[axis] > 1e-9:
            leave = min(leave, (at[axis] * BLOCK + BLOCK - start[axis]) / ray[axis])
        elif ray[axis] < -1e-9:
            leave = min(leave, (at[axis] * BLOCK - start[axis]) / ray[axis])
    return max(far, leave) + 0.01


@compiled
def _level(levels: FloatVolume, start: Vector, ray: Vector, far: float) -> float:
    x, y, z = start[0] + ray[0] * far, start[1] + ray[1] * far, start[2] + ray[2] * far
    return _interpolate(levels, x, y, z)


@compiled
def _follow(
    levels: FloatVolume, maxima: FloatVolume, start: Vector, ray: Vector, met: npt.NDArray[np.float32]
) -> None:
    """Follow one ray to the first skin, and note depth, gradient and whether the field of view was met."""
    begin, end, face = _enter(levels.shape, start, ray)
    far = begin
    while far < end:
        past = _skip(maxima, start, ray, far)
        if past > far:
            far = past
        elif _level(levels, start, ray, far) >= SURFACE_LEVEL:
            break
        else:
            far += STRIDE_MM
    if far >= end:
        return
    met[0] = far
    if far == begin:
        met[1 + face] = -1.0 if ray[face] > 0 else 1.0
        met[4] = 1.0
        return
    low, high = max(begin, far - STRIDE_MM), far
    for _ in range(6):
        half = 0.5 * (low + high)
        if _level(levels, start, ray, half) >= SURFACE_LEVEL:
            high = half
        else:
            low = half
    x, y, z = start[0] + ray[0] * high, start[1] + ray[1] * high, start[2] + ray[2] * high
    met[0] = high
    met[1] = _interpolate(levels, x - 1, y, z) - _interpolate(levels, x + 1, y, z)
    met[2] = _interpolate(levels, x, y - 1, z) - _interpolate(levels, x, y + 1, z)
    met[3] = _interpolate(levels, x, y, z - 1) - _interpolate(levels, x, y, z + 1)


@compiled
def _follow_all(
    levels: FloatVolume,
    maxima: FloatVolume,
    origin: Vector,
    steps: npt.NDArray[np.float64],
    met: npt.NDArray[np.float32],
) -> None:
    """Follow the rays of all pixels; `steps` holds, as columns, voxels per column, per row and per mm."""
    start = np.empty(3)
    ray = steps[:, 2].copy()
    for row in range(met.shape[0]):
        for column in range(met.shape[1]):
            for axis in range(3):
                start[axis] = origin[axis] + steps[axis, 0] * column + steps[axis, 1] * row
            _follow(levels, maxima, start, ray, met[row, column])
