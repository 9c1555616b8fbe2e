"""What is known of one made head, worked out once for all the outcomes that are tried on it."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled
from defacto.anatomy.morphology import closed, depth, distance_mm, fill_holes
from defacto.qc.surface import far_field_mm
from defacto.simulate.base import Base
from defacto.simulate.cuts import Field, boxed, clear_above
from defacto.simulate.head import MadeHead
from defacto.simulate.structures import is_brain
from defacto.types import Affine, Feature, FloatVolume, Grid, Mask

SKIN_MM = 1.5
"""So deep under the skin a voxel is of the skin."""
SEEN_MM = 2.0
"""A point of skin is seen where the surface of the result lies within this distance of it."""
_BRAIN_STEP_MM = 3.0
_FURROW_MM = 9.0
_SPARSE = 23

Points = npt.NDArray[np.int64]
"""Flat indices of voxels, C order."""
Steps = npt.NDArray[np.int64]
"""From voxel to voxel along i, j, k, shape (n, 3)."""


class Scene:
    """A made head with what is worked out from it when it is first asked for; all on the scan's voxels.

    Parameters
    ----------
    head : MadeHead
        The head.
    base : Base
        What it was made from.
    """

    def __init__(self, head: MadeHead, base: Base) -> None:
        self.head, self.base = head, base

    @property
    def grid(self) -> Grid:
        """Where the voxels really lie."""
        return self.head.true_grid

    @cached_property
    def to_base(self) -> Affine:
        """Voxel indices to base world mm."""
        return np.asarray(self.head.to_base @ self.grid.affine)

    @cached_property
    def tissue(self) -> Mask:
        """What lies at least by half inside of the skin."""
        return np.ascontiguousarray(self.head.inside >= 0.5)

    @cached_property
    def depth_mm(self) -> FloatVolume:
        """How deep a voxel of tissue lies below the skin; 0 in air."""
        return depth(self.tissue, self.grid.voxel_size_mm)

    @cached_property
    def brain(self) -> Mask:
        """Brain, by `is_brain`."""
        return np.ascontiguousarray(is_brain(self.head.structures))

    @cached_property
    def brain_points(self) -> Points:
        """The same as places."""
        return np.flatnonzero(self.brain)

    @cached_property
    def brain_places(self) -> npt.NDArray[np.float64]:
        """Places in the brain, one of many, base world mm, shape (n, 3)."""
        index = np.unravel_index(self.brain_points[::_SPARSE], self.grid.shape)
        return np.asarray(np.stack(index, axis=1) @ self.to_base[:3, :3].T + self.to_base[:3, 3])

    @cached_property
    def far_tissue(self) -> Mask:
        """Tissue far from every feature, by the template's measure; the cut that is there is elsewhere."""
        values, grid, limit = far_field_mm()
        near = self.tissue.copy()
        clear_above(near, boxed(values, grid, limit), self.to_base, limit)
        return np.asarray(self.tissue & ~near)

    @cached_property
    def skin(self) -> dict[Feature, Points]:
        """Skin of each feature that is in the field of view."""
        surface = (self.head.surface_mm > -SKIN_MM) & self.tissue
        labels = np.where(surface, self.head.features, 0).ravel()
        points = np.flatnonzero(labels)
        return {feature: points[labels[points] == feature.label] for feature in Feature}

    @cached_property
    def share_in_view(self) -> dict[Feature, float]:
        """About how much of each feature's skin is in the field of view, not swallowed by an artefact."""
        size = abs(float(np.linalg.det(self.head.to_base[:3, :3]))) ** (-2 / 3)
        return {
            feature: points.size * self.skin_mm2 / max(size * _whole_mm2(self.base)[feature], 1.0)
            for feature, points in self.skin.items()
        }

    @cached_property
    def skin_mm2(self) -> float:
        """Skin that a point stands for."""
        return self.grid.voxel_ml * 1000 / SKIN_MM

    @cached_property
    def brain_field(self) -> Field:
        """Depth in the brain, its furrows filled, mm, negative outside; on coarser voxels, true world."""
        size = np.array(self.grid.voxel_size_mm)
        factors = np.maximum(np.rint(_BRAIN_STEP_MM / size), 1).astype(int)
        coarse = self.brain[:: factors[0], :: factors[1], :: factors[2]]
        affine = self.grid.affine @ np.diag([*factors.astype(float), 1.0])
        spacing = size * factors
        i, j, k = (float(v) for v in spacing)
        filled = coarse.copy()
        part = _around(coarse, np.ceil(_FURROW_MM / spacing).astype(int) + 2)
        filled[part] = fill_holes(closed(coarse[part], _FURROW_MM, (i, j, k)))
        values = np.float32(spacing.mean() / 2) - distance_mm(filled, (i, j, k))
        return boxed(values, Grid(coarse.shape, affine), -1e6)

    @cached_property
    def near(self) -> Steps:
        """Steps from a voxel to all within `SEEN_MM` of it, itself first."""
        return _ball(self.grid, SEEN_MM)

    @cached_property
    def around(self) -> Steps:
        """Steps from a voxel of the skin to all that may lie within `SEEN_MM` of the surface above it."""
        return _ball(self.grid, SEEN_MM + SKIN_MM)


@lru_cache(maxsize=2)
def _whole_mm2(base: Base) -> dict[Feature, float]:
    """Return the skin of each whole feature of a base head."""
    surface = (base.surface_mm > -SKIN_MM) & (base.surface_mm < 0)
    counts = np.bincount(base.features[surface], minlength=len(Feature) + 1)
    return {
        feature: float(counts[feature.label] * base.grid.voxel_ml * 1000 / SKIN_MM) for feature in Feature
    }


def _around(mask: Mask, margin: npt.NDArray[np.int64]) -> tuple[slice, ...]:
    """Return the box of a mask, and so many voxels more at each side."""
    box = []
    for axis, more in enumerate(margin):
        used = np.flatnonzero(mask.any(axis=tuple(n for n in range(3) if n != axis)))
        low, high = (int(used[0]), int(used[-1]) + 1) if used.size else (0, mask.shape[axis])
        box.append(slice(max(low - int(more), 0), high + int(more)))
    return tuple(box)


def _ball(grid: Grid, radius_mm: float) -> Steps:
    reach = np.floor(radius_mm / np.array(grid.voxel_size_mm) + 1e-3).astype(int)
    axes = [np.arange(-n, n + 1) for n in reach]
    steps = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    away = np.sqrt(((steps @ grid.affine[:3, :3].T) ** 2).sum(axis=1))
    near = steps[away <= radius_mm + 1e-3]
    return np.ascontiguousarray(near[np.argsort(np.abs(near).sum(axis=1), kind="stable")], dtype=np.int64)


def count_seen(points: Points, solid: Mask, near: Steps, around: Steps | None) -> int:
    """Count the points of skin near which the surface of the result lies.

    Parameters
    ----------
    points : ndarray of int64
        Flat indices.
    solid : ndarray of bool
        Tissue of the result.
    near : ndarray
        From `Scene.near`: there must be tissue.
    around : ndarray or None
        From `Scene.around`, where tissue may have been put in front of a point: there must be air too.
    """
    seen = _with(points, solid, near, True)
    if around is not None:
        seen &= _with(points, solid, around, False)
    return int(np.count_nonzero(seen))


@compiled
def _with(points: Any, solid: Any, steps: Any, wanted: bool) -> Any:
    """Return for which points a voxel that is solid, or is not, lies at one of the steps."""
    ni, nj, nk = solid.shape
    found = np.zeros(points.size, dtype=np.bool_)
    for p in range(points.size):
        point = points[p]
        i, j, k = point // (nj * nk), (point // nk) % nj, point % nk
        for n in range(steps.shape[0]):
            a, b, c = i + steps[n, 0], j + steps[n, 1], k + steps[n, 2]
            inside = 0 <= a < ni and 0 <= b < nj and 0 <= c < nk
            if (inside and solid[a, b, c]) == wanted:
                found[p] = True
                break
    return found
