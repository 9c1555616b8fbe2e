"""A comparison of methods as a folder: one page that opens offline, its tables, its pictures."""

from __future__ import annotations

import base64
import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from defacto import __version__
from defacto.qc.binomial import Share
from defacto.render import to_png, write_png
from defacto.report.compare.figures import box_plots, sheet
from defacto.report.environment import make_environment, static_text
from defacto.report.figures import UNKNOWN, percent, span
from defacto.report.new_folder import check_results
from defacto.report.words import count
from defacto.studies.compare import PICTURES, picture_path
from defacto.studies.judge import SUCCESS, UNSURE, VERDICTS
from defacto.studies.rows import HEADS, Row
from defacto.studies.summary import Comparison, MethodSummary
from defacto.studies.tests import exact_interval
from defacto.types import Picture

PAGE = "compare.html"
_FIGURES = "figures"
_COLUMNS, _SHOWN_PAIRS = 2, 0.05


def check_folder(out: Path) -> None:
    """Refuse a folder that holds something other than a comparison.

    Raises
    ------
    SettingsError
        If it does, or is not a folder.
    """
    check_results(out, PAGE, (HEADS, PICTURES), "comparison")


def write_comparison(found: Comparison, out: Path) -> Path:
    """Write the page, the tables and the pictures of a comparison; return the page.

    Parameters
    ----------
    found : Comparison
        What to show.
    out : Path
        Folder of the comparison, with the pictures of its heads.
    """
    pictures = _pictures(found, out)
    (out / _FIGURES).mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        write_png(out / _FIGURES / f"{name}.png", picture)
    for name, rows in _tables(found).items():
        (out / name).write_text(_tsv(rows), encoding="utf-8", newline="\n")
    (out / PAGE).write_text(render_comparison(found, pictures), encoding="utf-8", newline="\n")
    return out / PAGE


def render_comparison(found: Comparison, pictures: Mapping[str, Picture]) -> str:
    """Return the page, which needs no other file."""
    plots = [name for name in pictures if not name.startswith(("worst_", "one_head"))]
    return (
        make_environment()
        .get_template("compare.html")
        .render(
            headline=f"{count(len(found.methods), 'method')} on {count(found.heads, 'head')}",
            sentence=_sentence(found),
            verdicts=VERDICTS,
            methods=[_method_row(each) for each in found.methods],
            pairs=[_pair_row(each) for each in found.paired if each.p_holm <= _SHOWN_PAIRS],
            n_pairs=len(found.paired),
            names=[each.name for each in found.methods],
            strata=[
                (each.kind, each.name, each.heads, [_share(each.success[m.name]) for m in found.methods])
                for each in found.strata
            ],
            plots=[(name.replace("_", " "), _data(pictures[name])) for name in plots],
            one_head=_data(pictures["one_head"]) if "one_head" in pictures else "",
            worst=[
                (m.name, len(found.worst[m.name]), _data(pictures[f"worst_{m.name}"]))
                for m in found.methods
                if f"worst_{m.name}" in pictures
            ],
            style=static_text("report.css", "evaluation.css"),
            version=__version__,
        )
    )


def _sentence(found: Comparison) -> str:
    judged = (
        "All heads are made, so each result is judged by the truth."
        if found.made
        else "Real heads are judged by measures, made ones by the truth."
    )
    ears = "Ears count" if found.settings.deface.ears else "Ears do not count"
    return (
        f"{judged} {ears}. Success: no feature is left and no brain is lost; failure I: a feature is left;"
        " failure II: brain was removed."
    )


def _pictures(found: Comparison, out: Path) -> dict[str, Picture]:
    pictures = box_plots(found.methods)
    first = found.rows[0].head
    names = ["original", *(each.name for each in found.methods)]
    shown = {"one_head": sheet([(name, picture_path(out, first, name)) for name in names], _COLUMNS)}
    for name, rows in found.worst.items():
        cards = [(_caption(row), picture_path(out, row.head, name)) for row in rows]
        shown[f"worst_{name}"] = sheet(cards, _COLUMNS)
    return pictures | {name: picture for name, picture in shown.items() if picture is not None}


def _caption(row: Row) -> str:
    brain = f"{row.brain_lost_ml:.2f} ml of brain" if row.brain_lost_ml > 0 else ""
    left = f"left: {row.left.replace('_', ' ')}" if row.left else ""
    return ", ".join(part for part in (f"{row.head}: {row.verdict}", brain, left) if part)


def _method_row(found: MethodSummary) -> dict[str, Any]:
    return {
        "name": found.name,
        "of": found.of,
        "cells": [
            (found.counts[each], percent(found.share(each).value), span(found.interval(each)))
            for each in VERDICTS
        ],
        "passed": f"{found.wrong} of {found.passed}" if found.passed else UNKNOWN,
        "wrong": _at_most(found.wrong, found.passed),
        "removed": _middle(found.removed_percent, "%", 1),
        "seconds": _middle(found.seconds, "s", 2),
        "memory": _middle(found.memory_mb, "MB", 0),
        "chosen": ", ".join(f"{name} {n}" for name, n in found.chosen.items()),
    }


def _at_most(wrong: int, passed: int) -> str:
    return f"{span(exact_interval(wrong, passed))} %" if passed else ""


def _middle(values: Sequence[float], unit: str, places: int) -> str:
    if not values:
        return UNKNOWN
    middle = sorted(values)[len(values) // 2]
    return f"{middle:.{places}f} {unit}"


def _pair_row(each: Any) -> dict[str, Any]:
    better, worse = (each.one, each.other) if each.only_one > each.only_other else (each.other, each.one)
    more, fewer = max(each.only_one, each.only_other), min(each.only_one, each.only_other)
    p = "< 0.001" if each.p_holm < 0.001 else f"{each.p_holm:.3f}"
    return {"better": better, "worse": worse, "more": more, "fewer": fewer, "of": each.of, "p": p}


def _share(share: Share) -> tuple[str, str]:
    if not share.of:
        return UNKNOWN, ""
    return f"{share.count} of {share.of}", span(exact_interval(share.count, share.of))


def _tables(found: Comparison) -> dict[str, list[dict[str, Any]]]:
    methods = []
    for each in found.methods:
        row: dict[str, Any] = {"method": each.name, "heads": each.of}
        for verdict in VERDICTS:
            low, high = each.interval(verdict)
            word = verdict.replace(" ", "_")
            row |= {word: each.counts[verdict], f"{word}_low": round(low, 5), f"{word}_high": round(high, 5)}
        row |= {"passed_by_machine": each.passed, "passed_wrongly": each.wrong}
        methods.append(row)
    strata = [
        {"kind": s.kind, "stratum": s.name, "method": name, "success": share.count, "heads": share.of}
        for s in found.strata
        for name, share in s.success.items()
    ]
    names = [each.name for each in fields(Row)]
    return {
        "heads.tsv": [{name: asdict(row)[name] for name in names} for row in found.rows],
        "methods.tsv": methods,
        "paired.tsv": [asdict(each) for each in found.paired],
        "strata.tsv": strata,
    }


def _tsv(rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows({n: _plain(v) for n, v in row.items()} for row in rows)
    return out.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "n/a"
    return "n/a" if value == "" else value


def _data(picture: Picture) -> str:
    return "data:image/png;base64," + base64.b64encode(to_png(picture)).decode()


__all__ = ["PAGE", "SUCCESS", "UNSURE", "check_folder", "render_comparison", "write_comparison"]
