"""The main figures and the rows of the tables of an evaluation's page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from defacto.qc.binomial import Share
from defacto.qc.evaluation import Evaluation
from defacto.qc.evaluation.acceptance import OUTCOMES, Acceptance
from defacto.qc.evaluation.bootstrap import Indices
from defacto.report.evaluation.words import threshold
from defacto.report.figures import decimal_span, decimals, percent, span

_NAMES = [outcome.value for outcome in OUTCOMES]


@dataclass(frozen=True)
class Tile:
    """One main figure."""

    word: str
    value: str
    bounds: str
    meaning: str
    kind: str = "plain"


def tiles(found: Evaluation) -> list[Tile]:
    """Return the main figures."""
    settled, areas, ece = found.settled, found.macro_auc, found.ece
    at_most = percent(settled.missed_at_most)
    accuracy = span((found.accuracy.low, found.accuracy.high))
    return [
        Tile("accuracy, %", _bare(found.accuracy.value), accuracy, "All scans, whatever their probability."),
        Tile(
            "accepted, %",
            _bare(settled.accepted.value),
            _of(settled.accepted),
            "Sure enough to be settled without a person.",
        ),
        Tile(
            "right of those, %",
            _bare(settled.right.value),
            span(settled.right.interval),
            "Of the accepted scans.",
        ),
        Tile(
            "miss rate, %",
            _bare(settled.missed.value),
            f"at most {at_most}" if settled.missed.of else _of(settled.missed),
            "Of the accepted passes, truly not a pass.",
            "warn",
        ),
        Tile(
            "macro AUC",
            decimals(areas.value),
            decimal_span(areas.low, areas.high),
            "Each two classes told apart; 1 is perfect, 0.5 is guessing.",
        ),
        Tile(
            "calibration error",
            decimals(ece.value),
            decimal_span(ece.low, ece.high),
            "How far probabilities are from the truth; 0 is perfect.",
        ),
    ]


def confusion(counts: Indices) -> dict[str, Any]:
    """Return the cells of a confusion table; the column of no answer only where it holds something."""
    columns = len(_NAMES) + (1 if counts[:, -1].any() else 0)
    rows = []
    for k, name in enumerate(_NAMES):
        total = int(counts[k].sum())
        shares = [Share(int(n), total) for n in counts[k, :columns]]
        cells = [
            {
                "count": share.count,
                "share": percent(share.value),
                "hit": column == k,
                "weight": 0 if not share.count else round(10 + 55 * math.sqrt(share.value)),
            }
            for column, share in enumerate(shares)
        ]
        rows.append({"name": name, "cells": cells, "total": total})
    return {"names": [*_NAMES, "no answer"][:columns], "rows": rows}


def class_rows(found: Evaluation) -> list[dict[str, Any]]:
    """Return the figures of each class with their intervals."""
    rows = []
    for name, rates, f1, ece in zip(_NAMES, found.every.rates, found.f1, found.class_ece, strict=True):
        shares = [rates.sensitivity, rates.specificity, rates.precision]
        figures = [(_bare(share.value), span(share.interval)) for share in shares]
        figures.append((decimals(f1.value), decimal_span(f1.low, f1.high)))
        rows.append({"name": name, "scans": rates.sensitivity.of, "figures": figures, "ece": decimals(ece)})
    return rows


def sweep_rows(found: Evaluation) -> list[dict[str, Any]]:
    """Return the thresholds, and in their place among them those in use."""
    settled = found.settled
    rows = [(each.p_pass, False, each) for each in found.sweep]
    rows.append(((settled.p_pass + settled.p_other) / 2, True, settled))
    return [_sweep_row(each, used) for _, used, each in sorted(rows, key=lambda row: row[:2])]


def _sweep_row(each: Acceptance, used: bool) -> dict[str, Any]:
    return {
        "name": "in use" if used else threshold(each.p_pass),
        "used": used,
        "accepted": _bare(each.accepted.value),
        "right": _bare(each.right.value),
        "missed": _bare(each.missed.value),
        "classes": [
            (_bare(rates.sensitivity.value), _bare(rates.specificity.value), f"{rates.sensitivity.of:,}")
            for rates in each.rates
        ],
    }


def bin_rows(found: Evaluation) -> list[tuple[str, ...]]:
    """Return the bins of the reliability diagram that hold scans."""
    return [
        (
            f"{each.low:.3f} to {each.high:.3f}",
            f"{each.right.of:,}",
            decimals(each.mean_p),
            _bare(each.right.value),
            span(each.right.interval),
        )
        for each in found.bins
        if each.right.of
    ]


def pair_rows(found: Evaluation) -> list[tuple[str, ...]]:
    """Return the areas of each pair."""
    return [
        (
            f"{_NAMES[a.first]} or {_NAMES[a.second]}",
            *map(decimals, (a.a, a.a_first, a.a_second, b.a)),
        )
        for a, b in zip(found.pairs, found.settled_pairs, strict=True)
    ]


def _bare(share: float) -> str:
    return percent(share).removesuffix(" %")


def _of(share: Share) -> str:
    return f"{share.count:,} of {share.of:,}"
