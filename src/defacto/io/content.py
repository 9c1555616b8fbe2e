"""The bytes of a volume file: opened safely, decompressed on the way, no more of them than are asked for."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from isal import igzip, isal_zlib

from defacto.errors import VolumeError

_CHUNK = 1 << 18
_GZIP_MAGIC = b"\x1f\x8b"
_DICOM_MAGIC = b"DICM"
_open_gzip: Any = igzip.IGzipFile
_GZIP_ERRORS: Any = (isal_zlib.error, igzip.BadGzipFile, zlib.error)


class Content:
    """The uncompressed bytes of an open file, read from front to back.

    Parameters
    ----------
    file : binary file
        A regular file, at its beginning. More than one gzip member is read as one; zeros may follow the last.
    compressed : bool
        Whether it is gzip.
    """

    def __init__(self, file: BinaryIO, *, compressed: bool) -> None:
        self._file = file
        self._compressed = compressed
        self._stream: Any = _open_gzip(fileobj=file, mode="rb") if compressed else file

    def read(self, n_bytes: int) -> bytes:
        """Return exactly so many bytes.

        Raises
        ------
        VolumeError
            If the file ends before.
        """
        with _sentences():
            data: bytes = self._stream.read(n_bytes)
        if len(data) != n_bytes:
            raise VolumeError(f"expected {n_bytes} bytes of header, got {len(data)}; {_COPY_AGAIN}")
        return data

    def fill(self, n_bytes: int) -> npt.NDArray[np.uint8]:
        """Return exactly so many bytes as an array; this is the one buffer that a volume takes.

        Raises
        ------
        VolumeError
            If the file ends before, or there is no memory for them.
        """
        try:
            buffer = np.empty(n_bytes, dtype=np.uint8)
        except MemoryError:
            raise VolumeError(
                f"expected {n_bytes / 1e9:.1f} GB of free memory for its voxels, got less; free some"
            ) from None
        view, filled = memoryview(buffer.data), 0
        with _sentences():
            while count := self._stream.readinto(view[filled : filled + _CHUNK]):
                filled += count
        if filled != n_bytes:
            raise VolumeError(f"expected {n_bytes} bytes of voxels, got {filled}; {_COPY_AGAIN}")
        return buffer

    def rest(self, most: int) -> bytes:
        """Return what is left; reading to the end also checks the checksum of a compressed file.

        Raises
        ------
        VolumeError
            If more than `most` bytes are left, or the checksum is wrong.
        """
        with _sentences():
            data: bytes = self._stream.read(most + 1)
        if len(data) > most:
            raise VolumeError(_trailing(most))
        return data

    def check_length(self, least: int, most: int) -> None:
        """Refuse a content that is shorter or longer than the header declares, before memory is taken for it.

        A compressed file states its length (modulo 4 GiB) in its last bytes. Where that does not fit, for
        example because there is more than one gzip member, the length is counted without keeping anything.

        Parameters
        ----------
        least, most : int
            Bytes of uncompressed content, from the first byte of the file on.

        Raises
        ------
        VolumeError
            If the length lies outside of these.
        """
        size = os.fstat(self._file.fileno()).st_size
        if self._compressed:
            stated = int.from_bytes(os.pread(self._file.fileno(), 4, max(size - 4, 0)), "little")
            if (stated - least) % (1 << 32) <= most - least:
                return
            size = self._count(most)
        if size < least:
            raise VolumeError(f"expected {least} bytes from its header, got {size}; {_COPY_AGAIN}")
        if size > most:
            raise VolumeError(_trailing(most))

    def _count(self, most: int) -> int:
        counted, here = 0, self._file.tell()
        chunk = memoryview(bytearray(_CHUNK))
        self._file.seek(0)
        with _sentences(), _open_gzip(fileobj=self._file, mode="rb") as stream:
            while counted <= most and (count := stream.readinto(chunk)):
                counted += count
        self._file.seek(here)
        return counted


_COPY_AGAIN = "the file is truncated, copy it again from its source"


def _trailing(most: int) -> str:
    return (
        f"expected {most} bytes from its header, got more; unknown bytes follow the voxels, "
        "write it anew with the program that made it"
    )


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn what a broken gzip stream raises into sentences."""
    try:
        yield
    except EOFError:
        raise VolumeError(f"expected a whole gzip stream, got a part; {_COPY_AGAIN}") from None
    except _GZIP_ERRORS:
        raise VolumeError(
            "expected a sound gzip stream, got one with wrong bytes or a wrong checksum; "
            "copy it again from its source"
        ) from None
    except OSError as error:
        raise VolumeError(f"expected a readable file, got: {error.strerror or 'an input error'}") from None


@contextmanager
def open_content(path: Path, *, compressed: bool) -> Iterator[Content]:
    """Open a regular file for reading.

    Parameters
    ----------
    path : Path
        Links are followed; pipes, sockets and devices are refused without waiting for them.
    compressed : bool
        Whether its name says that it is gzip.

    Raises
    ------
    VolumeError
        If it cannot be opened, is no regular file or empty, or its first bytes contradict its name.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name is not valid"
        raise VolumeError(f"expected a readable file, got: {reason}") from None
    try:
        _check_regular(os.fstat(descriptor))
        _check_magic(os.pread(descriptor, 132, 0), compressed)
        file = os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise
    with file:
        yield Content(file, compressed=compressed)


def _check_regular(status: os.stat_result) -> None:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    if not stat.S_ISREG(status.st_mode):
        kind = kinds.get(stat.S_IFMT(status.st_mode), "something else")
        raise VolumeError(f"expected a regular file, got {kind}; give the volume itself")
    if status.st_size == 0:
        raise VolumeError("expected a volume, got an empty file of 0 bytes; copy it again from its source")


def _check_magic(start: bytes, compressed: bool) -> None:
    if start[128:132] == _DICOM_MAGIC:
        raise VolumeError(
            "expected a NIfTI or MGH file, got a DICOM file; give its folder to `defacto run` instead"
        )
    if compressed and not start.startswith(_GZIP_MAGIC):
        raise VolumeError(
            "expected gzip, as its name says, got a file that is not compressed; rename it to what it is"
        )
    if not compressed and start.startswith(_GZIP_MAGIC):
        raise VolumeError("expected an uncompressed file, as its name says, got gzip; add .gz to its name")
