"""A second registration, which shares nothing with the first: mutual information from many starts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import product
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled
from defacto.anatomy.resample import carry, straight_grid
from defacto.anatomy.score import Target, places, similarity, weighed_nmi
from defacto.anatomy.shrink import shrink
from defacto.anatomy.template import load_template
from defacto.errors import RegistrationError
from defacto.types import Affine, FloatVolume, Grid, Mask

_ANGLES_DEG = (-30.0, 0.0, 30.0)
_AGAINST_HEADER_DEG = ((180.0, 0.0, 0.0), (0.0, 180.0, 0.0), (0.0, 0.0, 180.0))
_UNRELATED = 1.01
Parameters = npt.NDArray[np.float64]
"""Translation (mm), rotation (degrees), logarithm of the scales (percent), shears (percent): shape (12,)."""


def register(volume: FloatVolume, grid: Grid, head: Mask, *, thorough: bool = True) -> Affine:
    """Register a scan to the template from many starts.

    Rotations (-30, 0 and 30 degrees about each axis, and half a turn about each, for headers that lie) times
    two translations (the heads' centres, or the heads' tops, on each other) are improved as rigid motions
    over places 12 mm apart; the best go on as affine motions over places 8 and 6 mm apart. The similarity
    is `score.similarity`; scales and shears far from an adult's head cost a little, so that a small field
    of view does not let the head run away.

    Parameters
    ----------
    volume : ndarray of float32, shape ``grid.shape``
        Intensities; any contrast.
    grid : Grid
        Where its voxels lie.
    head : ndarray of bool, shape ``grid.shape``
        Rough mask of the head.
    thorough : bool
        Whether to try all 60 starts, or only the two without rotation.

    Returns
    -------
    ndarray, shape (4, 4)
        World mm of the scan to world mm of the template.

    Raises
    ------
    RegistrationError
        If no start leads anywhere.
    """
    coarse, fine = _target(volume, grid, 8.0), _target(volume, grid, 4.0)
    pivot, _ = _template_place()
    starts = _starts(head, grid, thorough=thorough)
    rigid = _stage(coarse, starts, pivot, 12.0, free=6, step=8.0, rounds=8)
    affine = _stage(coarse, rigid[: 12 if thorough else 2], pivot, 8.0, free=12, step=5.0, rounds=10)
    final = _stage(fine, affine[: 3 if thorough else 1], pivot, 6.0, free=12, step=2.0, rounds=14)
    matrix = np.asarray(np.linalg.inv(_pull(final[0], pivot)))
    if similarity(fine, matrix, spacing_mm=8.0) < _UNRELATED:
        raise RegistrationError(f"None of {len(starts)} starts led to a registration with the template.")
    return matrix


def _target(volume: FloatVolume, grid: Grid, voxel_mm: float) -> Target:
    small, small_grid = shrink(volume, grid, voxel_mm)
    straight = straight_grid(grid, voxel_mm)
    return Target.of(carry(small, small_grid, straight, np.eye(4)), straight)


@cache
def _template_place() -> tuple[npt.NDArray[np.float64], float]:
    """Return the middle of the template's head and the height of its top, template world mm."""
    template = load_template()
    head = template.skin_mm < 0
    index = [np.flatnonzero(head.any(axis=tuple(n for n in range(3) if n != axis))) for axis in range(3)]
    counts = [np.count_nonzero(head, axis=tuple(n for n in range(3) if n != axis)) for axis in range(3)]
    middle = [np.arange(len(count)) @ count / count.sum() for count in counts]
    pivot = template.grid.affine @ [*middle, 1.0]
    top = template.grid.affine @ [0.0, 0.0, index[2][-1], 1.0]
    return pivot[:3], float(top[2])


def _starts(head: Mask, grid: Grid, *, thorough: bool) -> list[Parameters]:
    pivot, template_top = _template_place()
    step = [max(1, n // 48) for n in grid.shape]
    index = np.argwhere(head[:: step[0], :: step[1], :: step[2]]) * step
    if len(index) == 0:
        raise RegistrationError("There is no head to register: no voxel stands out from the air.")
    here = index @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    center = here.mean(axis=0)
    top = center.copy()
    top[2] = np.percentile(here[:, 2], 99.8) - (template_top - pivot[2])
    result = []
    turns = [*product(_ANGLES_DEG, repeat=3), *_AGAINST_HEADER_DEG] if thorough else [(0.0, 0.0, 0.0)]
    for angles in turns:
        for place in (center, top):
            parameters = np.zeros(12)
            parameters[:3], parameters[3:6] = place - pivot, angles
            result.append(parameters)
    return result


@compiled
def _times(one: Any, other: Any) -> Any:
    """Multiply two matrices; numba's own ``@`` needs scipy, which is not there."""
    result = np.zeros((one.shape[0], other.shape[1]))
    for i in range(one.shape[0]):
        for j in range(other.shape[1]):
            for k in range(other.shape[0]):
                result[i, j] += one[i, k] * other[k, j]
    return result


@compiled
def _pull(parameters: Any, pivot: Any) -> Any:
    """Return the matrix from template to scan, world mm: scale and shear, turn about the pivot, shift."""
    matrix = np.zeros((4, 4))
    linear = np.eye(3)
    for axis in range(3):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        angle = parameters[3 + axis] * np.pi / 180.0
        turn = np.eye(3)
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        linear = _times(turn, linear)
    shape = np.eye(3)
    for axis in range(3):
        shape[axis, axis] = np.exp(parameters[6 + axis] / 100.0)
    shape[0, 1], shape[0, 2], shape[1, 2] = (
        parameters[9] / 100.0,
        parameters[10] / 100.0,
        parameters[11] / 100.0,
    )
    linear = _times(linear, shape)
    matrix[:3, :3] = linear
    matrix[:3, 3] = pivot + parameters[:3] - _times(linear, pivot.reshape(3, 1))[:, 0]
    matrix[3, 3] = 1.0
    return matrix


@compiled
def _cost(volume: Any, to_voxel: Any, points: Any, bins: Any, parameters: Any, pivot: Any) -> Any:
    size = (parameters[6] + parameters[7] + parameters[8]) / 3.0
    unusual = (size / 25.0) ** 2
    for axis in range(3):
        unusual += ((parameters[6 + axis] - size) / 12.0) ** 2 + (parameters[9 + axis] / 12.0) ** 2
    return 0.01 * unusual - weighed_nmi(volume, points, bins, _times(to_voxel, _pull(parameters, pivot)))


@compiled
def _descend(
    volume: Any,
    to_voxel: Any,
    points: Any,
    bins: Any,
    start: Any,
    pivot: Any,
    free: int,
    step: float,
    rounds: int,
) -> Any:
    """Improve one parameter after the other by a parabola; halve a step that leads nowhere."""
    best = start.copy()
    value = _cost(volume, to_voxel, points, bins, best, pivot)
    steps = np.full(12, step)
    for _ in range(rounds):
        before = best.copy()
        gained = value
        for n in range(free):
            trial = best.copy()
            trial[n] = best[n] + steps[n]
            up = _cost(volume, to_voxel, points, bins, trial, pivot)
            trial[n] = best[n] - steps[n]
            down = _cost(volume, to_voxel, points, bins, trial, pivot)
            bend = up + down - 2 * value
            move = -steps[n] if down < up else steps[n]
            if bend > 1e-12:
                move = min(max(0.5 * (down - up) / bend, -2.0), 2.0) * steps[n]
            trial[n] = best[n] + move
            moved = _cost(volume, to_voxel, points, bins, trial, pivot)
            if min(moved, up, down) < value:
                if up <= moved and up <= down:
                    trial[n], moved = best[n] + steps[n], up
                elif down <= moved:
                    trial[n], moved = best[n] - steps[n], down
                best, value = trial, moved
            else:
                steps[n] *= 0.5
        trial = best + (best - before)
        ahead = _cost(volume, to_voxel, points, bins, trial, pivot)
        if ahead < value:
            best, value = trial, ahead
        if gained - value < 1e-5 and steps[:free].max() < 0.2:
            break
    return value, best


def _stage(
    target: Target,
    starts: list[Parameters],
    pivot: npt.NDArray[np.float64],
    spacing_mm: float,
    *,
    free: int,
    step: float,
    rounds: int,
) -> list[Parameters]:
    """Improve all starts, each on a thread; return them best first."""
    points, bins = places(spacing_mm)

    def improve(start: Parameters) -> tuple[float, Parameters]:
        found: tuple[float, Parameters] = _descend(
            target.volume, target.grid.to_voxel, points, bins, start, pivot, free, step, rounds
        )
        return found

    improve_first = [improve(starts[0])]  # compiled once, before threads ask for it
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        found = improve_first + list(pool.map(improve, starts[1:]))
    return [parameters for _, parameters in sorted(found, key=lambda each: each[0])]
