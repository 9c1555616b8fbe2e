"""PNG files whose bytes depend on the picture alone."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np

from defacto.types import Picture


def to_png(picture: Picture) -> bytes:
    """Return a picture as the content of a PNG file, without metadata.

    Parameters
    ----------
    picture : ndarray of uint8, shape (rows, columns, 3)
        RGB, 0-255.

    Raises
    ------
    ValueError
        If it is no such array.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or picture.size == 0:
        raise ValueError(f"Expected uint8 (rows, columns, 3), got {picture.dtype} {picture.shape}.")
    rows, columns, _ = picture.shape
    left = np.zeros_like(picture)
    left[:, 1:] = picture[:, :-1]
    lines = np.ones((rows, 1 + 3 * columns), dtype=np.uint8)
    lines[:, 1:] = (picture - left).reshape(rows, -1)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 6)),
            _chunk(b"IEND", b""),
        )
    )


def write_png(path: Path, picture: Picture) -> None:
    """Write a picture as PNG; the file appears whole or not at all.

    Parameters
    ----------
    path : Path
        Where to; an older file is replaced.
    picture : ndarray of uint8, shape (rows, columns, 3)
        RGB, 0-255.
    """
    content = to_png(picture)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
