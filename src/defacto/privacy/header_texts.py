"""The texts in the header of a volume file and of its gzip member, read without its voxels.

Lenient where `defacto.io` is strict: a file that cannot be defaced can still name somebody.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from isal import isal_zlib

from defacto.errors import VolumeError
from defacto.io import mgh, nifti_header
from defacto.io.names import volume_extension
from defacto.types import Header

Text = tuple[str, str, str]
"""Place, name and text."""

_FIELDS = ("data_type", "db_name", "descrip", "aux_file", "intent_name", "unused_str")
_PRINTABLE = re.compile(rb"[\x20-\x7e\xa0-\xff]{4,}|(?:[\x20-\x7e]\0){4,}|(?:\0[\x20-\x7e]){4,}")
_ANALYZE_HISTORY = slice(253, 344)
_MGH_USED, _MGH_NUMBERS = 90, 16
_GZIP_MAGIC = b"\x1f\x8b"
_MOST_BEFORE_VOXELS = 16 << 20
_GZIP_ERROR: Any = isal_zlib.error
_CHUNK = 1 << 16
_STEP = 1 << 20


def header_texts(path: Path) -> Iterator[Text]:
    """Yield the texts of a volume file's header.

    Parameters
    ----------
    path : Path
        NIfTI, ANALYZE or MGH, plain or gzip. What is behind the voxels is read of MGH alone.

    Raises
    ------
    OSError, VolumeError
        If it cannot be read, or is no such file.
    """
    with path.open("rb") as file:
        start = file.read(2)
        file.seek(0)
        stream = _Stream(file, compressed=start == _GZIP_MAGIC)
        yield from _gzip_texts(stream.start, path.name) if start == _GZIP_MAGIC else ()
        ending = (volume_extension(path.name) or "").lower()
        yield from _mgh_texts(stream) if ending.startswith(".mg") else _nifti_texts(stream)


class _Stream:
    """Uncompressed bytes from the front."""

    def __init__(self, file: BinaryIO, *, compressed: bool) -> None:
        self._file = file
        self.start = file.read(_CHUNK) if compressed else b""
        self._left = self.start
        self._inflate: Any = isal_zlib.decompressobj(31) if compressed else None

    def read(self, n_bytes: int) -> bytes:
        """Return so many bytes, or fewer at the end."""
        if self._inflate is None:
            return self._file.read(n_bytes)
        parts, wanted = [], n_bytes
        try:
            while wanted > 0 and not self._inflate.eof:
                data = self._inflate.unconsumed_tail or self._left or self._file.read(_CHUNK)
                self._left = b""
                if not data:
                    break
                part = self._inflate.decompress(data, min(wanted, _STEP))
                parts.append(part)
                wanted -= len(part)
        except _GZIP_ERROR:
            raise VolumeError("expected a sound gzip stream, got one with wrong bytes") from None
        return b"".join(parts)

    def skip(self, n_bytes: int) -> None:
        """Let so many bytes pass."""
        if self._inflate is None:
            self._file.seek(n_bytes, 1)
            return
        while n_bytes > 0 and (part := self.read(min(n_bytes, _STEP))):
            n_bytes -= len(part)


def _gzip_texts(start: bytes, file_name: str) -> Iterator[Text]:
    """Yield time, name, comment and extra field of the first gzip member, where they tell something."""
    if len(start) < 10:
        raise VolumeError("expected a gzip header, got a part")
    flags, seconds = start[3], int.from_bytes(start[4:8], "little")
    if seconds:
        yield "gzip", "time", datetime.fromtimestamp(seconds, UTC).date().isoformat()
    at = 10
    if flags & 4:
        size = int.from_bytes(start[at : at + 2], "little")
        if extra := printable(start[at + 2 : at + 2 + size]):
            yield "gzip", "extra field", extra
        at += 2 + size
    for bit, name in ((8, "name"), (16, "comment")):
        if flags & bit:
            text, _, _ = start[at:].partition(b"\0")
            at += len(text) + 1
            shown = text.decode("latin-1")
            own = {file_name, file_name.removesuffix(".gz"), re.sub(r"\.mgz$", ".mgh", file_name)}
            if shown and not (name == "name" and shown in own):
                yield "gzip", name, shown


def _nifti_texts(stream: _Stream) -> Iterator[Text]:
    start = stream.read(4)
    order = nifti_header.byte_order(start)
    if order is None:
        raise VolumeError("expected a NIfTI header, got other bytes")
    size = int.from_bytes(start, "little" if order == "<" else "big")
    raw = start + stream.read(size - 4)
    if len(raw) < size:
        raise VolumeError("expected a whole header, got a part")
    fields = nifti_header.fields_of(raw)
    for name in _FIELDS:
        if name in (fields.dtype.names or ()) and (text := _plain(bytes(fields[name]))):
            yield "nifti", name, text
    if size == 348 and raw[344:347] not in {b"n+1", b"ni1"}:
        if text := printable(raw[_ANALYZE_HISTORY]):
            yield "nifti", "ANALYZE history", text
        return
    offset = float(fields["vox_offset"])
    between = stream.read(int(min(max(offset - size, 4), _MOST_BEFORE_VOXELS))) if offset == offset else b""  # noqa: PLR0124
    yield from _extensions(between, order)


def _extensions(between: bytes, order: str) -> Iterator[Text]:
    flag, data = between[:1], between[4:]
    while flag not in {b"", b"\0"} and len(data) >= 8:
        size, code = struct.unpack(f"{order}ii", data[:8])
        if not 8 <= size <= len(data):
            break
        if text := printable(data[8:size]):
            yield "nifti", f"extension {code}", text
        data = data[size:]
    if text := printable(data):
        yield "nifti", "bytes before the voxels", text


def _mgh_texts(stream: _Stream) -> Iterator[Text]:
    raw = stream.read(mgh.HEADER_BYTES)
    if len(raw) < mgh.HEADER_BYTES:
        raise VolumeError("expected a whole header, got a part")
    if text := printable(raw[_MGH_USED:]):
        yield "mgh", "unused bytes", text
    shape, dtype = mgh.declared_array(Header("mgh", raw))
    voxels = dtype.itemsize
    for n in shape:
        voxels *= n
    stream.skip(voxels)
    if text := printable(stream.read(_MOST_BEFORE_VOXELS)[_MGH_NUMBERS:]):
        yield "mgh", "tags", text


def printable(data: bytes) -> str:
    """Return what a person can read of bytes: runs of four letters or more, in one or two bytes each."""
    return " ".join(
        part.replace(b"\0", b"").decode("latin-1").strip() for part in _PRINTABLE.findall(data)
    ).strip()


def _plain(data: bytes) -> str:
    return " ".join(part.decode("latin-1").strip() for part in data.split(b"\0") if part.strip())
