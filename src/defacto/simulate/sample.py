"""A person's signal on the grid of a scan, averaged over each voxel."""

from __future__ import annotations

from typing import Any

import numpy as np

from defacto.anatomy.compile import compiled
from defacto.simulate.base import Base
from defacto.simulate.person import Person
from defacto.types import Affine, FloatVolume, Grid

SKIN_WIDTH_MM = 1.0
"""Over at least so much the signal falls from tissue to air."""
_STEP_MM = 1.6
_PARTIAL_VOLUME = 1.25


def sample(
    painted: FloatVolume, base: Base, person: Person, matrix: Affine, grid: Grid
) -> tuple[FloatVolume, FloatVolume]:
    """Look up the person's signal for every voxel of a scan.

    Parameters
    ----------
    painted : ndarray of float32
        The base head in its contrast.
    base : Base
        The base head.
    person : Person
        Its deformation.
    matrix : ndarray, shape (4, 4)
        Voxel indices of the scan to base world mm, before the deformation.
    grid : Grid
        Of the scan.

    Returns
    -------
    signal : ndarray of float32, shape ``grid.shape``
        Averaged over the voxel where it is thicker than about 1.6 mm; 0 in air.
    inside : ndarray of float32
        Share of the voxel that is inside of the skin.
    """
    counts = np.maximum(np.ceil(np.array(grid.voxel_size_mm) / _STEP_MM), 1).astype(np.int64)
    to_node = (person.grid.to_voxel @ matrix)[:3].astype(np.float32)
    to_voxel = (base.grid.to_voxel @ matrix)[:3].astype(np.float32)
    signal = np.empty(grid.shape, dtype=np.float32)
    inside = np.empty(grid.shape, dtype=np.float32)
    width_mm = max(SKIN_WIDTH_MM, _PARTIAL_VOLUME * float((grid.voxel_size_mm / counts).max()))
    skin = np.float32(1 / width_mm), _head_box(base, person)
    _sample(painted, base.surface_mm, person.shift_mm, to_node, to_voxel, skin, counts, signal, inside)
    return signal, inside


def _head_box(base: Base, person: Person) -> FloatVolume:
    """Return first and last voxel of the base head along each axis, widened by the largest shift."""
    reach = np.abs(person.shift_mm).max() + SKIN_WIDTH_MM
    found = []
    for axis in range(3):
        others = tuple(n for n in range(3) if n != axis)
        within = np.flatnonzero(base.surface_mm.min(axis=others) < SKIN_WIDTH_MM)
        found.append((within[0] - reach, within[-1] + reach))
    return np.array(found, dtype=np.float32)


@compiled
def _cell(x: Any, n: int) -> tuple[int, Any]:
    """Return the lower neighbour and the share of the upper one; beyond the border its value goes on."""
    x = min(max(x, np.float32(0.0)), np.float32(n - 1.001))
    low = int(x)
    return low, x - np.float32(low)


@compiled
def _look(v: Any, a: int, b: int, c: int, u: Any, w: Any, t: Any) -> Any:
    one = np.float32(1.0)
    near = (v[a, b, c] * (one - t) + v[a, b, c + 1] * t) * (one - w) + (
        v[a, b + 1, c] * (one - t) + v[a, b + 1, c + 1] * t
    ) * w
    far = (v[a + 1, b, c] * (one - t) + v[a + 1, b, c + 1] * t) * (one - w) + (
        v[a + 1, b + 1, c] * (one - t) + v[a + 1, b + 1, c + 1] * t
    ) * w
    return near * (one - u) + far * u


@compiled
def _sample(
    painted: Any,
    surface: Any,
    shift: Any,
    to_node: Any,
    to_voxel: Any,
    skin: Any,
    counts: Any,
    signal: Any,
    inside: Any,
) -> None:
    share = np.float32(1.0 / (counts[0] * counts[1] * counts[2]))
    for i in range(signal.shape[0]):
        for j in range(signal.shape[1]):
            for k in range(signal.shape[2]):
                total, within = np.float32(0.0), np.float32(0.0)
                for n in range(counts[0] * counts[1] * counts[2]):
                    a, b, c = n // (counts[1] * counts[2]), (n // counts[2]) % counts[1], n % counts[2]
                    x = np.float32(i + (a + 0.5) / counts[0] - 0.5)
                    y = np.float32(j + (b + 0.5) / counts[1] - 0.5)
                    z = np.float32(k + (c + 0.5) / counts[2] - 0.5)
                    soft, value = _point(painted, surface, shift, to_node, to_voxel, skin, x, y, z)
                    total += soft * value
                    within += soft
                signal[i, j, k] = total * share
                inside[i, j, k] = within * share


@compiled
def _point(
    painted: Any, surface: Any, shift: Any, to_node: Any, m: Any, skin: Any, x: Any, y: Any, z: Any
) -> tuple[Any, Any]:
    """Return how far a place is inside of the skin (0 to 1), and its signal."""
    per_mm, box = skin
    zero, half, one = np.float32(0.0), np.float32(0.5), np.float32(1.0)
    p = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3]
    q = m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3]
    r = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3]
    if p < box[0, 0] or p > box[0, 1] or q < box[1, 0] or q > box[1, 1] or r < box[2, 0] or r > box[2, 1]:
        return zero, zero
    a, u = _cell(to_node[0, 0] * x + to_node[0, 1] * y + to_node[0, 2] * z + to_node[0, 3], shift.shape[0])
    b, w = _cell(to_node[1, 0] * x + to_node[1, 1] * y + to_node[1, 2] * z + to_node[1, 3], shift.shape[1])
    c, t = _cell(to_node[2, 0] * x + to_node[2, 1] * y + to_node[2, 2] * z + to_node[2, 3], shift.shape[2])
    for corner in range(8):
        i, j, k = corner >> 2, (corner >> 1) & 1, corner & 1
        weight = (u if i else one - u) * (w if j else one - w) * (t if k else one - t)
        node = shift[a + i, b + j, c + k]
        p += weight * node[0]
        q += weight * node[1]
        r += weight * node[2]
    beyond = (
        p < zero
        or q < zero
        or p > surface.shape[0] - 1
        or q > surface.shape[1] - 1
        or r > surface.shape[2] - 1
    )
    if beyond:
        return zero, zero
    a, u = _cell(p, surface.shape[0])
    b, w = _cell(q, surface.shape[1])
    c, t = _cell(r, surface.shape[2])
    soft = min(max(half - _look(surface, a, b, c, u, w, t) * per_mm, zero), one)
    if soft == zero:
        return zero, zero
    return soft, _look(painted, a, b, c, u, w, t)
