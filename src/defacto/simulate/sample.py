"""A person on the grid of a scan: the signal averaged over each voxel, and what lies in its middle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from defacto.anatomy.compile import compiled
from defacto.simulate.base import Base
from defacto.simulate.contrast import Lesion, Palette
from defacto.simulate.person import Person
from defacto.simulate.structures import is_brain
from defacto.types import Affine, FloatVolume, Grid, LabelVolume

SKIN_WIDTH_MM = 1.0
"""Over at least so much the signal falls from tissue to air."""
REACH_MM = 8.0
"""Distances to the skin are told so far from it."""
_STRETCH = 2.0
"""No deformation moves two places of a voxel farther apart than so many times their distance."""
_STEP_MM = 1.8
_PARTIAL_VOLUME = 1.25


@dataclass(frozen=True, eq=False)
class Sampled:
    """A person on a grid, all arrays of the grid's shape.

    Parameters
    ----------
    signal : ndarray of float32
        Averaged over the voxel where it is thicker than about 2.7 mm; 0 in air.
    inside : ndarray of float32
        Share of the voxel that is inside of the skin.
    structures, features : ndarray of uint8
        In the middle of the voxel, by `Structure` and by `Feature.label`; the former 0 outside of the skin,
        the latter 0 farther from it than twice `REACH_MM`.
    surface_mm : ndarray of float32
        Distance of the middle to the skin, mm of the grid's world; negative inside; up to `REACH_MM`.
    """

    signal: FloatVolume
    inside: FloatVolume
    structures: LabelVolume
    features: LabelVolume
    surface_mm: FloatVolume

    def each(self, change: Callable[[Any], Any]) -> Sampled:
        """Return what a change makes of every array."""
        return Sampled(
            change(self.signal),
            change(self.inside),
            change(self.structures),
            change(self.features),
            change(self.surface_mm),
        )


def sample(base: Base, person: Person, palette: Palette, matrix: Affine, grid: Grid) -> Sampled:
    """Look a person up for every voxel of a scan.

    Parameters
    ----------
    base : Base
        The base head.
    person : Person
        Its deformation.
    palette : Palette
        How bright its codes are.
    matrix : ndarray, shape (4, 4)
        World mm of the scan to base world mm, before the deformation.
    grid : Grid
        Of the scan.
    """
    counts = np.maximum(np.rint(np.array(grid.voxel_size_mm) / _STEP_MM), 1).astype(np.int64)
    pull = matrix @ grid.affine
    to_node = (person.grid.to_voxel @ pull)[:3].astype(np.float32)
    to_voxel = (base.grid.to_voxel @ pull)[:3].astype(np.float32)
    to_mm = np.linalg.inv(grid.affine[:3, :3]).T.astype(np.float32)
    width_mm = max(SKIN_WIDTH_MM, _PARTIAL_VOLUME * float((np.array(grid.voxel_size_mm) / counts).max()))
    parts = (np.indices(tuple(counts)).reshape(3, -1).T + 0.5) / counts - 0.5
    certain = width_mm + _STRETCH * float(np.linalg.norm(grid.voxel_size_mm)) / 2
    made = Sampled(
        np.zeros(grid.shape, dtype=np.float32),
        np.zeros(grid.shape, dtype=np.float32),
        np.zeros(grid.shape, dtype=np.uint8),
        np.zeros(grid.shape, dtype=np.uint8),
        np.full(grid.shape, REACH_MM, dtype=np.float32),
    )
    _sample(
        (base.surface_mm, base.codes, base.structures, base.features),
        (person.shift_mm, to_node, to_voxel, to_mm, _head_box(base, person)),
        (palette.means, palette.spreads, palette.texture),
        np.float32(1 / width_mm),
        parts,
        (np.float32(certain), np.float32(max(certain, _STRETCH * REACH_MM))),
        np.float32(1 / (_STRETCH * grid.voxel_size_mm[2])),
        (made.signal, made.inside, made.structures, made.features, made.surface_mm),
    )
    return made


def add_lesions(made: Sampled, grid: Grid, to_base: Affine, lesions: Sequence[Lesion]) -> None:
    """Paint round lesions, with a rim, into the brain's tissue, in place."""
    matrix = to_base @ grid.affine
    size = np.sqrt((matrix[:3, :3] ** 2).sum(axis=0))
    for lesion in lesions:
        middle = (np.linalg.inv(matrix) @ (*lesion.center_mm, 1.0))[:3]
        reach = 1.5 * lesion.radius_mm / size
        low = np.clip(np.floor(middle - reach), 0, grid.shape).astype(int)
        high = np.clip(np.ceil(middle + reach) + 1, 0, grid.shape).astype(int)
        part = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        index = np.ogrid[part]
        square = np.zeros((1, 1, 1))
        for row, center in zip(matrix[:3], lesion.center_mm, strict=True):
            square = (
                square + (row[0] * index[0] + row[1] * index[1] + row[2] * index[2] + row[3] - center) ** 2
            )
        distance = np.sqrt(square)
        weight = np.clip(lesion.radius_mm - distance + 0.5, 0, 1) * is_brain(made.structures[part])
        value = np.where(distance > 0.7 * lesion.radius_mm, lesion.rim, lesion.core)
        made.signal[part] += (weight * (value - made.signal[part])).astype(np.float32)


def _head_box(base: Base, person: Person) -> FloatVolume:
    """Return first and last voxel of the base head along each axis, widened by the largest shift."""
    reach = np.abs(person.shift_mm).max() + SKIN_WIDTH_MM
    return np.stack([base.box[:, 0] - reach, base.box[:, 1] + reach], axis=1).astype(np.float32)


@compiled
def cell(x: Any, n: int) -> tuple[int, Any]:
    """Return the lower neighbour and the share of the upper one; beyond the border its value goes on."""
    x = min(max(x, np.float32(0.0)), np.float32(n - 1.001))
    low = int(x)
    return low, x - np.float32(low)


@compiled
def look(v: Any, a: int, b: int, c: int, u: Any, w: Any, t: Any) -> Any:
    """Return a volume's value between the eight voxels from ``(a, b, c)`` on, trilinear."""
    one = np.float32(1.0)
    near = (v[a, b, c] * (one - t) + v[a, b, c + 1] * t) * (one - w) + (
        v[a, b + 1, c] * (one - t) + v[a, b + 1, c + 1] * t
    ) * w
    far = (v[a + 1, b, c] * (one - t) + v[a + 1, b, c + 1] * t) * (one - w) + (
        v[a + 1, b + 1, c] * (one - t) + v[a + 1, b + 1, c + 1] * t
    ) * w
    return near * (one - u) + far * u


@compiled
def _colour(codes: Any, paint: Any, a: int, b: int, c: int, u: Any, w: Any, t: Any) -> Any:
    """Mix the brightness of the eight codes around a place, and mottle it."""
    means, spreads, texture = paint
    one = np.float32(1.0)
    mean, spread = np.float32(0.0), np.float32(0.0)
    for i in range(2):
        along = u if i else one - u
        for j in range(2):
            across = along * (w if j else one - w)
            for k in range(2):
                weight = across * (t if k else one - t)
                code = codes[a + i, b + j, c + k]
                mean += weight * means[code]
                spread += weight * spreads[code]
    last = texture.shape[0] - 1
    return mean + spread * texture[a & last, b & last, c & last]


@compiled
def _place(map_: Any, x: Any, y: Any, z: Any) -> tuple[bool, Any, Any, Any]:
    """Return whether a place can be in the head, and where it is in the base head, in its voxels."""
    shift, n, m, _, box = map_
    one = np.float32(1.0)
    p = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3]
    q = m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3]
    r = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3]
    if p < box[0, 0] or p > box[0, 1] or q < box[1, 0] or q > box[1, 1] or r < box[2, 0] or r > box[2, 1]:
        return False, p, q, r
    a, u = cell(n[0, 0] * x + n[0, 1] * y + n[0, 2] * z + n[0, 3], shift.shape[0])
    b, w = cell(n[1, 0] * x + n[1, 1] * y + n[1, 2] * z + n[1, 3], shift.shape[1])
    c, t = cell(n[2, 0] * x + n[2, 1] * y + n[2, 2] * z + n[2, 3], shift.shape[2])
    for i in range(2):
        along = u if i else one - u
        for j in range(2):
            across = along * (w if j else one - w)
            for k in range(2):
                weight = across * (t if k else one - t)
                p += weight * shift[a + i, b + j, c + k, 0]
                q += weight * shift[a + i, b + j, c + k, 1]
                r += weight * shift[a + i, b + j, c + k, 2]
    return True, p, q, r


@compiled
def _steepness(surface: Any, map_: Any, cell: Any, share: Any, x: Any, y: Any, z: Any) -> Any:
    """Return by how much the base head's distance changes over one mm of the scan, along its own slope."""
    shift, n, m, to_mm, _ = map_
    a, b, c = cell
    node = (
        min(max(int(n[0, 0] * x + n[0, 1] * y + n[0, 2] * z + n[0, 3]), 0), shift.shape[0] - 2),
        min(max(int(n[1, 0] * x + n[1, 1] * y + n[1, 2] * z + n[1, 3]), 0), shift.shape[1] - 2),
        min(max(int(n[2, 0] * x + n[2, 1] * y + n[2, 2] * z + n[2, 3]), 0), shift.shape[2] - 2),
    )
    u, w, t = share
    one = np.float32(1.0)
    slope = (
        _look2(
            surface[a + 1, b, c] - surface[a, b, c],
            surface[a + 1, b + 1, c] - surface[a, b + 1, c],
            surface[a + 1, b, c + 1] - surface[a, b, c + 1],
            surface[a + 1, b + 1, c + 1] - surface[a, b + 1, c + 1],
            w,
            t,
        ),
        _look2(
            surface[a, b + 1, c] - surface[a, b, c],
            surface[a + 1, b + 1, c] - surface[a + 1, b, c],
            surface[a, b + 1, c + 1] - surface[a, b, c + 1],
            surface[a + 1, b + 1, c + 1] - surface[a + 1, b, c + 1],
            u,
            t,
        ),
        _look2(
            surface[a, b, c + 1] - surface[a, b, c],
            surface[a + 1, b, c + 1] - surface[a + 1, b, c],
            surface[a, b + 1, c + 1] - surface[a, b + 1, c],
            surface[a + 1, b + 1, c + 1] - surface[a + 1, b + 1, c],
            u,
            w,
        ),
    )
    i, j, k = node
    g0 = g1 = g2 = np.float32(0.0)
    for axis in range(3):
        here = shift[i, j, k, axis]
        by_i = shift[i + 1, j, k, axis] - here
        by_j = shift[i, j + 1, k, axis] - here
        by_k = shift[i, j, k + 1, axis] - here
        g0 += slope[axis] * (m[axis, 0] + by_i * n[0, 0] + by_j * n[1, 0] + by_k * n[2, 0])
        g1 += slope[axis] * (m[axis, 1] + by_i * n[0, 1] + by_j * n[1, 1] + by_k * n[2, 1])
        g2 += slope[axis] * (m[axis, 2] + by_i * n[0, 2] + by_j * n[1, 2] + by_k * n[2, 2])
    total = np.float32(0.0)
    for axis in range(3):
        part = to_mm[axis, 0] * g0 + to_mm[axis, 1] * g1 + to_mm[axis, 2] * g2
        total += part * part
    here = np.sqrt(slope[0] * slope[0] + slope[1] * slope[1] + slope[2] * slope[2])
    if here < np.float32(0.3):
        return one
    return min(max(np.sqrt(total) / here, np.float32(0.5)), np.float32(2.0))


@compiled
def _look2(aa: Any, ba: Any, ab: Any, bb: Any, u: Any, w: Any) -> Any:
    one = np.float32(1.0)
    return (aa * (one - u) + ba * u) * (one - w) + (ab * (one - u) + bb * u) * w


@compiled
def _sample(  # noqa: PLR0912, PLR0915  (one function: a call for each voxel makes a head a third slower)
    base: Any, map_: Any, paint: Any, per_mm: Any, parts: Any, sure: Any, per_step: Any, out: Any
) -> None:
    surface, codes, structures, features = base
    certain, far = sure
    signal, inside, structure, feature, surface_mm = out
    points = parts.shape[0]
    middle = points // 2 if points % 2 == 1 else -1
    share = np.float32(1.0 / points)
    half, zero, one, reach = np.float32(0.5), np.float32(0.0), np.float32(1.0), np.float32(REACH_MM)
    n0, n1, n2 = surface.shape
    for i in range(signal.shape[0]):
        for j in range(signal.shape[1]):
            k = -1
            while k + 1 < signal.shape[2]:
                k += 1
                x, y, z = np.float32(i), np.float32(j), np.float32(k)
                near, p, q, r = here = _place(map_, x, y, z)
                deep = False
                if near and p >= 0 and q >= 0 and r >= 0 and p <= n0 - 1 and q <= n1 - 1 and r <= n2 - 1:
                    (a, u), (b, w), (c, t) = cell(p, n0), cell(q, n1), cell(r, n2)
                    d = look(surface, a, b, c, u, w, t)
                    a1, b1, c1 = a + (u > half), b + (w > half), c + (t > half)
                    if d <= far:
                        feature[i, j, k] = features[a1, b1, c1]
                    if d < zero:
                        structure[i, j, k] = structures[a1, b1, c1]
                    if points == 1:
                        soft = min(max(half - d * per_mm, zero), one)
                        inside[i, j, k] = soft
                        if soft > zero:
                            signal[i, j, k] = soft * _colour(codes, paint, a, b, c, u, w, t)
                    plain = d
                    if abs(d) < reach:
                        d /= _steepness(surface, map_, (a, b, c), (u, w, t), x, y, z)
                    surface_mm[i, j, k] = min(max(d, -reach), reach)
                    if plain > certain:
                        if plain > far:  # and so are the next ones, whatever the deformation
                            k += int((plain - far) * per_step)
                        continue
                    deep = plain < -certain
                if points == 1:
                    continue
                total, within = zero, zero
                for n in range(points):
                    x = np.float32(i + parts[n, 0])
                    y = np.float32(j + parts[n, 1])
                    z = np.float32(k + parts[n, 2])
                    near, p, q, r = here if n == middle else _place(map_, x, y, z)
                    if not near or p < 0 or q < 0 or r < 0 or p > n0 - 1 or q > n1 - 1 or r > n2 - 1:
                        continue
                    (a, u), (b, w), (c, t) = cell(p, n0), cell(q, n1), cell(r, n2)
                    soft = one
                    if not deep:
                        soft = min(max(half - look(surface, a, b, c, u, w, t) * per_mm, zero), one)
                    if soft > zero:
                        total += soft * _colour(codes, paint, a, b, c, u, w, t)
                        within += soft
                signal[i, j, k] = total * share
                inside[i, j, k] = within * share
