"""What speaks for an answer, drawn over what was looked at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from defacto.render.surface import from_codes, from_depth_codes
from defacto.types import Looks, Picture

FOR, AGAINST = (235, 88, 20), (40, 120, 220)
"""Colours of what speaks for it and against it."""
_STRONGEST = 0.75
_TITLE_PX = 22
_INK, _PAPER = (20, 20, 30), (246, 244, 239)
FloatArray = npt.NDArray[np.float32]


def draw_heat(looks: Looks, rows: Mapping[str, tuple[FloatArray, FloatArray]]) -> Picture:
    """Draw a row for each answer: the views and the slice, with what speaks for it and against it.

    Parameters
    ----------
    looks : Looks
        What was looked at.
    rows : mapping of str to (ndarray, ndarray)
        By title: maps of the views, shape (3, h, w), and of the slice, shape (h, w). One scale for all.
    """
    views = [from_codes(s, from_depth_codes(d)) for s, d in zip(looks.shade, looks.depth, strict=True)]
    height = views[0].shape[0]
    plane = np.repeat(looks.slice[..., None], 3, axis=2)
    above = (height - plane.shape[0]) // 2
    plane = np.pad(plane, ((above, height - plane.shape[0] - above), (0, 0), (0, 0)))
    most = max((float(np.abs(each).max()) for maps in rows.values() for each in maps), default=0.0)
    drawn = []
    for title, (seen, middle) in rows.items():
        pictures = [_overlay(view, heat, most) for view, heat in zip(views, seen, strict=True)]
        size = looks.slice.shape
        inner = _overlay(plane[above : above + size[0]], middle, most)
        whole = plane.copy()
        whole[above : above + size[0]] = inner
        drawn += [
            _title(title, sum(each.shape[1] for each in views) + size[1]),
            np.hstack([*pictures, whole]),
        ]
    return np.vstack(drawn)


def _overlay(picture: Picture, heat: FloatArray, most: float) -> Picture:
    """Tint a picture by a coarse map, interpolated."""
    image = Image.fromarray(np.asarray(heat, np.float32) / np.float32(most or 1.0))
    fine = np.asarray(image.resize((picture.shape[1], picture.shape[0]), Image.Resampling.BICUBIC))
    colour = np.where(fine[..., None] > 0, np.array(FOR, np.float32), np.array(AGAINST, np.float32))
    share = np.clip(np.abs(fine), 0, 1)[..., None] * np.float32(_STRONGEST)
    return np.asarray(picture * (1 - share) + colour * share + 0.5, dtype=np.uint8)


def _title(text: str, width: int) -> Picture:
    image = Image.new("RGB", (width, _TITLE_PX), _PAPER)
    ImageDraw.Draw(image).text((6, 4), text, fill=_INK, font=ImageFont.load_default(13))
    return np.asarray(image)
