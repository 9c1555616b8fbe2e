"""The pages: views in, HTML out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, Template

from defacto.config import Settings, setting_rows
from defacto.pipeline.evidence import LARGE_OF
from defacto.report import words
from defacto.report.environment import make_environment
from defacto.report.flow import draw_flow, flow_of
from defacto.report.limits import Check, checks, limits, nearness
from defacto.report.plots import BULLET_WIDTH, LANE, WIDTH, bullets, strips
from defacto.report.timing import seconds_of, timing_of
from defacto.report.view import ScanView, StudyView, conclusion, waiting_words
from defacto.types import Attempt, State

GALLERY = 48
"""Most passes whose pictures the study page shows."""
STUCK = 25
"""Most scans that the study page lists as waiting; all are in its table."""

_VIEWS = {
    "render_left": "from the left",
    "render_front": "from the front",
    "render_right": "from the right",
    "slices": "in slices",
    "class_maps": "as the classifier sees it: what speaks for an answer (orange) and against it (blue)",
}
_WIDE = {"slices", "class_maps"}


@dataclass(frozen=True)
class Image:
    """A picture of an attempt: its address and what it shows."""

    src: str
    alt: str
    caption: str
    wide: bool


@dataclass(frozen=True)
class Cell:
    """A value in the table of attempts, and what it was before where it changed."""

    text: str
    before: str | None = None


def render_study(view: StudyView) -> str:
    """Return the page of the study."""
    limit_of = limits((a for scan in view.scans for a in scan.attempts), view.settings)
    passes = sorted(view.passes, key=lambda s: (s.state is not State.VERIFY, -nearness(s.measures, limit_of)))
    columns = _columns(view, limit_of)
    return _template("study.html").render(
        view=view,
        way=draw_flow(flow_of(view.scans, view.rounds)),
        strips=strips(view.scans, view.names, limit_of),
        gallery=[(scan, _thumbnails(scan)) for scan in passes[:GALLERY] if _thumbnails(scan)],
        passes=len(passes),
        stuck=view.stuck[:STUCK],
        columns=columns,
        rows=[_row(scan, columns, limit_of) for scan in view.scans],
        settings=_setting_rows(view.settings),
        timing=timing_of(view.scans),
        waiting=waiting_words(view),
    )


def render_scan(
    scan: ScanView, view: StudyView, before: ScanView | None = None, after: ScanView | None = None
) -> str:
    """Return the page of one scan, with links to the scans before and after it."""
    limit_of = limits(scan.attempts, view.settings)
    attempts = [
        {
            "attempt": attempt,
            "word": conclusion(attempt),
            "open": scan.may_show(attempt),
            "images": images(scan, attempt),
            "bullets": bullets(checks(attempt.measures, limit_of)),
        }
        for attempt in reversed(scan.attempts)
    ]
    return _template("scan.html").render(
        view=view,
        scan=scan,
        attempts=attempts,
        table=parameter_table(scan.attempts),
        before=before,
        after=after,
        seconds=seconds_of(scan),
    )


def images(scan: ScanView, attempt: Attempt, up: str = "../../") -> list[Image]:
    """Return the pictures of an attempt, with addresses relative to a page `up` above the run's folder."""
    found = []
    for role, caption in _VIEWS.items():
        path = PurePosixPath(attempt.files.get(LARGE_OF.get(role, role), attempt.files.get(role, "")))
        if not path.parts or path.is_absolute() or ".." in path.parts:
            continue
        alt = f"Head of {words.clean(scan.name)} {caption}, after attempt {attempt.number}"
        found.append(
            Image(
                up + quote(str(path), errors="replace"),
                alt,
                f"{caption[0].upper()}{caption[1:]}",
                role in _WIDE,
            )
        )
    return found


def _thumbnails(scan: ScanView) -> list[Image]:
    if scan.last is None or not scan.may_show(scan.last):
        return []
    every = images(scan, scan.last, up="../")
    obliques = [image for image in every if image.caption in {"From the left", "From the right"}]
    return obliques or every[:1]


@dataclass(frozen=True)
class Column:
    """A measure in the table of scans; without a name, it is the most visible of the features."""

    name: str | None
    title: str
    unit: str


def _columns(view: StudyView, limit_of: dict[str, float]) -> list[Column]:
    """Return up to four measures for the table of scans, the judged ones first, and the most visible feature.

    What is the same in all scans, and within its limit, is left to the section of measures.
    """
    found = [
        Column(name, words.measure_word(name), _unit(view, name))
        for name in sorted(view.names, key=lambda name: name not in limit_of)
        if words.feature_of(name) is None
        and words.seen_feature(name) is None
        and _tells(view, name, limit_of.get(name))
    ][:4]
    if any(words.feature_of(name) for name in view.names):
        found.insert(1, Column(None, "Most visible feature", ""))
    return found


def _unit(view: StudyView, name: str) -> str:
    unit = next(a.measures[name].unit for s in view.scans for a in s.attempts if name in a.measures)
    return "" if unit == "share" else unit


def _tells(view: StudyView, name: str, limit: float | None) -> bool:
    found = [Check(scan.measures[name], limit) for scan in view.scans if name in scan.measures]
    return len({check.value for check in found}) > 1 or any(check.verdict == "beyond" for check in found)


def _row(scan: ScanView, columns: list[Column], limit_of: dict[str, float]) -> dict[str, Any]:
    return {
        "scan": scan,
        "outcome": conclusion(scan.last) if scan.last else "",
        "why": "" if scan.state in {State.CLEARED, State.VERIFY} else _short(scan.why),
        "cells": [_cell(scan, column, limit_of) for column in columns],
    }


def _short(text: str, most: int = 140) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _cell(scan: ScanView, column: Column, limit_of: dict[str, float]) -> tuple[str, bool]:
    if column.name is None:
        return _feature_cell(scan, limit_of)
    measure = scan.measures.get(column.name)
    if measure is None:
        return "", False
    check = Check(measure, limit_of.get(column.name))
    unit = "share" if measure.unit == "share" else ""
    return words.number(measure.value, unit), check.verdict == "beyond"


def _feature_cell(scan: ScanView, limit_of: dict[str, float]) -> tuple[str, bool]:
    left = [Check(m, limit_of.get(n)) for n, m in scan.measures.items() if words.feature_of(n)]
    known = [(check.value, check) for check in left if check.value is not None]
    if not known:
        return ("unknown", False) if left else ("", False)
    _, worst = max(known, key=lambda each: each[0])
    if not worst.value:
        return words.number(0.0, "share"), False
    return f"{worst.shown} {words.measure_word(worst.measure.name).lower()}", worst.verdict == "beyond"


def _setting_rows(settings: Settings) -> list[tuple[str, str, str | None, str]]:
    document = dataclasses.asdict(settings)
    rows = []
    for name, default, text in setting_rows():
        value: Any = document
        for part in name.split("."):
            value = value[part]
        changed = words.plain(default) if value != default else None
        rows.append((name, words.plain(value), changed, text))
    return rows


def parameter_table(attempts: tuple[Attempt, ...]) -> list[tuple[str, list[Cell]]]:
    """Return the parameters of attempts, one a row, with what changed."""
    names = dict.fromkeys(name for attempt in attempts for name in attempt.parameters if name != "method")
    rows = [("method", [f"{a.method} {a.version}".strip() for a in attempts])]
    rows += [(name, [words.plain(a.parameters.get(name)) for a in attempts]) for name in names]
    table = []
    for name, texts in rows:
        cells = [Cell(words.clean(texts[0]))] if texts else []
        for before, text in pairwise(texts):
            cells.append(Cell(words.clean(text), None if before == text else words.clean(before)))
        table.append((name.replace("_", " "), cells))
    return table


def _template(name: str) -> Template:
    return environment().get_template(name)


@cache
def environment() -> Environment:
    """Return the environment of templates with what the pages of a study need."""
    made = make_environment()
    made.filters |= {
        "clean": words.clean,
        "number": words.number,
        "duration": words.duration,
        "state_word": words.STATE_WORD.__getitem__,
        "state_meaning": words.STATE_MEANING.__getitem__,
        "kind": lambda word: word.replace(" ", "-"),
        "measure_word": words.measure_word,
    }
    made.globals |= {
        "STRIP_WIDTH": WIDTH,
        "LANE": LANE,
        "BULLET_WIDTH": BULLET_WIDTH,
        "State": State,
        "OUTCOMES": words.OUTCOME_MEANING,
    }
    return made
