"""The networks of anatomy at work: how a head lies, and what is where in it, without any registration."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled_parallel
from defacto.anatomy.network_input import COARSE, UPRIGHT, prepare
from defacto.anatomy.pose import Pose, angle_deg, find_pose
from defacto.anatomy.refine import brain_chance, refine
from defacto.anatomy.regions import Region, is_brain
from defacto.anatomy.resample import carry
from defacto.anatomy.template import data_path
from defacto.types import Affine, FloatVolume, Grid, LabelVolume, Mask
from defacto.weights import open_network

_FAR_MM = 40.0
"""A head whose middle lies farther from the middle of the first look is looked at again."""
_P_BRAIN = 0.2
_RECOGNISED, _KNOWN_DEG = 12, 60.0
"""So many regions in their places make a head, and by so much are the heads turned that the network knows."""
_CONVINCING = 213.0
"""With less to speak for it, a head is taken to lie as its header says: whole heads that lie turned have 214
or more, defaced ones that do not lie turned up to 212 (8 real heads, 111 outcomes)."""
_TURNED_DEG = 15.0
"""A head that the network finds turned by more after it was set upright is set upright again."""
_LOOKS = 3
_OTHERS, _MORE = 4, 20.0
"""So many other poses are tried for which more speaks by so much, the weight of a large region."""
_SURER, _COARSELY, _LEAST_BRAIN_ML = 0.01, 1e-4, 300.0
"""One of them counts if the finer network, seeing that much brain, is surer of it by so much, where a unit of
what speaks for it coarsely adds so much. Of 114 made heads (head05 and 13) 29 had such poses: 23 first ones
were wrong, 4 of those so chosen; 17 where, as before, what speaks for it in the end decided."""


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What the networks say of a scan.

    Parameters
    ----------
    grid : Grid
        The scan's own.
    labels : ndarray of uint8, shape ``grid.shape``
        By `Region`.
    brain : ndarray of bool, shape ``grid.shape``
        A brain mask as others draw it: with furrows and a rim, where brain has a label or a chance of 0.2.
    pose : Pose
        How the head lies.
    """

    grid: Grid
    labels: LabelVolume
    brain: Mask
    pose: Pose

    @property
    def tissue(self) -> Mask:
        """Where the labels are those of brain."""
        return is_brain(self.labels)

    def volumes_ml(self) -> dict[Region, float]:
        """Return the volume of each region but air."""
        counts = np.bincount(self.labels.ravel(), minlength=len(Region))
        return {region: float(counts[region] * self.grid.voxel_ml) for region in Region if region}


def segment(volume: FloatVolume, grid: Grid, pose: Pose | None = None) -> Segmentation:
    """Find the regions of a head, however it lies, in any contrast; intact or defaced.

    Two networks: one sees the head coarsely as it lies and says how it is turned, the other sees it set
    upright; the borders of brain regions are then those that the scan's own intensities show (`refine`).

    Parameters
    ----------
    volume : ndarray of float32, shape ``grid.shape``
        Intensities.
    grid : Grid
        Where its voxels lie.
    pose : Pose, optional
        How the head lies, where that is known better.

    Raises
    ------
    StepError
        If the networks' weights are missing or damaged.
    """
    best = _best_look(volume, grid, pose)
    coarse: LabelVolume = _labels(best.logits, best.labels, best.to_box, grid.shape)
    chances = _chances(best.logits)
    labels = refine(coarse, volume, chances, best.to_box)
    p_brain = carry(brain_chance(chances), _box_grid(best.labels), grid, best.to_box @ grid.to_voxel)
    return Segmentation(grid, labels, np.asarray((p_brain > _P_BRAIN) | is_brain(labels)), best.pose)


def survey(volume: FloatVolume, grid: Grid, pose: Pose | None = None) -> Segmentation:
    """Find the regions of a head as `segment` does, but only as finely as the network sees: 2.5 mm, upright.

    Parameters
    ----------
    volume : ndarray of float32, shape ``grid.shape``
        Intensities.
    grid : Grid
        Where its voxels lie.
    pose : Pose, optional
        How the head lies, where that is known better.

    Raises
    ------
    StepError
        If the networks' weights are missing or damaged.
    """
    best = _best_look(volume, grid, pose)
    box = Grid(_box_grid(best.labels).shape, grid.affine @ np.linalg.inv(best.to_box))
    brain = np.asarray(brain_chance(_chances(best.logits)) > _P_BRAIN)
    return Segmentation(box, best.labels, brain, best.pose)


@dataclass(frozen=True, eq=False)
class _Look:
    """What the network says of a head set upright by a rotation, and the pose that follows from it."""

    turned_by: npt.NDArray[np.float64]
    logits: FloatVolume
    labels: LabelVolume
    to_box: Affine
    pose: Pose


def _best_look(volume: FloatVolume, grid: Grid, pose: Pose | None) -> _Look:
    """Look at a head, set upright as the coarse network says, until it lies upright.

    Where the coarse network is in doubt, the finer one decides: it knows heads that lie upright only, so it
    is surest of what it sees where the head does. (The places of what it sees tell less: it finds an upright
    brain in one that is not.)
    """
    first, *others = _find_poses(volume, grid) if pose is None else [pose]
    best = _settled(volume, grid, first)
    if not others:
        return best
    most = _sureness(best, first) + _SURER
    for other in others:
        found = _settled(volume, grid, other)
        sureness = _sureness(found, other)
        if sureness > most:
            best, most = found, sureness
    return best


def _sureness(look: _Look, coarse: Pose) -> float:
    """Return the mean chance of the likeliest region where brain is seen, and some for the coarse pose."""
    brain = is_brain(look.labels)
    if np.count_nonzero(brain) * UPRIGHT.voxel_mm**3 / 1000 < _LEAST_BRAIN_ML:
        return 0.0
    return float(_chances(look.logits)[brain].max(axis=1).mean()) + _COARSELY * coarse.support


def _settled(volume: FloatVolume, grid: Grid, pose: Pose) -> _Look:
    best = _look(volume, grid, pose)
    for _ in range(_LOOKS):
        if angle_deg(best.pose.to_upright @ best.turned_by.T) <= _TURNED_DEG:
            break
        best = _look(volume, grid, best.pose)
    return best


def _look(volume: FloatVolume, grid: Grid, pose: Pose) -> _Look:
    matrix = np.eye(4)
    matrix[:3, :3] = pose.to_upright
    upright = Grid(grid.shape, matrix @ grid.affine)
    box, box_grid = prepare(volume, upright, UPRIGHT, pose.to_upright @ pose.center_mm)
    logits = _logits("anatomy", box)
    labels = logits.argmax(axis=3).astype(np.uint8)
    found = find_pose(labels, box_grid)
    if found.regions < pose.regions:
        found = Pose(np.eye(3), pose.to_upright @ pose.center_mm, pose.regions, pose.fitted, 0.0)
    to_box = np.ascontiguousarray(box_grid.to_voxel @ upright.affine)
    return _Look(pose.to_upright, logits, labels, to_box, found.after(pose.to_upright))


@compiled_parallel
def _chances(logits: Any) -> Any:
    """Return the chance of each region, 0 to 1."""
    ni, nj, nk, count = logits.shape
    out = np.empty_like(logits)
    for i in numba.prange(ni):
        for j in range(nj):
            for k in range(nk):
                row, odds = logits[i, j, k], out[i, j, k]
                largest, every = row.max(), np.float32(0.0)
                for region in range(count):
                    odds[region] = np.exp(row[region] - largest)
                    every += odds[region]
                for region in range(count):
                    odds[region] /= every
    return out


def _box_grid(labels: LabelVolume) -> Grid:
    """Return the grid of a network's box in its own voxels."""
    i, j, k = labels.shape
    return Grid((i, j, k), np.eye(4))


def _find_poses(volume: FloatVolume, grid: Grid) -> list[Pose]:
    """Return how a head lies, as the coarse network sees it; then what it finds likelier, but not convincing.

    That network knows heads turned by up to 60 degrees. Where it does not recognise one as it lies, or more
    speaks for a half turn, it looks at it in each of the 24 ways in which a cube can be turned, and the pose
    that the most speaks for counts; where that is little, as in brains without a head, the header does.
    """
    center = None
    for _ in range(2):
        box, box_grid = prepare(volume, grid, COARSE, center)
        looks = [_pose_in(box, box_grid, *turn) for turn in cube_turns()[:4]]
        pose = max(looks, key=_support)
        if pose is not looks[0] or pose.fitted < _RECOGNISED or angle_deg(pose.to_upright) > _KNOWN_DEG:
            looks += [_pose_in(box, box_grid, *turn) for turn in cube_turns()[4:]]
            pose = max(looks, key=_support)
        if pose.support < _CONVINCING:
            pose = looks[0]
        middle = box_grid.affine[:3, :3] @ (np.array(COARSE.shape) - 1) / 2 + box_grid.affine[:3, 3]
        if np.linalg.norm(pose.center_mm - middle) <= _FAR_MM:
            break
        center = pose.center_mm
    return [pose, *_more_likely(looks, pose)]


def _more_likely(looks: list[Pose], pose: Pose) -> list[Pose]:
    """Return the likeliest poses that more speaks for than for one, each another than the others."""
    found: list[Pose] = []
    for each in sorted(looks, key=_support, reverse=True):
        more = each.support > pose.support + _MORE
        if more and all(angle_deg(each.to_upright @ k.to_upright.T) > _TURNED_DEG for k in found):
            found.append(each)
    return found[:_OTHERS]


def _support(pose: Pose) -> float:
    return pose.support


def cube_turns() -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return the 24 ways to turn a cube: the order of its axes, and which are then flipped.

    First comes none, then the half turns about its axes.
    """
    return [
        (order, tuple(axis for axis in range(3) if signs[axis] < 0))
        for order, signs in product(permutations(range(3)), product((1, -1), repeat=3))
        if (np.prod(signs) < 0) == (np.linalg.det(np.eye(3)[list(order)]) < 0)
    ]


def _pose_in(
    box: FloatVolume, grid: Grid, order: tuple[int, ...] = (0, 1, 2), flipped: tuple[int, ...] = ()
) -> Pose:
    """Return the pose that the coarse network sees in a cube turned so, in the world of the unturned one."""
    turned = np.ascontiguousarray(np.flip(box.transpose(order), flipped))
    labels = _logits("pose", turned).argmax(axis=3).astype(np.uint8)
    back = np.flip(labels, flipped).transpose(np.argsort(order))
    return find_pose(back, grid)


def _logits(name: str, box: FloatVolume) -> FloatVolume:
    """Return logits, shape (i, j, k, regions)."""
    (logits,) = open_network(data_path("."), name).run(None, {"volume": box[None, None]})
    return np.ascontiguousarray(logits[0], dtype=np.float32)


@compiled_parallel
def _labels(logits: Any, best: Any, m: Any, shape: Any) -> Any:
    """Return the label of the largest logit, interpolated between the box's voxels; air outside of it."""
    ni, nj, nk, count = logits.shape
    out = np.zeros(shape, dtype=np.uint8)
    for i in numba.prange(shape[0]):
        total = np.empty(count, dtype=np.float32)
        for j in range(shape[1]):
            for k in range(shape[2]):
                x = np.float32(m[0, 0] * i + m[0, 1] * j + m[0, 2] * k + m[0, 3])
                y = np.float32(m[1, 0] * i + m[1, 1] * j + m[1, 2] * k + m[1, 3])
                z = np.float32(m[2, 0] * i + m[2, 1] * j + m[2, 2] * k + m[2, 3])
                if x < 0 or y < 0 or z < 0 or x > ni - 1 or y > nj - 1 or z > nk - 1:
                    continue
                a, b, c = int(x), int(y), int(z)
                a1, b1, c1 = min(a + 1, ni - 1), min(b + 1, nj - 1), min(c + 1, nk - 1)
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
