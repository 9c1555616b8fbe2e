"""Method ``shear``: all in front of and below a plane that touches the brain from below, in mm."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from defacto.anatomy import Context, load_template
from defacto.config import DefaceSettings
from defacto.deface.method import spare_brain
from defacto.errors import StepError
from defacto.types import FloatVolume, Grid, Mask, Removal, Scan

Points = npt.NDArray[np.float64]
"""Places seen from the side, shape (n, 2): mm to the back, mm up."""
_LEAST_POINTS = 100


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
    version = "1"

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
        return spare_brain(self, cut, context, settings)


def shear_mm(brain: Mask, grid: Grid, axes: Points, buffer_mm: float) -> FloatVolume:
    """Return how far each voxel lies below the plane, mm, measured upright; positive below.

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
    index = np.argwhere(brain)
    if len(index) < _LEAST_POINTS:
        raise StepError("There is hardly any brain in this scan to place a plane by; look at it.")
    to_side = axes @ grid.affine[:3, :3]
    offset = axes @ grid.affine[:3, 3]
    first, second = _first_edge(index @ to_side.T + offset, _lattice_mm(grid, axes))
    slope = (second[1] - first[1]) / (second[0] - first[0])
    row = slope * to_side[0] - to_side[1]
    start = slope * (offset[0] - first[0]) + first[1] - buffer_mm - offset[1]
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


def _lattice_mm(grid: Grid, axes: Points) -> float:
    """Return the voxels' step to the back: the size along the axis that points there most."""
    shares = np.abs(axes[0] @ (grid.affine[:3, :3] / np.array(grid.voxel_size_mm)))
    return grid.voxel_size_mm[int(shares.argmax())]


def _first_edge(points: Points, step_mm: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the first edge of the lower hull, from the foremost point on, by Andrew's monotone chain.

    One point a step is enough: the lowest.
    """
    steps = np.rint((points[:, 0] - points[:, 0].min()) / step_mm).astype(np.int64)
    order = np.lexsort((points[:, 1], steps))
    _, firsts = np.unique(steps[order], return_index=True)
    lowest = points[order[firsts]]
    hull: list[npt.NDArray[np.float64]] = []
    for point in lowest[np.argsort(lowest[:, 0], kind="stable")]:
        while len(hull) >= 2 and _turn(hull[-2], hull[-1], point) <= 0:
            hull.pop()
        hull.append(point)
    return hull[0], hull[1]


def _turn(
    start: npt.NDArray[np.float64], middle: npt.NDArray[np.float64], end: npt.NDArray[np.float64]
) -> float:
    (a, b), (c, d) = middle - start, end - start
    return float(a * d - b * c)
