"""Slices through a head, in true proportions, with what was removed as a flat tint."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from defacto.errors import StepError
from defacto.render.contrast import find_contrast
from defacto.render.head import find_place
from defacto.render.view import ABOVE_MM
from defacto.types import FloatVolume, Grid, Mask, Picture

PX_MM = 1.0
"""Size of a pixel."""
PANEL_MM = 240.0
"""Width and height of a slice."""
BELOW_MM = (60.0, 105.0, 140.0)
"""Axial slices: through the ventricles, the eyes, the nose and ears."""
BEHIND_MM = (12.0, 45.0, 95.0)
"""Coronal slices: through the eyes, the temples, the ears."""
ASIDE_MM = (-32.0, 0.0, 32.0)
"""Sagittal slices: through one eye, the middle, the other eye."""
PAPER = (24, 26, 32)
FRAME = (58, 62, 74)
TINT = (196, 78, 62)
INK = (255, 206, 92)
GLYPHS = {
    "A": ".###. #...# #...# ##### #...# #...# #...#",
    "P": "####. #...# #...# ####. #.... #.... #....",
    "R": "####. #...# #...# ####. #.#.. #..#. #...#",
    "L": "#.... #.... #.... #.... #.... #.... #####",
}


@dataclass(frozen=True, eq=False)
class Plane:
    """Where a slice lies: its middle, the directions of the picture's right and up, and the letters there."""

    middle: npt.NDArray[np.float64]
    right: npt.NDArray[np.float64]
    up: npt.NDArray[np.float64]
    letters: tuple[str, str]


def slices(volume: FloatVolume, grid: Grid, *, removal: Mask | None = None) -> Picture:
    """Draw nine slices of a defaced scan: three sagittal, three coronal, three axial.

    Where `removal` is True a flat tint is drawn, whatever the volume holds there: no voxel under the mask
    has any part in the picture.

    Parameters
    ----------
    volume : ndarray, shape (i, j, k)
        Intensities of the result.
    grid : Grid
        Where its voxels lie.
    removal : ndarray of bool, shape (i, j, k), optional
        True where voxels were removed.

    Returns
    -------
    ndarray of uint8, shape (720, 720, 3)
        The head's right is at the picture's left in coronal and axial slices; letters say so.

    Raises
    ------
    StepError
        If there is no head in the scan, or the mask is not on its grid.
    """
    shown = volume if removal is None else _without(volume, removal)
    return _draw_all(shown, grid, choose_planes(shown, grid), removal)


def slices_before_after(original: FloatVolume, result: FloatVolume, grid: Grid, removal: Mask) -> Picture:
    """Draw the nine slices of the original, what is to be removed tinted, beside those of the result.

    The picture shows the face: it is for the eyes of those who may see the original.

    Parameters
    ----------
    original, result : ndarray, shape (i, j, k)
        Intensities before and after.
    grid : Grid
        Where the voxels lie.
    removal : ndarray of bool, shape (i, j, k)
        True where voxels were removed.

    Returns
    -------
    ndarray of uint8, shape (720, 1440, 3)
        Before at the left, after at the right.

    Raises
    ------
    StepError
        If there is no head in the original, or the mask is not on its grid.
    """
    after = _without(result, removal)
    planes = choose_planes(original, grid)
    before_picture = _draw_all(original, grid, planes, removal, tint_share=0.4)
    return np.concatenate([before_picture, _draw_all(after, grid, planes, removal)], axis=1)


def choose_planes(volume: FloatVolume, grid: Grid) -> list[list[Plane]]:
    """Choose three sagittal, three coronal and three axial slices from where the head lies."""
    (x, y, top), front = find_place(volume, grid)
    right, ahead, up = np.eye(3)
    height = top + ABOVE_MM - PANEL_MM / 2
    return [
        [Plane(np.array([x + aside, y, height]), -ahead, up, ("A", "P")) for aside in ASIDE_MM],
        [Plane(np.array([x, front - depth, height]), -right, up, ("R", "L")) for depth in BEHIND_MM],
        [Plane(np.array([x, y, top - below]), -right, ahead, ("R", "L")) for below in BELOW_MM],
    ]


def _without(volume: FloatVolume, removal: Mask) -> FloatVolume:
    """Fill the mask with the darkest intensity outside of it."""
    if removal.shape != volume.shape:
        raise StepError(f"Expected a removal mask of shape {volume.shape}, got {removal.shape}.")
    least = np.min(volume, where=~removal, initial=np.inf)
    return np.where(removal, np.float32(least if np.isfinite(least) else 0.0), volume)


def _draw_all(
    volume: FloatVolume,
    grid: Grid,
    planes: list[list[Plane]],
    removal: Mask | None,
    *,
    tint_share: float = 1.0,
) -> Picture:
    contrast = find_contrast(volume)
    bright = volume[volume >= contrast.surface]
    white = float(np.percentile(bright[:: max(1, bright.size // 200_000)], 98.0))

    def draw(plane: Plane) -> Picture:
        places = _places(grid, plane)
        grey = (_interpolate(volume, places) - contrast.air) / max(white - contrast.air, 1e-12)
        picture = np.repeat(255 * np.clip(grey, 0, 1)[..., None] ** 0.85, 3, axis=2)
        if removal is not None:
            gone = _nearest(removal, places)
            picture[gone] = (1 - tint_share) * picture[gone] + tint_share * np.array(TINT)
        picture[np.any((places < -0.5) | (places > np.array(grid.shape) - 0.5), axis=2)] = PAPER
        return _label((picture + 0.5).astype(np.uint8), plane.letters)

    rows = [[draw(plane) for plane in row] for row in planes]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)


def _places(grid: Grid, plane: Plane) -> npt.NDArray[np.float64]:
    """Voxel coordinates of the pixels of a slice, shape (rows, columns, 3)."""
    count = round(PANEL_MM / PX_MM)
    along = (np.arange(count) - (count - 1) / 2) * PX_MM
    to_voxel = grid.to_voxel
    origin = to_voxel[:3, :3] @ plane.middle + to_voxel[:3, 3]
    right, down = to_voxel[:3, :3] @ plane.right, -(to_voxel[:3, :3] @ plane.up)
    return np.asarray(origin + along[:, None, None] * down + along[None, :, None] * right)


def _nearest(mask: Mask, places: npt.NDArray[np.float64]) -> Mask:
    i, j, k = np.moveaxis(np.clip(np.rint(places).astype(np.intp), 0, np.array(mask.shape) - 1), -1, 0)
    return np.asarray(mask[i, j, k])


def _interpolate(volume: FloatVolume, places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Trilinear interpolation at voxel coordinates, shape (..., 3)."""
    last = np.array(volume.shape) - 1
    clipped = np.clip(places, 0, last)
    low = np.minimum(clipped.astype(np.intp), np.maximum(last - 1, 0))
    high = np.minimum(low + 1, last)
    share = clipped - low
    total = np.zeros(places.shape[:-1])
    for corner in itertools.product((0, 1), repeat=3):
        at = [(high if up else low)[..., axis] for axis, up in enumerate(corner)]
        weight = np.prod([share[..., a] if up else 1 - share[..., a] for a, up in enumerate(corner)], axis=0)
        total += weight * volume[at[0], at[1], at[2]]
    return total


def _label(picture: Picture, letters: tuple[str, str]) -> Picture:
    """Write a letter at the left and at the right side, at the top, and draw the frame."""
    picture[0], picture[:, 0] = FRAME, FRAME
    for letter, column in zip(letters, (6, picture.shape[1] - 16), strict=True):
        glyph = np.array([[c == "#" for c in line] for line in GLYPHS[letter].split()])
        glyph = glyph.repeat(2, axis=0).repeat(2, axis=1)
        rows, columns = glyph.shape
        picture[8 : 8 + rows, column : column + columns][glyph] = INK
    return picture
