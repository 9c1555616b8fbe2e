"""Looking at a head: depth and normals of its surface, seen from far away."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from defacto.render.head import Head
from defacto.render.raycast import find_bounds, follow_all

FRAME_MM = 252.0
"""Width and height of what a view shows."""
ABOVE_MM = 14.0
"""Room above the head's top."""


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
    steps = to_steps * [px_mm, -px_mm, -1.0]
    to_pixel = np.asarray(np.linalg.inv(steps), dtype=np.float64)
    bounds = find_bounds(head.maxima, head.levels.shape, origin, to_pixel, size)
    met = np.zeros((size, size, 5), dtype=np.float32)
    met[..., 0] = np.nan
    follow_all(head.levels, head.maxima, bounds, origin, steps, met)
    normals = met[..., 1:4] @ to_steps.astype(np.float32)
    normals /= np.maximum(np.sqrt((normals**2).sum(axis=2, keepdims=True)), 1e-12)
    return Cast(met[..., 0], normals, met[..., 4] > 0, px_mm)
