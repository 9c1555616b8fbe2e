"""The charts of an evaluation: ROC curves, the sweep of thresholds, histograms, the reliability diagram."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from defacto.qc.evaluation import THRESHOLDS, Evaluation
from defacto.qc.evaluation.acceptance import OUTCOMES, Acceptance
from defacto.qc.evaluation.bootstrap import Indices
from defacto.qc.evaluation.roc import Curve, Pair
from defacto.report.chart import Chart, Note
from defacto.report.figures import decimals, percent, span
from defacto.report.words import count

_CORNERS = (0.1, 0.2, 0.5)
_FEWEST = 20
_SQUARE = 300.0


def roc_charts(found: Evaluation) -> list[Chart]:
    """Return one chart for each two classes, all of the upper left corner, as near as the worst allows."""
    known = [a for pair in found.pairs for a in (pair.a_first, pair.a_second) if not math.isnan(a)]
    worst = 1 - min(known, default=1.0)
    corner = next((corner for corner in _CORNERS if worst <= corner / 8), 1.0)
    return [_roc_chart(pair, curves, corner) for pair, curves in zip(found.pairs, found.curves, strict=True)]


def _roc_chart(pair: Pair, curves: tuple[Curve, Curve], corner: float) -> Chart:
    first, second = OUTCOMES[pair.first].value, OUTCOMES[pair.second].value
    chart = Chart(
        f"roc-{first}-{second}",
        f"{first} or {second}: A = {decimals(pair.a)}",
        "falsely called so, %",
        "rightly called so, %",
        (0.0, corner),
        (1.0 - corner, 1.0),
        f"ROC curves of {first} against {second}: area {decimals(pair.a_first)} by the probability of"
        f" {first}, {decimals(pair.a_second)} by that of {second}.",
        percent_x=True,
        keys=((f"called {first}", f"c-{first}"), (f"called {second}", f"c-{second}")),
    )
    chart.add_line([(0.0, 0.0), (1.0, 1.0)] if corner == 1 else [], "guess")
    for name, curve, area in zip((first, second), curves, (pair.a_first, pair.a_second), strict=True):
        chart.add_line(_within(curve, corner), f"c-{name}", f"called {name}: {decimals(area)}")
    if not len(curves[0].false_rate):
        _say_unknown(chart, f"no scan is {first}, or none is {second}")
    return chart


def _within(curve: Curve, corner: float) -> list[tuple[float, float]]:
    """Return what of a curve lies in the upper left corner, cut off at its edges."""
    x, y = curve.false_rate, curve.true_rate
    if not len(x):
        return []
    enters, leaves = float(np.interp(1 - corner, y, x)), float(np.interp(corner, x, y))
    inside = (x < corner) & (y > 1 - corner)
    points = list(zip(x[inside].tolist(), y[inside].tolist(), strict=True))
    if enters > corner or leaves < 1 - corner:
        return points
    return [(enters, 1 - corner), *points, (corner, leaves)]


def sweep_charts(found: Evaluation) -> list[Chart]:
    """Return what is accepted at each threshold, what of it is right, and how well each class is told."""
    accepted = _sweep_chart(found, "sweep-accepted", "Share accepted", "of all scans, %", 0.0)
    accepted.add_line([(t, c.accepted.value) for t, c in _swept(found)], "main")
    for t, each in _swept(found):
        accepted.add_dot(t, each.accepted.value, "main", f"{t:.2f}: {percent(each.accepted.value)}")
    lows = [c.right.interval[0] for _, c in _swept(found) if c.right.of >= _FEWEST]
    right = _sweep_chart(found, "sweep-right", "Share right", "of the accepted, %", _floor(lows))
    right.add_band([(t, *c.right.interval) for t, c in _swept(found) if c.right.of], "band")
    right.add_line([(t, c.right.value) for t, c in _swept(found)], "main")
    for t, each in _swept(found):
        if each.right.of:
            hint = f"{t:.2f}: {percent(each.right.value)} of {each.right.of:,} accepted"
            right.add_dot(t, each.right.value, "main", hint)
    return [
        accepted,
        right,
        _by_class(found, "sensitivity", lambda c, k: c.rates[k].sensitivity.value),
        _by_class(found, "specificity", lambda c, k: c.rates[k].specificity.value),
    ]


def _by_class(found: Evaluation, what: str, value: Callable[[Acceptance, int], float]) -> Chart:
    every = [value(c, k) for _, c in _swept(found) if c.right.of >= _FEWEST for k in range(len(OUTCOMES))]
    floor = _floor([each for each in every if not math.isnan(each)])
    chart = _sweep_chart(found, f"sweep-{what}", what.capitalize(), "among the accepted, %", floor, keys=True)
    for k, outcome in enumerate(OUTCOMES):
        points = [(t, value(c, k)) for t, c in _swept(found)]
        chart.add_line(points, f"c-{outcome.value}", outcome.value)
    return chart


def _sweep_chart(
    found: Evaluation, name: str, title: str, y_title: str, floor: float, *, keys: bool = False
) -> Chart:
    ends = f"{THRESHOLDS[0]:.2f} to {THRESHOLDS[-1]:.2f}"
    chart = Chart(
        name,
        title,
        "threshold",
        y_title,
        (THRESHOLDS[0], THRESHOLDS[-1]),
        (floor, 1.0),
        f"{title} {y_title.rstrip(', %')} at thresholds from {ends}; the table has the numbers.",
        keys=[(o.value, f"c-{o.value}") for o in OUTCOMES] if keys else (),
    )
    low, high = sorted(
        (("pass", found.settled.p_pass), ("others", found.settled.p_other)), key=lambda e: e[1]
    )
    marks = [(low, "end", -3), (high, "start", 3)] if low[1] < high[1] else [(("used", low[1]), "middle", 0)]
    for (word, threshold), anchor, shift in marks:
        chart.add_line([(threshold, floor), (threshold, 1.0)], "limit")
        chart.notes.append(Note(chart.at(threshold, 0)[0] + shift, chart.top - 3, word, anchor, "limit"))
    return chart


def _swept(found: Evaluation) -> list[tuple[float, Acceptance]]:
    return list(zip(THRESHOLDS, found.sweep, strict=True))


def _floor(values: list[float]) -> float:
    """Return a round value below all of them from which an axis to 1 can start."""
    lowest = min(values, default=0.0)
    return next((floor for floor in (0.99, 0.98, 0.95, 0.9, 0.8, 0.6, 0.5) if lowest >= floor), 0.0)


def histograms(found: Evaluation) -> list[Chart]:
    """Return how probable the classes chosen were, right and wrong apart, each with its own height."""
    return [_histogram("right", found.right_by_p), _histogram("wrong", found.wrong_by_p)]


def _histogram(what: str, counts: Indices) -> Chart:
    total, most = int(counts.sum()), int(counts.max())
    high = most * 1.05 if most else 1.0
    chart = Chart(
        f"histogram-{what}",
        f"Where it is {what}: {count(total, 'scan')}",
        "probability of the class chosen",
        "scans",
        (THRESHOLDS[0], THRESHOLDS[-1]),
        (0.0, high),
        f"Histogram of the probability of the class chosen where it is {what}.",
        percent_y=False,
    )
    for low, end, n in zip(THRESHOLDS, THRESHOLDS[1:], counts.tolist(), strict=False):
        chart.add_bar(low, end, n, what, f"{low:.2f} to {end:.2f}: {count(n, 'scan')}")
    return chart


def reliability_chart(found: Evaluation) -> Chart:
    """Return the share right against the probability, with the interval of each bin."""
    chart = Chart(
        "reliability",
        f"Reliability: ECE {decimals(found.ece.value)}",
        "probability of the class chosen",
        "share right, %",
        (0.0, 1.0),
        (0.0, 1.0),
        "Reliability diagram: share right against probability of the class chosen.",
        plot_height=_SQUARE,
        keys=(("as it should be", "guess"), ("share right, 95 % interval", "main")),
    )
    chart.add_line([(0.0, 0.0), (1.0, 1.0)], "guess")
    for each in found.bins:
        if each.right.of:
            low, high = each.right.interval
            chart.add_line([(each.mean_p, low), (each.mean_p, high)], "main")
    for each in found.bins:
        if each.right.of:
            hint = f"{percent(each.right.value)} of {each.right.of:,} right ({span(each.right.interval)})"
            chart.add_dot(each.mean_p, each.right.value, "main", f"p {each.mean_p:.2f}: {hint}")
    return chart


def _say_unknown(chart: Chart, text: str) -> None:
    middle = [sum(ends) / 2 for ends in (chart.x, chart.y)]
    chart.notes.append(Note(*chart.at(*middle), text, "middle"))
