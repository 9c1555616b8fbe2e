"""Removal masks from fields of distance and from planes, row by row of a scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled
from defacto.anatomy.template import load_template
from defacto.deface.layer import away_mm
from defacto.types import Affine, FloatVolume, Grid, Mask

_STEP_MM = 6.0
_EDGE = 1.0
_STILL = 1e-12


@dataclass(frozen=True, eq=False)
class Field:
    """A smooth field, and the box in which it is above a level; a side at the border goes on for ever.

    Parameters
    ----------
    values : ndarray of float32
        Distance, mm.
    grid : Grid
        Where its voxels lie.
    low, high : ndarray, shape (3,)
        First and last voxel of the box.
    """

    values: FloatVolume
    grid: Grid
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]

    @cached_property
    def steepness(self) -> npt.NDArray[np.float64]:
        """Largest change from voxel to voxel along each axis: by it, what is far from a level is skipped."""
        return np.array([np.abs(np.diff(self.values, axis=axis)).max(initial=0.0) for axis in range(3)])


def boxed(values: FloatVolume, grid: Grid, level: float) -> Field:
    """Find the box outside of which a field is not above a level."""
    low, high = np.zeros(3), np.zeros(3)
    above = values > level
    for axis in range(3):
        used = np.flatnonzero(above.any(axis=tuple(n for n in range(3) if n != axis)))
        last = values.shape[axis] - 1
        if used.size == 0:
            return Field(values, grid, np.ones(3), np.zeros(3))
        low[axis] = -1e6 if used[0] == 0 else used[0] - _EDGE
        high[axis] = 1e6 if used[-1] == last else used[-1] + _EDGE
    return Field(values, grid, low, high)


@cache
def _template_field(name: str, step: int) -> Field:
    template = load_template()
    values = -away_mm(name) if name.startswith("p_") else getattr(template, name)
    return boxed(values, template.grid, step * _STEP_MM)


def template_field(name: str, level: float) -> Field:
    """Return a field of the template that will be cut at a level.

    Parameters
    ----------
    name : str
        ``face_cut_mm`` or ``ear_cut_mm``; ``p_face`` or ``p_ears`` for how deep a place lies within
        what may be face, or an ear.
    level : float
        The least that it will be cut at, mm.
    """
    return _template_field(name, int(np.floor(level / _STEP_MM)))


def add_above(mask: Mask, field: Field, to_field: Affine, level: float) -> None:
    """Set to True, in place, the voxels at which a field is above a level.

    Parameters
    ----------
    mask : ndarray of bool, shape (i, j, k), C order
        What is removed.
    field : Field
        In its own world.
    to_field : ndarray, shape (4, 4)
        Voxel indices of the mask to world mm of the field.
    level : float
        Not below the one that the field was boxed for.
    """
    rows, matrix, steep = _rows(mask, field, to_field)
    _add_above(rows, field.values, matrix, field.low, field.high, np.float32(level), steep)


def clear_above(mask: Mask, field: Field, to_field: Affine, level: float) -> None:
    """Set to False, in place, the voxels at which a field is above a level; as `add_above`."""
    rows, matrix, steep = _rows(mask, field, to_field)
    _clear_above(rows, field.values, matrix, np.float32(level), steep)


def _rows(mask: Mask, field: Field, to_field: Affine) -> tuple[Mask, Affine, float]:
    """View a mask with its longest axis last; the matrix that goes with it; how fast the field may change."""
    order = np.argsort(mask.shape, kind="stable")
    matrix = np.ascontiguousarray((field.grid.to_voxel @ to_field)[:, [*order, 3]])
    return mask.transpose(order), matrix, float(np.abs(matrix[:3, 2]) @ field.steepness)


def add_within(mask: Mask, planes: Sequence[Sequence[float]], to_world: Affine) -> None:
    """Set to True, in place, the voxels in front of all planes.

    Parameters
    ----------
    mask : ndarray of bool, shape (i, j, k), C order
        What is removed.
    planes : sequence of (a, b, c, d)
        A place (x, y, z) is in front of the plane where ``a x + b y + c z > d``.
    to_world : ndarray, shape (4, 4)
        Voxel indices of the mask to mm of the planes' world.
    """
    rows = np.array([[a, b, c, -d] for a, b, c, d in planes], dtype=np.float64)
    _add_within(mask, np.ascontiguousarray(rows @ to_world))


@compiled
def _span(
    start: float, step: float, per_step: float, low: float, high: float, first: float, last: float
) -> Any:
    """Narrow ``first`` to ``last`` to where ``start + step * k`` lies between two values."""
    if abs(step) < _STILL:
        return (first, last) if low <= start <= high else (1.0, 0.0)
    one, two = (low - start) * per_step, (high - start) * per_step
    return max(first, min(one, two)), min(last, max(one, two))


@compiled
def _per_step(steps: Any) -> Any:
    """Return one over each step; 0 for those too small to divide by."""
    out = np.zeros(len(steps))
    for n in range(len(steps)):
        if abs(steps[n]) >= _STILL:
            out[n] = 1.0 / steps[n]
    return out


@compiled
def _add_within(mask: Any, planes: Any) -> None:
    per_step = _per_step(planes[:, 2])
    for i in range(mask.shape[0]):
        for j in range(mask.shape[1]):
            first, last = 0.0, mask.shape[2] - 1.0
            for n in range(planes.shape[0]):
                start = planes[n, 0] * i + planes[n, 1] * j + planes[n, 3]
                first, last = _span(start, planes[n, 2], per_step[n], 1e-9, 1e30, first, last)
            for k in range(int(np.ceil(first)), int(np.floor(last)) + 1):
                mask[i, j, k] = True


@compiled
def _add_above(mask: Any, values: Any, m: Any, low: Any, high: Any, level: Any, steep: float) -> None:
    top = np.array(values.shape) - 1.0
    per_step = _per_step(m[:, 2])
    for i in range(mask.shape[0]):
        for j in range(mask.shape[1]):
            first, last = 0.0, mask.shape[2] - 1.0
            for n in range(3):
                start = m[n, 0] * i + m[n, 1] * j + m[n, 3]
                first, last = _span(start, m[n, 2], per_step[n], low[n], high[n], first, last)
                if last < first:
                    break
            k, end = int(np.ceil(first)), int(np.floor(last)) + 1
            while k < end:
                value = _value(values, m, top, i, j, k)
                stop = min(end, k + _sure(value, level, steep))
                if value > level:
                    mask[i, j, k:stop] = True
                k = stop


@compiled
def _clear_above(mask: Any, values: Any, m: Any, level: Any, steep: float) -> None:
    top = np.array(values.shape) - 1.0
    for i in range(mask.shape[0]):
        for j in range(mask.shape[1]):
            k, end = 0, mask.shape[2]
            while k < end:
                if not mask[i, j, k]:
                    k += 1
                    continue
                value = _value(values, m, top, i, j, k)
                stop = min(end, k + _sure(value, level, steep))
                if value > level:
                    mask[i, j, k:stop] = False
                k = stop


@compiled
def _value(values: Any, m: Any, top: Any, i: int, j: int, k: int) -> Any:
    x = min(max(m[0, 0] * i + m[0, 1] * j + m[0, 2] * k + m[0, 3], 0.0), top[0])
    y = min(max(m[1, 0] * i + m[1, 1] * j + m[1, 2] * k + m[1, 3], 0.0), top[1])
    z = min(max(m[2, 0] * i + m[2, 1] * j + m[2, 2] * k + m[2, 3], 0.0), top[2])
    return _interpolate(values, x, y, z)


@compiled
def _sure(value: Any, level: Any, steep: float) -> int:
    """Return for how many voxels, from here on, the field cannot cross the level."""
    away = abs(float(value) - float(level)) - 1e-3
    return 1 if away <= 0 or steep <= 0 else 1 + int(min(away / steep, 1e6))


@compiled
def _interpolate(v: Any, x: float, y: float, z: float) -> Any:
    a, b, c = int(x), int(y), int(z)
    d, e, f = min(a + 1, v.shape[0] - 1), min(b + 1, v.shape[1] - 1), min(c + 1, v.shape[2] - 1)
    u, w, t = np.float32(x - a), np.float32(y - b), np.float32(z - c)
    one = np.float32(1.0)
    near = (v[a, b, c] * (one - t) + v[a, b, f] * t) * (one - w) + (
        v[a, e, c] * (one - t) + v[a, e, f] * t
    ) * w
    far = (v[d, b, c] * (one - t) + v[d, b, f] * t) * (one - w) + (
        v[d, e, c] * (one - t) + v[d, e, f] * t
    ) * w
    return near * (one - u) + far * u
