"""How a label map lies over the template: what `demons.fit` finds, and `bases` keeps."""

from __future__ import annotations

from dataclasses import dataclass

from defacto.simulate.warp import Shift
from defacto.types import Affine, Grid

STEP_MM = 12.0
"""Spacing of the deformation's nodes, as stored."""


@dataclass(frozen=True, eq=False)
class Fit:
    """How a label map lies over the template.

    Parameters
    ----------
    to_template : ndarray, shape (4, 4)
        World mm of the map to those of the template.
    shift_mm : ndarray of float32, shape (i, j, k, 3)
        What is then added, at the nodes of `grid`, to come to the same place of the template's face.
    grid : Grid
        Template world.
    """

    to_template: Affine
    shift_mm: Shift
    grid: Grid
