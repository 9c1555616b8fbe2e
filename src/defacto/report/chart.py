"""A chart as plain geometry: axes, lines, boxes, dots and a key; `charts.html` draws it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from defacto.report.scale import Scale, round_steps

WIDTH, LEFT, PLOT_WIDTH = 360.0, 46.0, 300.0
_TITLE, _KEY, _BELOW = 40.0, 22.0, 44.0
_KEY_START, _LETTER, _SWATCH, _FINE = 2.0, 7.2, 36.0, 10.0


@dataclass(frozen=True)
class Line:
    """A path of a kind, with what it says."""

    path: str
    kind: str
    hint: str = ""


@dataclass(frozen=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    hint: str


@dataclass(frozen=True)
class Dot:
    """A point."""

    x: float
    y: float
    kind: str
    hint: str


@dataclass(frozen=True)
class Note:
    """Words at a place; the anchor is start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    kind: str = ""


@dataclass
class Chart:
    """One chart; its parts are added in the order drawn.

    Parameters
    ----------
    name : str
        Stem of its file.
    title, x_title, y_title : str
        What it shows, and along what.
    x, y : tuple of float
        Lowest and highest value on each axis.
    sentence : str
        The chart in words, for readers who do not see it.
    plot_height : float
        Height of the plot itself, px.
    percent_x, percent_y : bool
        Whether ticks are written as percent.
    keys : sequence of (str, str)
        Word and kind of each line that the key explains.
    """

    name: str
    title: str
    x_title: str
    y_title: str
    x: tuple[float, float]
    y: tuple[float, float]
    sentence: str
    plot_height: float = 190.0
    percent_x: bool = False
    percent_y: bool = True
    keys: Sequence[tuple[str, str]] = ()
    lines: list[Line] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def top(self) -> float:
        """Where the plot begins, px."""
        return _TITLE + (_KEY if self.keys else 0.0) + 16.0

    @property
    def bottom(self) -> float:
        """Where the plot ends, px."""
        return self.top + self.plot_height

    @property
    def height(self) -> float:
        """Height of the whole, px."""
        return self.bottom + _BELOW

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the place of a point, px; what lies off an axis is put at its end."""
        across = Scale(*self.x, PLOT_WIDTH).at(x)
        return LEFT + across, self.bottom - Scale(*self.y, self.plot_height).at(y)

    @property
    def x_ticks(self) -> list[Note]:
        """Round values along the bottom."""
        return [
            Note(self.at(value, 0)[0], self.bottom + 17, _tick(value, self.percent_x), "middle")
            for value in round_steps(*self.x)
        ]

    @property
    def y_ticks(self) -> list[Note]:
        """Round values along the left side."""
        return [
            Note(LEFT - 6, self.at(0, value)[1], _tick(value, self.percent_y), "end")
            for value in round_steps(*self.y, about=5)
        ]

    @property
    def key_notes(self) -> list[Note]:
        """The key above the plot, each word at the right of its line."""
        notes, x = [], _KEY_START
        for word, kind in self.keys:
            notes.append(Note(x, _TITLE + 14, word, kind=kind))
            x += _SWATCH + _LETTER * len(word)
        return notes

    def add_line(self, points: Iterable[tuple[float, float]], kind: str, hint: str = "") -> None:
        """Add a line through points; a NaN breaks it, and what adds nothing at this size is left out."""
        parts: list[str] = []
        last: tuple[float, float] | None = None
        for x, y in points:
            if math.isnan(x) or math.isnan(y):
                last = None
                continue
            place = self.at(x, y)
            if last is None or math.dist(place, last) * _FINE >= 1:
                parts.append(f"{'M' if last is None else 'L'}{place[0]:.1f},{place[1]:.1f}")
                last = place
        if parts:
            self.lines.append(Line("".join(parts), kind, hint))

    def add_band(self, points: Sequence[tuple[float, float, float]], kind: str) -> None:
        """Add the area between a low and a high line, points as (x, low, high), none of them NaN."""
        there = [self.at(x, low) for x, low, _ in points]
        back = [self.at(x, high) for x, _, high in reversed(points)]
        if points:
            path = "L".join(f"{x:.1f},{y:.1f}" for x, y in (*there, *back))
            self.lines.append(Line(f"M{path}Z", kind))

    def add_dot(self, x: float, y: float, kind: str, hint: str) -> None:
        """Add a point."""
        self.dots.append(Dot(*self.at(x, y), kind, hint))

    def add_bar(self, low: float, high: float, value: float, kind: str, hint: str) -> None:
        """Add a bar from the bottom to a value, over a span of the other axis."""
        (left, y), (right, _) = self.at(low, value), self.at(high, value)
        if self.bottom > y:
            self.boxes.append(Box(left + 0.5, y, right - left - 1, self.bottom - y, kind, hint))


def _tick(value: float, percent: bool) -> str:
    return f"{100 * value:.6g}" if percent else f"{value:,.6g}"
