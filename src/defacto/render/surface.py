"""Views of the head's surface, as people and classifiers judge them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from defacto.render.head import Head, find_head
from defacto.render.view import Cast, View, cast
from defacto.types import FloatVolume, Grid, Picture

VIEWS = {"left": View(45.0, 5.0), "right": View(-45.0, 5.0), "front": View(0.0, 0.0)}
"""The eye stands before the face, on the side that the key names."""
BACKGROUND = (34, 52, 92)
SKIN = (248, 230, 212)
CUT = (126, 116, 148)
OUTLINE_MM = 5.0
"""A step in depth, from one pixel to the next, that is drawn as an outline."""
NEAREST_MM = -140.0
"""Least depth that a depth code tells."""
BRIGHTEST = 1.03
"""Brightness of skin that looks at eye and lamp alike."""
NOTHING, CUT_CODE, DARKEST = 0, 1, 2
"""Codes of a byte a pixel: beside the head; where the field of view is the surface; the darkest skin."""
Codes = npt.NDArray[np.uint8]
"""(rows, columns) of what the rays met, see `to_codes`."""
LIGHT = np.array([-0.30, 0.45, 0.84])
"""Where the light comes from: the picture's right, up and towards the eye."""


def surface_views(
    volume: FloatVolume,
    grid: Grid,
    head: Head | None = None,
    *,
    size: int = 300,
    views: Iterable[str] = tuple(VIEWS),
) -> dict[str, Picture]:
    """Draw the head's surface from front left, front right and the front.

    The scale is the same for all scans: a picture shows 252 mm. The head is placed by its own top and
    cranium, along the world's axes, without registration.

    Parameters
    ----------
    volume : ndarray, shape (i, j, k)
        Intensities.
    grid : Grid
        Where its voxels lie.
    head : Head, optional
        Its surface, where it was found already.
    size : int
        Rows and columns of each picture.
    views : iterable of str
        Which; names of `VIEWS`.

    Returns
    -------
    dict
        Pictures by name: "left", "right", "front".

    Raises
    ------
    StepError
        If there is no head in the scan.
    """
    head = head or find_head(volume, grid)
    return {name: draw(head, VIEWS[name], size) for name in views}


def draw(head: Head, view: View, size: int) -> Picture:
    """Cast and shade one view."""
    return shade(cast(head, view, size))


def shade(seen: Cast) -> Picture:
    """Light what the rays met: a lamp beside the eye, shadow in hollows, flat colour where a scan ends."""
    picture = _coloured(_brightness(seen), ~np.isnan(seen.depth_mm), seen.cut)
    return _to_picture(_soften(picture, seen.depth_mm))


def to_codes(seen: Cast) -> Codes:
    """Return what the rays met in a byte a pixel, as networks learn from it.

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
        `NOTHING` beside the head, `CUT_CODE` where the field of view is the surface, else the brightness from
        `DARKEST` (0) to 255 (as bright as skin gets).
    """
    span = 255 - DARKEST
    code = DARKEST + np.clip(np.rint(_brightness(seen) / BRIGHTEST * span), 0, span)
    code = np.where(seen.cut, CUT_CODE, code)
    return np.asarray(np.where(np.isnan(seen.depth_mm), NOTHING, code), dtype=np.uint8)


def to_depth_codes(seen: Cast) -> Codes:
    """Return depth in a byte a pixel: `NOTHING` beside the head, else mm behind `NEAREST_MM`, from 1 on."""
    depth = np.clip(np.rint(np.nan_to_num(seen.depth_mm) - NEAREST_MM) + 1, 1, 255)
    return np.asarray(np.where(np.isnan(seen.depth_mm), NOTHING, depth), dtype=np.uint8)


def from_depth_codes(codes: Codes) -> npt.NDArray[np.float32]:
    """Return the depth in mm, NaN beside the head."""
    return np.where(
        codes == NOTHING, np.float32(np.nan), codes.astype(np.float32) - 1 + np.float32(NEAREST_MM)
    )


def from_codes(codes: Codes, depth_mm: npt.NDArray[np.float32]) -> Picture:
    """Draw the picture that `shade` draws, from codes and depth.

    Parameters
    ----------
    codes : ndarray of uint8, shape (rows, columns)
        From `to_codes`.
    depth_mm : ndarray of float32, shape (rows, columns)
        Whole millimetres are fine enough; it tells where outlines are.
    """
    span = np.float32(255 - DARKEST)
    brightness = np.clip((codes.astype(np.float32) - DARKEST) / span, 0, 1) * np.float32(BRIGHTEST)
    picture = _coloured(brightness, codes != NOTHING, codes == CUT_CODE)
    return _to_picture(_soften(picture, np.where(codes == NOTHING, np.float32(np.nan), depth_mm)))


def _brightness(seen: Cast) -> npt.NDArray[np.float32]:
    """Light from a lamp beside the eye and from the eye, less the shadow in hollows; at most `BRIGHTEST`."""
    hit = ~np.isnan(seen.depth_mm)
    light = (LIGHT / np.linalg.norm(LIGHT)).astype(np.float32)
    facing = np.clip(seen.normals @ light, 0, 1)
    head_on = np.clip(seen.normals[..., 2], 0, 1)
    return np.asarray((0.10 + 0.60 * facing + 0.33 * head_on) * _openness(seen, hit))


def _coloured(
    brightness: npt.NDArray[np.float32], hit: npt.NDArray[np.bool_], cut: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    colour = np.where(cut[..., None], np.array(CUT), brightness[..., None] * np.array(SKIN))
    return np.where(hit[..., None], colour, np.array(BACKGROUND))


def _to_picture(picture: npt.NDArray[np.float64]) -> Picture:
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


def _soften(picture: npt.NDArray[np.float64], depth_mm: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Blend pixels at outlines with their neighbours."""
    depth = np.pad(np.where(np.isnan(depth_mm), 1e3, depth_mm), 1, mode="edge")
    padded = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
    blend, jump = np.zeros_like(picture), np.zeros(picture.shape[:2])
    rows, columns = picture.shape[:2]
    for down, across in itertools.product(range(3), repeat=2):
        window = slice(down, down + rows), slice(across, across + columns)
        blend += (2 - abs(down - 1)) * (2 - abs(across - 1)) / 16 * padded[window]
        jump = np.maximum(jump, np.abs(depth[window] - depth[1:-1, 1:-1]))
    return np.where((jump > OUTLINE_MM)[..., None], blend, picture)


def _openness(seen: Cast, hit: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Share of light that reaches a point past its surroundings in the picture, 0 to 1."""
    depth = np.where(hit, seen.depth_mm, np.nanmax(seen.depth_mm) if hit.any() else 0.0)
    shadow = np.zeros(depth.shape, dtype=np.float32)
    for radius_mm in (4.0, 10.0):
        radius = max(1, round(radius_mm / seen.px_mm))
        hidden = (depth - _box_mean(np.where(hit, depth, 0), hit, radius)) / radius_mm
        shadow += np.clip(hidden, 0, 1).astype(np.float32)
    return np.asarray(1 - 0.5 * np.clip(shadow, 0, 1), dtype=np.float32)


def _box_mean(
    values: npt.NDArray[np.float32], used: npt.NDArray[np.bool_], radius: int
) -> npt.NDArray[np.float64]:
    """Mean of the used pixels in a square around each pixel."""
    return _box_sum(values, radius) / np.maximum(_box_sum(used, radius), 1)


def _box_sum(values: npt.NDArray[np.generic], radius: int) -> npt.NDArray[np.float64]:
    total = np.pad(values.astype(np.float64), radius)
    width = 2 * radius + 1
    for axis in (0, 1):
        summed = np.cumsum(total, axis=axis)
        zero = np.zeros_like(np.take(summed, [0], axis=axis))
        summed = np.concatenate([zero, summed], axis=axis)
        total = summed[width:] - summed[:-width] if axis == 0 else summed[:, width:] - summed[:, :-width]
    return np.asarray(total)
