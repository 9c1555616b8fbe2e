"""The anatomy network at work: what is where in a head, without any registration."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import onnxruntime

from defacto.anatomy.compile import compiled_parallel
from defacto.anatomy.network_input import SIDE, prepare
from defacto.anatomy.pose import find_pose
from defacto.anatomy.regions import Region
from defacto.anatomy.template import data_path
from defacto.errors import StepError
from defacto.types import FloatVolume, Grid, LabelVolume

WEIGHTS = "anatomy.onnx"
WEIGHTS_SHA256 = ""
_TURNED_DEG = 12.0
"""A head turned by more is looked at again, set upright."""


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What the network says of a scan.

    Parameters
    ----------
    grid : Grid
        The scan's own.
    labels : ndarray of uint8, shape ``grid.shape``
        By `Region`.
    to_upright : ndarray, shape (3, 3)
        Rotation from the scan's world to a head that lies as the template does.
    """

    grid: Grid
    labels: LabelVolume
    to_upright: npt.NDArray[np.float64]

    def volume_ml(self, region: Region) -> float:
        """Return a region's volume."""
        return float(np.count_nonzero(self.labels == region) * self.grid.voxel_ml)


def segment(volume: FloatVolume, grid: Grid) -> Segmentation:
    """Find the regions of a head, however it lies, in any contrast; intact or defaced.

    The network sees the head twice: first as it lies, then set upright by the pose that the first look gave,
    and with its brain in the middle.

    Parameters
    ----------
    volume : ndarray of float32, shape ``grid.shape``
        Intensities.
    grid : Grid
        Where its voxels lie.

    Raises
    ------
    StepError
        If the network's weights are missing or damaged.
    """
    cube, cube_grid = prepare(volume, grid)
    found = find_pose(_logits(cube).argmax(axis=0).astype(np.uint8), cube_grid)
    upright = Grid(grid.shape, _turn(found.to_upright) @ grid.affine)
    cube, cube_grid = prepare(volume, upright, found.to_upright @ found.center_mm)
    logits = np.ascontiguousarray(_logits(cube).transpose(1, 2, 3, 0))
    matrix = np.ascontiguousarray(cube_grid.to_voxel @ upright.affine)
    labels: LabelVolume = _labels(logits, logits.argmax(axis=3).astype(np.uint8), matrix, grid.shape)
    return Segmentation(grid, labels, found.to_upright)


def _turn(rotation: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    return matrix


@cache
def _session() -> Any:
    path = data_path(WEIGHTS)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StepError("The anatomy network's weights are missing; install defacto again.") from error
    if hashlib.sha256(content).hexdigest() != WEIGHTS_SHA256:
        raise StepError("The anatomy network's weights are damaged; install defacto again.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _logits(cube: FloatVolume) -> FloatVolume:
    """Return logits, shape (regions, 96, 96, 96)."""
    (logits,) = _session().run(None, {"volume": cube[None, None]})
    return np.asarray(logits[0], dtype=np.float32)


@compiled_parallel
def _labels(logits: Any, best: Any, m: Any, shape: Any) -> Any:
    """Return the label of the largest logit, interpolated between the cube's voxels; air outside of it."""
    count = logits.shape[3]
    last = np.float32(SIDE - 1)
    out = np.zeros(shape, dtype=np.uint8)
    for i in numba.prange(shape[0]):
        total = np.empty(count, dtype=np.float32)
        for j in range(shape[1]):
            for k in range(shape[2]):
                x = np.float32(m[0, 0] * i + m[0, 1] * j + m[0, 2] * k + m[0, 3])
                y = np.float32(m[1, 0] * i + m[1, 1] * j + m[1, 2] * k + m[1, 3])
                z = np.float32(m[2, 0] * i + m[2, 1] * j + m[2, 2] * k + m[2, 3])
                if x < 0 or y < 0 or z < 0 or x > last or y > last or z > last:
                    continue
                a, b, c = int(x), int(y), int(z)
                a1, b1, c1 = min(a + 1, SIDE - 1), min(b + 1, SIDE - 1), min(c + 1, SIDE - 1)
                label = best[a, b, c]
                if (
                    label == best[a1, b, c]
                    and label == best[a, b1, c]
                    and label == best[a, b, c1]
                    and label == best[a1, b1, c]
                    and label == best[a1, b, c1]
                    and label == best[a, b1, c1]
                    and label == best[a1, b1, c1]
                ):
                    out[i, j, k] = label
                    continue
                u, v, w = x - a, y - b, z - c
                one = np.float32(1)
                total[:] = 0
                for corner in range(8):
                    p, q, r = (
                        a1 if corner & 4 else a,
                        b1 if corner & 2 else b,
                        c1 if corner & 1 else c,
                    )
                    weight = (
                        (u if corner & 4 else one - u)
                        * (v if corner & 2 else one - v)
                        * (w if corner & 1 else one - w)
                    )
                    for n in range(count):
                        total[n] += weight * logits[p, q, r, n]
                out[i, j, k] = np.argmax(total)
    return out
