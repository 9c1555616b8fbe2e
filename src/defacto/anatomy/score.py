"""How alike a scan and the template are when one is laid over the other, whatever the contrast."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled
from defacto.anatomy.template import load_template
from defacto.types import Affine, FloatVolume, Grid

_BINS = 32
_REACH_MM = 14.0


@dataclass(frozen=True, eq=False)
class Target:
    """A scan made ready to be compared with the template many times.

    Parameters
    ----------
    volume : ndarray of float32
        Intensities scaled to bins, 0 to 31.
    grid : Grid
        Where its voxels lie.
    """

    volume: FloatVolume
    grid: Grid

    @classmethod
    def of(cls, volume: FloatVolume, grid: Grid) -> Target:
        """Scale a scan's intensities, darkest to the 99.8th percentile of what is not air, to bins."""
        floor = float(np.percentile(volume, 1))
        ceiling = float(np.percentile(volume, 99.8))
        scaled = (volume - np.float32(floor)) * np.float32((_BINS - 1) / max(ceiling - floor, 1e-6))
        return cls(np.clip(scaled, 0, _BINS - 1, dtype=np.float32), grid)


def similarity(target: Target, to_template: Affine, *, spacing_mm: float = 4.0) -> float:
    """Return the mutual information of scan and template, weighed by how much of the head is in view.

    1 + (NMI - 1) * (0.4 + 0.6 * seen), with NMI = (H(a) + H(b)) / H(a, b) over 32 x 32 bins with linear
    weights (doi:10.1016/S0031-3203(98)00091-0), over the places within 14 mm of the template's head;
    ``seen`` is their share inside the scan's field of view. The weight keeps the head from being moved out
    of sight.

    Parameters
    ----------
    target : Target
        The scan.
    to_template : ndarray, shape (4, 4)
        World mm of the scan to world mm of the template.
    spacing_mm : float
        Distance of the places compared.

    Returns
    -------
    float
        1 = unrelated; real heads reach 1.05 to 1.25; higher is better.
    """
    points, bins = places(spacing_mm)
    pull = target.grid.to_voxel @ np.linalg.inv(to_template)
    return float(weighed_nmi(target.volume, points, bins, np.ascontiguousarray(pull)))


@cache
def places(spacing_mm: float) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return places near the template's head, world mm, shape (n, 3), and the bins there, shape (n,)."""
    template = load_template()
    step = max(1, round(spacing_mm / template.grid.voxel_size_mm[0]))
    index = np.argwhere(template.skin_mm[::step, ::step, ::step] < _REACH_MM) * step
    world = index @ template.grid.affine[:3, :3].T + template.grid.affine[:3, 3]
    bins = _template_target().volume[tuple(index.T)]
    return np.ascontiguousarray(world, dtype=np.float32), np.ascontiguousarray(bins)


@cache
def _template_target() -> Target:
    template = load_template()
    return Target.of(template.head, template.grid)


@compiled
def weighed_nmi(volume: Any, points: Any, bins: Any, pull: Any) -> Any:
    """Return the similarity; see `similarity`. ``pull`` takes template world mm to voxels of the volume."""
    ni, nj, nk = volume.shape
    joint = np.zeros((_BINS, _BINS))
    seen = 0
    for n in range(points.shape[0]):
        p, q, r = points[n, 0], points[n, 1], points[n, 2]
        x = pull[0, 0] * p + pull[0, 1] * q + pull[0, 2] * r + pull[0, 3]
        y = pull[1, 0] * p + pull[1, 1] * q + pull[1, 2] * r + pull[1, 3]
        z = pull[2, 0] * p + pull[2, 1] * q + pull[2, 2] * r + pull[2, 3]
        if x < -0.5 or y < -0.5 or z < -0.5 or x > ni - 0.5 or y > nj - 0.5 or z > nk - 0.5:
            continue
        x, y, z = min(max(x, 0.0), ni - 1.0), min(max(y, 0.0), nj - 1.0), min(max(z, 0.0), nk - 1.0)
        a, b, c = int(x), int(y), int(z)
        a1, b1, c1 = min(a + 1, ni - 1), min(b + 1, nj - 1), min(c + 1, nk - 1)
        u, v, w = x - a, y - b, z - c
        low = (volume[a, b, c] * (1 - u) + volume[a1, b, c] * u) * (1 - v) + (
            volume[a, b1, c] * (1 - u) + volume[a1, b1, c] * u
        ) * v
        high = (volume[a, b, c1] * (1 - u) + volume[a1, b, c1] * u) * (1 - v) + (
            volume[a, b1, c1] * (1 - u) + volume[a1, b1, c1] * u
        ) * v
        value = low * (1 - w) + high * w
        s, t = int(value), int(bins[n])
        f, g = value - s, bins[n] - t
        s1, t1 = min(s + 1, _BINS - 1), min(t + 1, _BINS - 1)
        joint[s, t] += (1 - f) * (1 - g)
        joint[s1, t] += f * (1 - g)
        joint[s, t1] += (1 - f) * g
        joint[s1, t1] += f * g
        seen += 1
    if seen < 200:
        return 1.0
    one, other, both = 0.0, 0.0, 0.0
    for i in range(_BINS):
        row, column = 0.0, 0.0
        for j in range(_BINS):
            row += joint[i, j]
            column += joint[j, i]
            if joint[i, j] > 0:
                both -= joint[i, j] / seen * np.log(joint[i, j] / seen)
        if row > 0:
            one -= row / seen * np.log(row / seen)
        if column > 0:
            other -= column / seen * np.log(column / seen)
    if both <= 0:
        return 1.0
    return 1.0 + ((one + other) / both - 1.0) * (0.4 + 0.6 * seen / points.shape[0])
