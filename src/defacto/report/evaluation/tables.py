"""The tables of an evaluation, as TSV: full digits, and ``n/a`` where unknown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from defacto.qc.binomial import Share
from defacto.qc.evaluation import Evaluation
from defacto.qc.evaluation.acceptance import OUTCOMES, Acceptance
from defacto.qc.evaluation.bootstrap import Estimate

Cell = str | int | float
_NAMES = [outcome.value for outcome in OUTCOMES]


def evaluation_tables(found: Evaluation) -> dict[str, str]:
    """Return the text of each table by the name of its file."""
    return {
        "summary.tsv": _summary(found),
        "confusion.tsv": _confusion(found),
        "classes.tsv": _classes(found),
        "pairs.tsv": _pairs(found),
        "sweep.tsv": _sweep(found),
        "reliability.tsv": _reliability(found),
    }


def _summary(found: Evaluation) -> str:
    settled = found.settled
    rows: list[Sequence[Cell]] = [
        ("scans", found.scans),
        ("persons", math.nan if found.persons is None else found.persons),
        ("unanswered", found.unanswered),
        ("accuracy", *_estimate(found.accuracy)),
        ("macro_auc", *_estimate(found.macro_auc)),
        ("macro_auc_accepted", found.settled_macro_auc),
        ("log_loss", found.log_loss),
        ("ece", *_estimate(found.ece)),
        ("class_ece", _mean(found.class_ece)),
        ("p_pass", settled.p_pass),
        ("p_other", settled.p_other),
        ("accepted", *_share(settled.accepted)),
        ("right_accepted", *_share(settled.right)),
        ("missed", settled.missed.value, math.nan, settled.missed_at_most, *_counts(settled.missed)),
    ]
    width = 6
    return _tsv(
        ["figure", "value", "low", "high", "count", "of"],
        [[*row, *[math.nan] * (width - len(row))] for row in rows],
    )


def _confusion(found: Evaluation) -> str:
    settled = found.settled
    chosen = [*_NAMES, "none"]
    rows = [
        (name, called, int(found.every.confusion[i, j]), int(settled.confusion[i, j]))
        for i, name in enumerate(_NAMES)
        for j, called in enumerate(chosen)
    ]
    return _tsv(["truth", "called", "scans", "accepted"], rows)


def _classes(found: Evaluation) -> str:
    kinds = ("sensitivity", "specificity", "precision")
    head = [f"{kind}{end}" for kind in kinds for end in ("", "_low", "_high", "_count", "_of")]
    rows = []
    for name, rates, f1, ece in zip(_NAMES, found.every.rates, found.f1, found.class_ece, strict=True):
        shares = [cell for kind in kinds for cell in _share(getattr(rates, kind))]
        rows.append([name, rates.sensitivity.of, *shares, *_estimate(f1), ece])
    return _tsv(["class", "scans", *head, "f1", "f1_low", "f1_high", "ece"], rows)


def _pairs(found: Evaluation) -> str:
    rows = [
        (_NAMES[a.first], _NAMES[a.second], a.a, a.a_first, a.a_second, b.a, b.a_first, b.a_second)
        for a, b in zip(found.pairs, found.settled_pairs, strict=True)
    ]
    areas = ["a", "a_first", "a_second"]
    return _tsv(["first", "second", *areas, *(f"{area}_accepted" for area in areas)], rows)


def _sweep(found: Evaluation) -> str:
    kinds = ("sensitivity", "specificity", "scans")
    head = [
        *("p_pass", "p_other", "accepted", "accepted_count", "right", "right_low", "right_high"),
        *("missed", "missed_at_most", "missed_count", "passes"),
        *(f"{name}_{kind}" for name in _NAMES for kind in kinds),
    ]
    return _tsv(head, [_sweep_row(each) for each in (*found.sweep, found.settled)])


def _sweep_row(each: Acceptance) -> list[Cell]:
    classes: list[Cell] = []
    for rates in each.rates:
        classes += [rates.sensitivity.value, rates.specificity.value, rates.sensitivity.of]
    return [
        *(each.p_pass, each.p_other, each.accepted.value, each.accepted.count),
        *(each.right.value, *each.right.interval),
        *(each.missed.value, each.missed_at_most, *_counts(each.missed)),
        *classes,
    ]


def _reliability(found: Evaluation) -> str:
    rows = [(each.low, each.high, each.mean_p, *_share(each.right)) for each in found.bins]
    return _tsv(["low", "high", "mean_p", "right", "right_low", "right_high", "right_count", "scans"], rows)


def _estimate(each: Estimate) -> tuple[float, float, float]:
    return each.value, each.low, each.high


def _share(each: Share) -> tuple[float, float, float, int, int]:
    return each.value, *each.interval, *_counts(each)


def _counts(each: Share) -> tuple[int, int]:
    return each.count, each.of


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _tsv(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    lines = ["\t".join(head), *("\t".join(map(_cell, row)) for row in rows)]
    return "\n".join(lines) + "\n"


def _cell(value: Cell) -> str:
    if isinstance(value, float):
        return "n/a" if math.isnan(value) else f"{value:.6g}"
    return str(value)
