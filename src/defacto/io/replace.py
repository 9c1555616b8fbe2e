"""Write a file whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from isal import isal_zlib

from defacto.errors import VolumeError

GZIP_LEVEL = 2
"""Smallest files of isal's four levels at the same speed (benchmarks/volume_io.py)."""

TEMPORARY_SUFFIX = ".part"
"""Ending of a file that is being written; one that a killed process left behind can be removed."""

_GZIP = 31
_CHUNK = 1 << 20


def replace_file(path: Path, parts: Iterable[bytes | memoryview], *, compressed: bool = False) -> None:
    """Write a file under another name in the same folder, then give it its own.

    Parameters
    ----------
    path : Path
        A file of that name is replaced at once; readers see the old or the new one, never a part.
    parts : iterable of bytes
        Content, in order.
    compressed : bool
        Whether to write gzip, with no time and no name in its header.

    Raises
    ------
    VolumeError
        If it cannot be written.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}{TEMPORARY_SUFFIX}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(_gzip(parts) if compressed else parts)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise VolumeError(error.strerror or "the system gives no reason") from None


def _gzip(parts: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    stream = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP)
    for part in parts:
        view = memoryview(part)
        for first in range(0, len(view), _CHUNK):
            yield stream.compress(view[first : first + _CHUNK])
    yield stream.flush()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
