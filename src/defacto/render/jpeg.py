"""JPEG files of pictures that many are looked at of, and views put side by side."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from PIL import Image

from defacto.types import Picture

QUALITY = 88
SIDE_BY_SIDE = ("left", "front", "right")


def to_jpeg(picture: Picture) -> bytes:
    """Return a picture as the content of a JPEG file, without metadata.

    Parameters
    ----------
    picture : ndarray of uint8, shape (rows, columns, 3)
        RGB, 0-255.
    """
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "JPEG", quality=QUALITY)
    return content.getvalue()


def side_by_side(views: Mapping[str, Picture]) -> Picture | None:
    """Join the views of a head that there are: from front left, the front and front right.

    Parameters
    ----------
    views : mapping of str to ndarray of uint8, shape (rows, columns, 3)
        As `defacto.render.surface_views` gives them; all of the same height.

    Returns
    -------
    ndarray of uint8, shape (rows, all columns, 3), or None
        None where there is no view.
    """
    found = [views[name] for name in SIDE_BY_SIDE if name in views]
    return np.concatenate(found, axis=1) if found else None
