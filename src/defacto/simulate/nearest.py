"""Label maps carried from grid to grid: each voxel gets the label of the nearest one."""

from __future__ import annotations

from typing import Any

import numpy as np

from defacto.anatomy.compile import compiled
from defacto.types import Affine, Grid, LabelVolume


def carry_labels(
    labels: LabelVolume, source: Grid, target: Grid, target_to_source: Affine | None = None
) -> LabelVolume:
    """Resample a label map onto another grid; 0 outside of it.

    Parameters
    ----------
    labels : ndarray of uint8, shape ``source.shape``
        Labels.
    source, target : Grid
        Where its voxels lie, and where the result's shall lie.
    target_to_source : ndarray, shape (4, 4), optional
        World mm of the target to world mm of the source; by default they share one world.
    """
    out = np.zeros(target.shape, dtype=np.uint8)
    place = target.affine if target_to_source is None else target_to_source @ target.affine
    matrix = np.ascontiguousarray(source.to_voxel @ place)
    _carry(np.ascontiguousarray(labels), matrix, out)
    return out


@compiled
def _carry(labels: Any, m: Any, out: Any) -> None:
    ni, nj, nk = labels.shape
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                a = int(np.floor(m[0, 0] * i + m[0, 1] * j + m[0, 2] * k + m[0, 3] + 0.5))
                b = int(np.floor(m[1, 0] * i + m[1, 1] * j + m[1, 2] * k + m[1, 3] + 0.5))
                c = int(np.floor(m[2, 0] * i + m[2, 1] * j + m[2, 2] * k + m[2, 3] + 0.5))
                if 0 <= a < ni and 0 <= b < nj and 0 <= c < nk:
                    out[i, j, k] = labels[a, b, c]
