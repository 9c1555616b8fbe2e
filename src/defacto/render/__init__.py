"""Pictures of heads: surface views and slices."""

from __future__ import annotations

from defacto.render.head import find_head
from defacto.render.heat import draw_heat
from defacto.render.jpeg import side_by_side, to_jpeg
from defacto.render.looks import look, read_looks, write_looks
from defacto.render.png import to_png, write_png
from defacto.render.slices import slices, slices_before_after
from defacto.render.surface import surface_views

__all__ = [
    "draw_heat",
    "find_head",
    "look",
    "read_looks",
    "side_by_side",
    "slices",
    "slices_before_after",
    "surface_views",
    "to_jpeg",
    "to_png",
    "write_looks",
    "write_png",
]
