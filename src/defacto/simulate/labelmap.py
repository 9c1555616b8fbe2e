"""Whole-head label maps: read, named, and carried over to the template's world."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt

from defacto.anatomy.morphology import closed, distance_mm, fill_holes, largest_piece
from defacto.anatomy.resample import carry
from defacto.anatomy.smooth import smooth
from defacto.errors import VolumeError
from defacto.simulate.nearest import carry_labels
from defacto.simulate.structures import FREESURFER, Structure
from defacto.types import Affine, FloatVolume, Grid, LabelVolume, Mask

_CUT_MM2 = 2000.0
_GAP_VOXELS = 2.5
_SMOOTH_MM = 1.25
_PLAIN_MM = 3.0


@dataclass(frozen=True, eq=False)
class LabelMap:
    """A head as its label map has it.

    Parameters
    ----------
    name : str
        Of its file.
    grid : Grid
        RAS order.
    structures : ndarray of uint8
        By `Structure`.
    head : ndarray of bool
        All within the skin, in one piece.
    cuts : tuple of (int, int)
        Axis and side (0 low, 1 high) at which the field of view ends within the head.
    digest : str
        Of labels and affine; the same for the same map under another name.
    """

    name: str
    grid: Grid
    structures: LabelVolume
    head: Mask
    cuts: tuple[tuple[int, int], ...]
    digest: str


def read_label_map(path: Path) -> LabelMap:
    """Read a label map of a whole head, labelled as FreeSurfer and SynthSeg's training maps are.

    Raises
    ------
    VolumeError
        If it holds no labels of the head outside the brain.
    """
    image = nib.as_closest_canonical(nib.load(path))
    labels = np.ascontiguousarray(image.dataobj).astype(np.int16)
    affine = np.asarray(image.affine, dtype=np.float64)
    digest = hashlib.sha256(labels.tobytes() + np.round(affine, 3).tobytes()).hexdigest()[:16]
    structures = name_structures(labels)
    if not (structures == Structure.SKIN).any():
        raise VolumeError(
            f"{path.name}: expected labels of a whole head with skin (511), got values up to {labels.max()};"
            " give whole-head label maps as SynthSeg's"
        )
    structures, affine = _about_the_head(structures, affine)
    head = _head(structures > 0)
    structures[~head] = Structure.AIR
    grid = Grid((head.shape[0], head.shape[1], head.shape[2]), affine)
    return LabelMap(path.name.split(".")[0], grid, structures, head, _cuts(head, grid), digest)


def _about_the_head(structures: LabelVolume, affine: Affine) -> tuple[LabelVolume, Affine]:
    """Cut a volume down to what is labelled, and a little air."""
    low, high = [], []
    for axis in range(3):
        used = np.flatnonzero((structures > 0).any(axis=tuple(n for n in range(3) if n != axis)))
        low.append(max(int(used[0]) - 4, 0))
        high.append(int(used[-1]) + 5)
    moved = affine.copy()
    moved[:3, 3] += moved[:3, :3] @ low
    part = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    return np.ascontiguousarray(structures[part]), moved


def name_structures(labels: npt.NDArray[np.int16]) -> LabelVolume:
    """Exchange labels for `Structure`; labels without a name become muscle."""
    table = np.full(int(max(labels.max(), 600)) + 1, Structure.MUSCLE, dtype=np.uint8)
    table[0] = Structure.AIR
    for structure, values in FREESURFER.items():
        table[list(values)] = structure
    return np.asarray(table[np.maximum(labels, 0)])


def _head(labelled: Mask) -> Mask:
    """Close small gaps, such as nostrils, and fill what is within."""
    return fill_holes(closed(largest_piece(labelled), _GAP_VOXELS))


def _cuts(head: Mask, grid: Grid) -> tuple[tuple[int, int], ...]:
    cuts = []
    size = grid.voxel_size_mm
    for axis in range(3):
        others = tuple(n for n in range(3) if n != axis)
        area = head.sum(axis=others) * (size[others[0]] * size[others[1]])
        used = np.flatnonzero(area)
        cuts += [(axis, side) for side, n in ((0, used[0]), (1, used[-1])) if area[n] > _CUT_MM2]
    return tuple(cuts)


def depth_in_view_mm(labels: LabelMap, to_template: Affine, target: Grid) -> FloatVolume:
    """Return how far each place of a grid lies within the field of view, mm; negative beyond it.

    Only the sides count at which the head is cut.
    """
    pull = labels.grid.to_voxel @ np.linalg.inv(to_template) @ target.affine
    i, j, k = (a.astype(np.float32) for a in np.ogrid[tuple(slice(0, n) for n in target.shape)])
    depth = np.full(target.shape, 99.0, dtype=np.float32)
    for axis, side in labels.cuts:
        used = np.flatnonzero(labels.head.any(axis=tuple(n for n in range(3) if n != axis)))
        row = pull[axis].astype(np.float32)
        place = row[0] * i + (row[1] * j + (row[2] * k + row[3]))
        beyond = place - (used[0] + 1) if side == 0 else (used[-1] - 1) - place
        depth = np.minimum(depth, beyond * np.float32(labels.grid.voxel_size_mm[axis]))
    return depth


def carry_structures(labels: LabelMap, to_template: Affine, target: Grid) -> LabelVolume:
    """Look up the structure at each place of a grid in the template's world, nearest neighbour."""
    return carry_labels(labels.structures, labels.grid, target, np.asarray(np.linalg.inv(to_template)))


def carry_surface_mm(labels: LabelMap, to_template: Affine, target: Grid) -> FloatVolume:
    """Measure to the skin on a grid in the template's world, smoothly, most of all over the cranium."""
    return measure_to_skin(
        carry(labels.head, labels.grid, target, np.asarray(np.linalg.inv(to_template))), target
    )


def measure_to_skin(head: FloatVolume, target: Grid) -> FloatVolume:
    """Return the distance to the skin of a head, mm; negative inside. ``head`` is 1 inside, 0 outside."""
    size = target.voxel_size_mm
    distance = distance_mm(head > 0.5, size)
    skin = _smoothed(distance, size, _SMOOTH_MM)
    z = target.affine[2, 3] + target.affine[2, 2] * np.arange(target.shape[2])
    share = np.clip((z - 5) / 30, 0, 1).astype(np.float32)
    cranium = slice(int(np.searchsorted(share, 0, side="right")), None)
    plain = _smoothed(distance[:, :, cranium], size, _PLAIN_MM)
    skin[:, :, cranium] += (plain - skin[:, :, cranium]) * share[cranium]
    return skin


def _smoothed(volume: FloatVolume, size_mm: tuple[float, float, float], width_mm: float) -> FloatVolume:
    return smooth(volume, [width_mm / size for size in size_mm])
