"""The pictures of a comparison: box plots, and heads under methods, as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from defacto.report.scale import Scale
from defacto.studies.summary import MethodSummary
from defacto.types import Picture

WIDTH, ROW, TOP, LEFT, RIGHT = 1240, 52, 96, 250, 50
_INK, _PAPER, _GRID, _BOX, _DOT = (
    (28, 32, 44),
    (255, 255, 255),
    (222, 226, 232),
    (120, 168, 214),
    (40, 82, 130),
)
_CAPTION = 34


def box_plot(title: str, unit: str, values: Mapping[str, Sequence[float]]) -> Picture:
    """Draw one box plot a row: the median, the middle half, and whiskers to 1.5 times its width.

    Parameters
    ----------
    title, unit : str
        What is shown, and in what.
    values : mapping of str to sequence of float
        Known values by the name of the row; rows without any stay empty.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
    """
    height = TOP + ROW * len(values) + 60
    image = Image.new("RGB", (WIDTH, height), _PAPER)
    draw = ImageDraw.Draw(image)
    most = max((max(each) for each in values.values() if each), default=1.0)
    scale = Scale(0.0, most * 1.04 if most > 0 else 1.0, WIDTH - LEFT - RIGHT)
    draw.text((20, 16), title, _INK, font=ImageFont.load_default(30))
    draw.text((20, 54), unit, _INK, font=ImageFont.load_default(22))
    for tick in scale.ticks():
        x = LEFT + scale.at(tick)
        draw.line([(x, TOP), (x, height - 52)], _GRID, 2)
        draw.text((x, height - 42), f"{tick:g}", _INK, font=ImageFont.load_default(22), anchor="ma")
    for number, (name, found) in enumerate(values.items()):
        middle = TOP + ROW * number + ROW // 2
        draw.text((LEFT - 16, middle), name, _INK, font=ImageFont.load_default(24), anchor="rm")
        if found:
            _draw_box(draw, scale, middle, np.asarray(found, dtype=np.float64))
    return np.asarray(image)


def _draw_box(draw: ImageDraw.ImageDraw, scale: Scale, middle: int, found: np.ndarray) -> None:
    low, median, high = np.percentile(found, (25, 50, 75))
    reach = 1.5 * (high - low)
    within = found[(found >= low - reach) & (found <= high + reach)]
    ends = float(within.min()), float(within.max())
    a, b, c, d, e = (LEFT + scale.at(float(v)) for v in (ends[0], low, median, high, ends[1]))
    draw.line([(a, middle), (e, middle)], _DOT, 2)
    for end in (a, e):
        draw.line([(end, middle - 8), (end, middle + 8)], _DOT, 2)
    draw.rectangle([b, middle - 15, max(d, b + 1), middle + 15], _BOX, _DOT, 2)
    draw.line([(c, middle - 15), (c, middle + 15)], _INK, 4)
    for value in found[(found < ends[0]) | (found > ends[1])]:
        x = LEFT + scale.at(float(value))
        draw.ellipse([x - 4, middle - 4, x + 4, middle + 4], outline=_DOT, width=2)


def box_plots(methods: Sequence[MethodSummary]) -> dict[str, Picture]:
    """Return the box plots of a comparison by the stem of their files."""
    named = {each.name: each for each in methods}
    return {
        "head_removed": box_plot(
            "Head removed or replaced", "percent", {n: m.removed_percent for n, m in named.items()}
        ),
        "brain_lost": box_plot("Brain lost", "ml", {n: m.brain_lost_ml for n, m in named.items()}),
        "seconds": box_plot("Time of the method alone", "seconds", {n: m.seconds for n, m in named.items()}),
    }


def sheet(pictures: Sequence[tuple[str, Path]], columns: int) -> Picture | None:
    """Put pictures below and beside each other, each with its caption; None where there is none.

    Parameters
    ----------
    pictures : sequence of (str, Path)
        Captions and PNG files; files that are not there are left out.
    columns : int
        So many beside each other.
    """
    cards = [(caption, Image.open(path).convert("RGB")) for caption, path in pictures if path.is_file()]
    if not cards:
        return None
    wide = max(card.width for _, card in cards)
    high = max(card.height for _, card in cards) + _CAPTION
    columns = min(columns, len(cards))
    rows = -(-len(cards) // columns)
    image = Image.new("RGB", (columns * (wide + 8) - 8, rows * (high + 8) - 8), _PAPER)
    draw = ImageDraw.Draw(image)
    for number, (caption, card) in enumerate(cards):
        x, y = (number % columns) * (wide + 8), (number // columns) * (high + 8)
        draw.text((x + 6, y + 6), caption, _INK, font=ImageFont.load_default(20))
        image.paste(card, (x, y + _CAPTION))
    return np.asarray(image)
