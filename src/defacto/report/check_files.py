"""The outputs of a check that are no page: names, tables, and pictures, written as they come."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from defacto.io.names import volume_extension
from defacto.pipeline.check import UNSURE, Checked
from defacto.render import side_by_side, to_jpeg
from defacto.types import Outcome

PICTURES = "pictures"
VIEWS, SLICES = "views", "slices"
_CLASSES = (*(outcome.value for outcome in Outcome), UNSURE)
_FORMULA = tuple("=+-@＝＋－＠")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.+-]+")
_LONGEST = 120


def short_names(paths: Sequence[str]) -> list[str]:
    """Return paths as seen from the folder that holds them all, so that a page names no place outside.

    Examples
    --------
    >>> short_names(["/data/a/x.nii", "/data/b/x.nii"])
    ['a/x.nii', 'b/x.nii']
    """
    whole = [os.path.abspath(path) for path in paths]  # noqa: PTH100  (links stay links)
    if not whole:
        return []
    root = os.path.commonpath([os.path.dirname(path) for path in whole])  # noqa: PTH120
    return [PurePath(path).relative_to(root).as_posix() for path in whole]


def flat_names(names: Sequence[str]) -> list[str]:
    """Return a plain name for a file of each scan, all different, whatever characters their paths have.

    Parameters
    ----------
    names : sequence of str
        From `short_names`, each once.

    Returns
    -------
    list of str
        Folders joined by ``__``, without extension; with a digest of the path where something was left out,
        or where another scan would get the same name.
    """
    stems = [name.removesuffix(volume_extension(name) or "").replace("/", "__") for name in names]
    plain = [_UNSAFE.sub("-", stem).strip("-.")[:_LONGEST] for stem in stems]
    count = Counter(each.lower() for each in plain)
    return [
        each if each == stem and count[each.lower()] == 1 else f"{each}~{_digest(name)}"
        for each, stem, name in zip(plain, stems, names, strict=True)
    ]


def _digest(name: str) -> str:
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:10]


def check_json(results: Sequence[Checked]) -> str:
    """Return a list of objects, one for each scan."""
    rows = [json.dumps(_finite(each.document()), ensure_ascii=False) for each in results]
    return writable("[\n" + ",\n".join(rows) + "\n]\n" if rows else "[]\n")


def check_csv(results: Sequence[Checked]) -> str:
    """Return a table for spreadsheets, one row for each scan; no cell of it is taken for a formula.

    A path that begins like a formula gets ``./`` before it and is still the same file; other text an
    apostrophe.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    outcomes = [outcome.value for outcome in Outcome]
    writer.writerow(["path", "outcome", *outcomes, "features", "reasons", "model"])
    for each in results:
        found = each.document()
        p = found["probabilities"]
        writer.writerow(
            [
                cell(found["path"], "./"),
                each.word,
                *(f"{p[name]:.4f}" if math.isfinite(p.get(name, math.nan)) else "" for name in outcomes),
                " ".join(found["features"]),
                cell(" ".join(found["reasons"])),
                cell(found["model"] or ""),
            ]
        )
    return writable(table.getvalue())


def cell(text: str, before: str = "'") -> str:
    """Return text for a table, with something before it where a spreadsheet would take it for a formula."""
    return before + text if text.lstrip().startswith(_FORMULA) else text


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def writable(text: str) -> str:
    """Escape bytes of file names that are no text, which UTF-8 cannot hold; JSON reads them back."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class Pictures:
    """Writes the pictures of scans as they come, so that few are in memory.

    Parameters
    ----------
    sort : Path, optional
        Gets the views, in folders by outcome.
    report : Path, optional
        Gets views and slices, for the page.
    """

    def __init__(self, sort: Path | None, report: Path | None) -> None:
        self._sort, self._report = sort, report
        for folder in [sort / name for name in _CLASSES] if sort else []:
            folder.mkdir()
        if report:
            (report / PICTURES / SLICES).mkdir(parents=True)

    def write(self, checked: Checked, name: str) -> frozenset[str]:
        """Write the pictures of one scan; return what the report got: ``views``, ``slices``.

        Parameters
        ----------
        checked : Checked
            With its pictures.
        name : str
            From `flat_names`.
        """
        views, slices = side_by_side(checked.pictures), checked.pictures.get(SLICES)
        file, kinds = f"{name}.jpg", set()
        if views is not None:
            kinds.add(VIEWS)
            content = to_jpeg(views)
            if self._sort:
                (self._sort / checked.word / file).write_bytes(content)
            if self._report:
                (self._report / PICTURES / file).write_bytes(content)
        if slices is not None and self._report:
            kinds.add(SLICES)
            (self._report / PICTURES / SLICES / file).write_bytes(to_jpeg(slices))
        return frozenset(kinds)
