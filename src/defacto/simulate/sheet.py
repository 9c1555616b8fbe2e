"""Contact sheets: samples of a recipe side by side, with the truth below each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from defacto.render.head import find_head
from defacto.render.looks import middle_slice
from defacto.render.surface import VIEWS, draw
from defacto.simulate.group import Sample
from defacto.simulate.outcome import result_of
from defacto.simulate.scene import Scene
from defacto.types import Feature, Picture

PICTURE_PX = 150
CAPTION_PX = 34
COLUMNS = 4
_VIEWS = ("left", "right")
_SHORT = {
    Feature.LEFT_EYE: "lE",
    Feature.RIGHT_EYE: "rE",
    Feature.NOSE: "N",
    Feature.MOUTH: "M",
    Feature.LEFT_EAR: "la",
    Feature.RIGHT_EAR: "ra",
}
_INK, _PAPER = (20, 20, 30), (246, 244, 239)


@dataclass(frozen=True, eq=False)
class Card:
    """A sample on a sheet: two views and a slice beside each other, and two lines of text."""

    picture: Picture
    caption: str


def make_card(scene: Scene, sample: Sample) -> Card:
    """Render a sample from front left and front right, cut it in the middle, and tell its truth.

    Parameters
    ----------
    scene : Scene
        The made head.
    sample : Sample
        What was done to it.
    """
    scan = result_of(scene, sample.made)
    head = find_head(scan.volume, scan.grid)
    trim = PICTURE_PX // 11
    views = [draw(head, VIEWS[name], PICTURE_PX)[:, trim:-trim] for name in _VIEWS]
    middle = np.repeat(middle_slice(scan.volume, scan.grid, head, PICTURE_PX)[..., None], 3, axis=2)
    return Card(np.concatenate([*views, middle], axis=1), caption_of(sample))


def caption_of(sample: Sample) -> str:
    """Return class and kind, then what can be seen and what is lost."""
    truth = sample.truth
    seen = " ".join(f"{_SHORT[f]}{truth.visible[f]:.0%}" for f in Feature if truth.visible[f] > 0.02)
    return (
        f"{sample.name}: {sample.parameters.kind}\n"
        f"{truth.brain_lost_ml:.1f} ml, far {truth.elsewhere_ml:.0f}  {seen or 'nothing seen'}"
    )


def draw_sheet(cards: Sequence[Card], columns: int = COLUMNS) -> Picture:
    """Put cards in rows.

    Parameters
    ----------
    cards : sequence of Card
        All of one size; at least one.
    columns : int
        Cards a row.
    """
    height, width = cards[0].picture.shape[:2]
    rows = -(-len(cards) // columns)
    cell = (width + 6, height + CAPTION_PX)
    sheet = Image.new("RGB", (columns * cell[0], rows * cell[1]), _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=11)
    for number, card in enumerate(cards):
        left, top = (number % columns) * cell[0], (number // columns) * cell[1]
        sheet.paste(Image.fromarray(card.picture), (left + 3, top))
        pen.multiline_text(
            (left + 5, top + height + 2), f"{number + 1} {card.caption}", _INK, font, spacing=2
        )
    return np.asarray(sheet)
