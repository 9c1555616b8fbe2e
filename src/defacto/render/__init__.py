"""Pictures of heads: surface views and slices."""

from __future__ import annotations

from defacto.render.png import to_png, write_png
from defacto.render.slices import slices, slices_before_after
from defacto.render.surface import surface_views

__all__ = ["slices", "slices_before_after", "surface_views", "to_png", "write_png"]
