"""Method ``shear``: all in front of and below a plane that touches the brain from below, in mm."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from defacto.anatomy import Context, load_template
from defacto.anatomy.compile import compiled
from defacto.config import DefaceSettings
from defacto.deface.method import spare_brain
from defacto.errors import StepError
from defacto.types import FloatVolume, Grid, Mask, Removal, Scan

Points = npt.NDArray[np.float64]
"""Places seen from the side, shape (n, 2): mm to the back, mm up."""
_LEAST_POINTS = 100
_ALIKE_MM = 1e-3


class ShearMethod:
    """Remove the face with one plane.

    After QuickShear (Schimke and Hale 2011, 2nd USENIX Workshop on Health Security and Privacy): seen from
    the side, the lower convex hull of the brain begins at its foremost point; the plane lies along the
    first edge of that hull, ``shear_buffer_mm`` below it, and all below the plane goes. Unlike the package
    of that name, all is in mm and along the head's own axes, so that thick slices, unequal voxels and
    tilted heads are no exception; and ears, where they are asked for, are cut as ``template`` cuts them. A
    nudge to the back makes the buffer smaller.
    """

    name = "shear"
    version = "2"

    def removal(self, scan: Scan, context: Context, settings: DefaceSettings) -> Removal:
        """Return what to remove; see `DefaceSettings` for the parameters.

        Raises
        ------
        StepError
            If there is hardly any brain to go by.
        """
        axes = _side_view(context)
        cut = shear_mm(context.brain, scan.grid, axes, settings.shear_buffer_mm + settings.nudge_mm[1])
        if settings.ears:
            cut = np.maximum(cut, context.to_scan(load_template().ear_cut_mm))
        return spare_brain(self, cut, context, settings, on_scan=True)


def shear_mm(brain: Mask, grid: Grid, axes: Points, buffer_mm: float) -> FloatVolume:
    """Return how far each whole voxel lies below the plane, mm, measured upright; positive below.

    Parameters
    ----------
    brain : ndarray of bool, shape ``grid.shape``
        The brain.
    grid : Grid
        Where the voxels lie.
    axes : ndarray, shape (2, 3)
        The head's directions to the back and up, in the world of the grid; unit length, at right angles.
    buffer_mm : float
        How far below the hull the plane lies.

    Raises
    ------
    StepError
        If there is hardly any brain.
    """
    if np.count_nonzero(brain) < _LEAST_POINTS:
        raise StepError("There is hardly any brain in this scan to place a plane by; look at it.")
    to_side = axes @ grid.affine[:3, :3]
    offset = axes @ grid.affine[:3, 3]
    step_mm, rim_mm = _lattice_mm(grid, axes[0]), min(grid.voxel_size_mm)
    rim = _lower_rim(brain, to_side, step_mm) + offset
    around = np.array([[0.0, -rim_mm], [-rim_mm, 0.0], [rim_mm, 0.0]])
    first, second = _first_edge(np.concatenate([rim + each for each in around]))
    slope = (second[1] - first[1]) / (second[0] - first[0])
    row = slope * to_side[0] - to_side[1]
    start = slope * (offset[0] - first[0]) + first[1] - buffer_mm - offset[1]
    start -= _lattice_mm(grid, axes[1]) / 2
    i, j, k = (row[n] * a for n, a in enumerate(np.ogrid[tuple(slice(0, n) for n in grid.shape)]))
    return np.asarray(i + j + (k + start), dtype=np.float32)


def _side_view(context: Context) -> Points:
    """Return the head's directions to the back and up, at right angles to its plane of symmetry."""
    linear = np.linalg.inv(context.registration.to_template[:3, :3])
    right = linear[:, 0] / np.linalg.norm(linear[:, 0])
    up = linear[:, 2] - right * (right @ linear[:, 2])
    up /= np.linalg.norm(up)
    back = -(linear[:, 1] - right * (right @ linear[:, 1]))
    back -= up * (up @ back)
    return np.stack([back / np.linalg.norm(back), up])


def _lattice_mm(grid: Grid, direction: npt.NDArray[np.float64]) -> float:
    """Return the voxels' step in a direction: the size along the axis that points there most."""
    shares = np.abs(direction @ (grid.affine[:3, :3] / np.array(grid.voxel_size_mm)))
    return grid.voxel_size_mm[int(shares.argmax())]


def _lower_rim(brain: Mask, to_side: Points, step_mm: float) -> Points:
    """Return the lowest point of the brain for each step to the back, from the foremost on."""
    corners = [(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    last = np.array(brain.shape) - 1
    back = [to_side[0] @ (np.array(corner) * last) for corner in corners]
    count = int((max(back) - min(back)) / step_mm) + 2
    points = np.full((count, 2), np.inf)
    _find_lowest(brain, to_side, min(back), step_mm, points)
    return np.asarray(points[np.isfinite(points[:, 0])])


@compiled
def _find_lowest(brain: Any, to_side: Any, start: float, step: float, points: Any) -> None:
    a, b = to_side[0], to_side[1]
    for i in range(brain.shape[0]):
        for j in range(brain.shape[1]):
            for k in range(brain.shape[2]):
                if brain[i, j, k]:
                    back = a[0] * i + a[1] * j + a[2] * k
                    up = b[0] * i + b[1] * j + b[2] * k
                    n = int(np.floor((back - start) / step + 0.5))
                    if up < points[n, 1] - 1e-9:
                        points[n, 0], points[n, 1] = back, up


def _first_edge(points: Points) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the first edge of the lower hull, from the foremost point on, by Andrew's monotone chain."""
    hull: list[npt.NDArray[np.float64]] = []
    for point in _lowest(points):
        while len(hull) >= 2 and _turn(hull[-2], hull[-1], point) <= 0:
            hull.pop()
        hull.append(point)
    return hull[0], hull[1]


def _lowest(points: Points) -> Points:
    """Sort points from the front to the back, and keep the lowest of those above each other."""
    places = np.rint(points[:, 0] / _ALIKE_MM).astype(np.int64)
    order = np.lexsort((points[:, 1], places))
    _, firsts = np.unique(places[order], return_index=True)
    return np.asarray(points[order[firsts]])


def _turn(
    start: npt.NDArray[np.float64], middle: npt.NDArray[np.float64], end: npt.NDArray[np.float64]
) -> float:
    (a, b), (c, d) = middle - start, end - start
    return float(a * d - b * c)
