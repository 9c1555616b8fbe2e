"""Every place of a data set that can hold text: each file is read once, and its values are counted."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from defacto.errors import VolumeError
from defacto.io.names import volume_extension
from defacto.privacy.header_texts import header_texts
from defacto.privacy.judge import DESCRIPTION, DICTIONARY, NAMES, NOT_READ, TABLE, TEXTS
from defacto.privacy.tally import Tally


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TEXT_NAMES = _words("readme changes license licence notice authors .bidsignore citation")
_TEXT_ENDINGS = _words(".md .txt .rst .cff .py .m .r .sh .toml .yml .yaml .cfg .log")
_NUMBERS_ONLY = _words(".bval .bvec")
_TABLE_KINDS = _words(
    "participants sessions scans events channels electrodes samples beh physio stim motion phenotype"
)
_DATATYPES = _words(
    "anat func dwi fmap perf meg eeg ieeg beh pet micr nirs motion mrs derivatives sourcedata rawdata code"
    " stimuli phenotype"
)
_LARGEST = 64 << 20
_MOST_DEPTH = 20
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]{0,79}")
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def subject_of(path: str) -> str:
    """Return the subject that a file or folder belongs to, by its path; empty where it is nobody's."""
    return next((part.partition("_")[0] for part in path.split("/") if part.startswith("sub-")), "")


def read_file(tally: Tally, root: Path, path: str) -> None:
    """Count the values of a file: its name, and what is in it.

    Parameters
    ----------
    tally : Tally
        Counts.
    root : Path
        The data set.
    path : str
        Of the file, relative to it, with ``/``.
    """
    tally.begin(path, subject_of(path))
    tally.files += 1
    folder, _, name = path.rpartition("/")
    _add_name(tally, name, in_root=not folder)
    try:
        _read(tally, root / path, name)
    except (OSError, ValueError, RecursionError, VolumeError):
        _pass_over(tally, "broken or unreadable " + _kind(name))


def _read(tally: Tally, path: Path, name: str) -> None:
    low = name.lower()
    stem, ending = os.path.splitext(low)  # noqa: PTH122  (a hundred thousand times)
    if low.endswith(".json"):
        _read_json(tally, path, name)
    elif low.endswith(TABLE):
        _read_table(tally, path, name)
    elif volume_extension(name):
        for place, tag, text in header_texts(path):
            tally.add(place, tag, text)
    elif stem in _TEXT_NAMES or low in _TEXT_NAMES or ending in _TEXT_ENDINGS:
        for line in _content(path).decode("utf-8", "replace").splitlines():
            if line.strip():
                tally.add(TEXTS, name if "sub-" not in name else "other", line.strip())
    elif ending not in _NUMBERS_ONLY:
        _pass_over(tally, _kind(name))


def _content(path: Path) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123  (twice as fast as Path.open)
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError("too large")
    return data


def _kind(name: str) -> str:
    return "files " + (name[name.index(".", 1) :].lower() if "." in name[1:] else "without an ending")


def _pass_over(tally: Tally, kind: str) -> None:
    tally.unread += 1
    tally.add(NOT_READ, "files", kind)


def pass_over(tally: Tally, path: str, kind: str) -> None:
    """Note what is in the data set and is not looked into: hidden files and folders, links to folders."""
    tally.begin(path, subject_of(path))
    _pass_over(tally, kind)


def read_folder_name(tally: Tally, path: str) -> None:
    """Count the name of a folder."""
    tally.begin(path, subject_of(path))
    folder = path.rpartition("/")[2]
    key, dash, label = folder.partition("-")
    if dash and key in {"sub", "ses"}:
        tally.add(NAMES, key, label)
    elif folder not in _DATATYPES:
        tally.add(NAMES, "folder", folder)


def _add_name(tally: Tally, name: str, *, in_root: bool) -> None:
    stem = name.split(".", 1)[0] if not name.startswith(".") else name
    *pairs, suffix = stem.split("_")
    if not stem.startswith("sub-"):
        if not in_root or name.lower() not in _usual_names():
            tally.add(NAMES, "file", stem)
        return
    for pair in pairs:
        key, dash, label = pair.partition("-")
        tally.add(NAMES, sys.intern(key) if dash else "file", label if dash else pair)
    tally.add(NAMES, "suffix", suffix)


@lru_cache(maxsize=1)
def _usual_names() -> frozenset[str]:
    texts = {stem + ending for stem in _TEXT_NAMES for ending in ("", ".md", ".txt", ".rst", ".cff")}
    kinds = {f"{kind}{ending}" for kind in ("participants", "samples") for ending in (".tsv", ".json")}
    return frozenset(texts | kinds | {"dataset_description.json"})


def _suffix(name: str) -> str:
    return name.split(".", 1)[0].rpartition("_")[2]


def _read_json(tally: Tally, path: Path, name: str) -> None:
    document = json.loads(_content(path))
    kind = _suffix(name)
    if name == "dataset_description.json":
        place = DESCRIPTION
    else:
        place = kind + DICTIONARY if kind in _TABLE_KINDS or path.parent.name == "phenotype" else ""
    if not isinstance(document, dict):
        document = {"(whole file)": document}
    _flatten(tally, place, "", document, 0)


def _flatten(tally: Tally, place: str, prefix: str, document: dict[str, Any], depth: int) -> None:
    for key, value in document.items():
        if not _is_plain_key(key):
            tally.add(place, f"{prefix}(keys)", key)
            tally.add(place, f"{prefix}(values)", *_as_text(value))
            continue
        _add_value(tally, place, prefix + key, value, depth)


def _add_value(tally: Tally, place: str, name: str, value: Any, depth: int) -> None:
    kind = type(value)
    if kind is str:
        tally.add(place, name, value)
    elif kind is float or kind is int:
        text = repr(value) if kind is int or math.isfinite(value) else _encode(value)
        tally.add(place, name, text, is_json=True)
    elif kind is dict and depth < _MOST_DEPTH:
        _flatten(tally, place, f"{name}.", value, depth + 1)
    elif kind is list and depth < _MOST_DEPTH and _is_split(value, place):
        for item in value:
            _add_value(tally, place, name, item, depth + 1)
    else:
        tally.add(place, name, _encode(value), is_json=True)


def _is_split(items: list[Any], place: str) -> bool:
    """Whether the items of a list are values of their own: objects, and the texts of a description."""
    return any(type(item) is dict or (place and type(item) is str) for item in items)


def _as_text(value: Any) -> tuple[str]:
    return (value if isinstance(value, str) else _encode(value),)


@lru_cache(maxsize=65536)
def _is_plain_key(key: str) -> bool:
    return _PLAIN_KEY.fullmatch(key) is not None


def _read_table(tally: Tally, path: Path, file_name: str) -> None:
    text = _content(path).decode("utf-8-sig", "replace")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
    place = _suffix(file_name) + TABLE
    columns = next(rows, [])
    names = [column if _is_plain_key(column) else f"column {n}" for n, column in enumerate(columns, 1)]
    for name, column in zip(names, columns, strict=True):
        if name != column:
            tally.add(place, "(columns)", column)
    for row in rows:
        subject = row[0] if row and row[0].startswith("sub-") else None
        for n, cell in enumerate(row):
            column = names[n] if n < len(names) else "beyond the columns"
            tally.add(place, column, cell, subject=subject)
