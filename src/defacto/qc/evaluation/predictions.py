"""A table of truths and probabilities, as a classifier's test leaves it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from defacto.errors import SettingsError
from defacto.qc.evaluation.bootstrap import Array, Indices
from defacto.types import Outcome

_CLASSES = [outcome.value for outcome in Outcome]
_UNKNOWN = {"", "n/a", "nan"}
_OFF_BY = 0.02


@dataclass(frozen=True, eq=False)
class Predictions:
    """Labelled scans and what a classifier says of them.

    Parameters
    ----------
    truth : ndarray, shape (n,)
        Index of each scan's class in ``list(Outcome)``.
    p : ndarray, shape (n, 4)
        Probabilities in that order; all four NaN where there is no answer.
    persons : ndarray of str, shape (n,), or None
        Whose scan it is, where known.
    """

    truth: Indices
    p: Array
    persons: npt.NDArray[Any] | None


def read_predictions(path: Path) -> Predictions:
    """Read a TSV file with the columns truth, pass, deep, shallow, failure and, if known, person.

    Other columns are ignored. A scan whose probabilities are ``n/a`` has no answer.

    Raises
    ------
    SettingsError
        If the file cannot be read, is empty, lacks a column, or holds an unknown class, a probability out of
        0 to 1, or probabilities that do not sum to about 1.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if any(line)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text table in UTF-8"
        raise SettingsError(f"{path.name} cannot be read: {reason}.") from error
    if not lines:
        raise SettingsError(
            f"{path.name} is empty; expected a table with the columns truth, {', '.join(_CLASSES)}."
        )
    head = [name.strip() for name in lines[0]]
    missing = [name for name in ("truth", *_CLASSES) if name not in head]
    if missing:
        raise SettingsError(f"{path.name} has no column {', '.join(missing)}; it has {', '.join(head)}.")
    if len(lines) == 1:
        raise SettingsError(f"{path.name} holds no scan, only the names of its columns.")
    rows = [_row(path.name, number, head, line) for number, line in enumerate(lines[1:], start=1)]
    truth, p, persons = zip(*rows, strict=True)
    return Predictions(
        np.array(truth, dtype=np.int64),
        np.array(p, dtype=np.float64),
        np.array(persons) if "person" in head else None,
    )


def _row(file: str, number: int, head: list[str], line: list[str]) -> tuple[int, list[float], str]:
    where = f"{file}, scan {number}"
    if len(line) != len(head):
        raise SettingsError(f"{where}: expected {len(head)} columns, got {len(line)}.")
    cells = dict(zip(head, (cell.strip() for cell in line), strict=True))
    if cells["truth"] not in _CLASSES:
        raise SettingsError(f"{where}: truth is {cells['truth']!r}; expected {_listed()}.")
    if not cells.get("person", "-"):
        raise SettingsError(f"{where}: the person is not given; fill the column, or leave it out.")
    p = [_probability(where, name, cells[name]) for name in _CLASSES]
    total = sum(p)
    if np.isnan(total):
        p = [np.nan] * len(p)
    elif abs(total - 1) > _OFF_BY:
        raise SettingsError(f"{where}: the probabilities sum to {total:.3f}; expected 1.")
    return _CLASSES.index(cells["truth"]), p, cells.get("person", "")


def _probability(where: str, name: str, text: str) -> float:
    if text.lower() in _UNKNOWN:
        return np.nan
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise SettingsError(f"{where}: the probability of {name} is {text!r}; expected a number from 0 to 1.")
    return value


def _listed() -> str:
    return ", ".join(_CLASSES[:-1]) + " or " + _CLASSES[-1]
