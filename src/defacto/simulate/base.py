"""A base head, from which persons are made; and the template as one, with a sharp skin, jaw and neck."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import resources
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from defacto.anatomy.resample import carry
from defacto.anatomy.template import data_path, load_template
from defacto.simulate.structures import Structure
from defacto.simulate.warp import noise_cube
from defacto.types import FloatVolume, Grid, LabelVolume

SURFACE_FILE = resources.files("defacto.simulate") / "data" / "surface.npz"
SURFACE_UNIT_MM = 0.1
"""Step of the stored distance to the skin; it reaches 10 mm to either side."""
BELOW_MM = 64
"""How far the base head goes on below the template."""
FLOOR_MM = -103.0
"""Lowest section of the template that is whole, template world mm."""
EYE_CENTERS_MM = ((-30.0, 76.0, -33.0), (30.0, 76.0, -33.0))
EYE_RADIUS_MM = 12.0
TEMPLATE = "template"
"""Name of the base head that every installation has."""
BRAIN_CODE = 96
"""Codes of the template's voxels: from here on in the brain, by brightness; below, elsewhere."""
LEVEL_STEP = 2.6
"""Step of the template's T1w brightness from one code to the next, outside the brain."""
BRAIN_LEVEL_STEP = 1.3
"""The same within the brain."""
EYE_CODE = 255
_NECK_MM = -18.0
_SKIN_MM = 5.0
_SKIN_LEVEL = 105.0
_FOLDS = 11.0
_MARGIN = 12
_PAD = np.array([16, 16, 14])


@dataclass(frozen=True, eq=False)
class Base:
    """A head to make persons from; RAS, template world.

    Parameters
    ----------
    name : str
        `TEMPLATE`, or the name of label map or scan.
    grid : Grid
        Where the voxels of all volumes lie; 1 mm.
    surface_mm : ndarray of float32
        Distance to the skin, mm; negative inside.
    codes : ndarray of uint8
        What is painted alike: the structures of a label map; for the template, steps of its brightness; for
        a scan, its own brightness.
    structures : ndarray of uint8
        By `Structure`.
    features : ndarray of uint8
        The region of each feature around its skin, by `Feature.label`.
    scanned : bool
        Whether it comes from a scan.
    """

    name: str
    grid: Grid
    surface_mm: FloatVolume
    codes: LabelVolume
    structures: LabelVolume
    features: LabelVolume
    scanned: bool = False

    @cached_property
    def box(self) -> npt.NDArray[np.int64]:
        """First and last voxel of the head along each axis, shape (3, 2)."""
        found = []
        for axis in range(3):
            others = tuple(n for n in range(3) if n != axis)
            within = np.flatnonzero(self.surface_mm.min(axis=others) < 0)
            found.append((within[0], within[-1]))
        return np.array(found)


@cache
def load_base() -> Base:
    """Read the template and its skin, and join them; once a process."""
    with np.load(str(SURFACE_FILE)) as stored:
        surface = stored["distance"] * np.float32(SURFACE_UNIT_MM)
        origin = stored["origin_mm"]
    affine = np.eye(4)
    affine[:3, 3] = origin
    grid = Grid(surface.shape, affine)
    brain_image = nib.load(data_path("p_brain_2mm.nii.gz"))
    brain_grid = Grid(brain_image.shape, np.asarray(brain_image.affine))
    p_brain = carry(brain_image.get_fdata(dtype=np.float32), brain_grid, grid, np.eye(4))
    t1, brain = _with_skin(_extended(grid), surface), np.clip(4 * p_brain, 0, 1)
    eyes = _balls(grid)
    codes = _codes(t1, brain, eyes)
    structures = _structures(t1, brain, surface, eyes, grid)
    return Base(TEMPLATE, grid, surface, codes, structures, _features(grid))


def padded_grid(template: Base) -> Grid:
    """Return the template's grid about its head, with room for heads that are larger."""
    low = template.box[:, 0] - _PAD
    shape = template.box[:, 1] + _PAD + 1 - low
    affine = template.grid.affine.copy()
    affine[:3, 3] += low
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), affine)


def cropped(base: Base) -> Base:
    """Cut the grid down to the head and some air."""
    low = np.maximum(base.box[:, 0] - _MARGIN, 0)
    high = np.minimum(base.box[:, 1] + _MARGIN + 1, base.grid.shape)
    part = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    affine = base.grid.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ low
    shape = base.surface_mm[part].shape
    return replace(
        base,
        grid=Grid((shape[0], shape[1], shape[2]), affine),
        surface_mm=np.ascontiguousarray(base.surface_mm[part]),
        codes=np.ascontiguousarray(base.codes[part]),
        structures=np.ascontiguousarray(base.structures[part]),
        features=np.ascontiguousarray(base.features[part]),
    )


def _tiled(cube: FloatVolume, shape: tuple[int, ...]) -> FloatVolume:
    index = [np.arange(n) % cube.shape[0] for n in shape]
    return cube[np.ix_(*index)]


def _codes(t1: FloatVolume, brain: FloatVolume, eyes: LabelVolume) -> LabelVolume:
    """Return steps of brightness; cortex gets folds, which averaging blurred away."""
    deep = np.clip(1 - np.abs(t1 - 115) / 60, 0, 1)
    folded = t1 + np.float32(_FOLDS) * deep * _tiled(noise_cube(np.random.default_rng(0), 3.0), t1.shape)
    within = np.clip(folded / np.float32(BRAIN_LEVEL_STEP), 0, 254 - BRAIN_CODE) + BRAIN_CODE
    codes = np.where(brain > 0.5, within, np.clip(t1 / np.float32(LEVEL_STEP), 0, BRAIN_CODE - 1))
    rounded: LabelVolume = np.rint(codes).astype(np.uint8)
    rounded[eyes > 0] = EYE_CODE
    return rounded


def _structures(
    t1: FloatVolume, brain: FloatVolume, surface: FloatVolume, eyes: LabelVolume, grid: Grid
) -> LabelVolume:
    """Name what the template's brightness and place tell."""
    x, y, z = _axes(grid)
    inside = brain > 0.5
    out = np.full(t1.shape, Structure.MUSCLE, dtype=np.uint8)
    out[t1 > 130] = Structure.FAT
    out[t1 < 45] = Structure.SKULL
    out[(surface > -2.5)] = Structure.SKIN
    low = (z < -38 + 0.35 * np.minimum(y + 10, 0)) & (y < -12)
    out[inside & (t1 < 93)] = Structure.CSF
    deep = (x / 32) ** 2 + ((y - 5) / 55) ** 2 + ((z - 10) / 32) ** 2 < 1
    out[inside & (t1 < 93) & deep] = Structure.VENTRICLES
    out[inside & (t1 >= 93)] = Structure.CEREBRAL_GM
    out[inside & (t1 >= 140)] = Structure.CEREBRAL_WM
    out[inside & (t1 >= 93) & low] = Structure.CEREBELLAR_GM
    out[inside & (t1 >= 140) & low] = Structure.CEREBELLAR_WM
    out[eyes > 0] = Structure.EYE
    out[surface >= 0] = Structure.AIR
    return out


def _features(grid: Grid) -> LabelVolume:
    """Carry the shells around the template's features over, nearest neighbour."""
    template = load_template()
    pull = template.grid.to_voxel @ grid.affine
    index = [np.rint(pull[n, n] * np.arange(grid.shape[n]) + pull[n, 3]).astype(int) for n in range(3)]
    within = [(i >= 0) & (i < count) for i, count in zip(index, template.features.shape, strict=True)]
    out = np.zeros(grid.shape, dtype=np.uint8)
    taken = template.features[np.ix_(*(i[w] for i, w in zip(index, within, strict=True)))]
    out[np.ix_(*within)] = taken
    return out


def _axes(grid: Grid) -> list[FloatVolume]:
    place = np.ogrid[: grid.shape[0], : grid.shape[1], : grid.shape[2]]
    return [(a + o).astype(np.float32) for a, o in zip(place, grid.affine[:3, 3], strict=True)]


def _balls(grid: Grid) -> LabelVolume:
    x, y, z = _axes(grid)
    eyes = np.zeros(grid.shape, dtype=np.uint8)
    for a, b, c in EYE_CENTERS_MM:
        eyes[(x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2 < EYE_RADIUS_MM**2] = 1
    return eyes


def below(x: Any, y: Any, z: Any) -> tuple[Any, Any, Any]:
    """Return the place in the template whose tissue a place below its last whole section gets.

    Jaw, chin and neck are that section carried down, ever narrower towards the neck.
    """
    depth = np.maximum(FLOOR_MM - z, 0)
    front = 1 + 0.75 * _step(depth, 20.0, 46.0)
    side = 1 + 0.16 * _step(depth, 6.0, 40.0)
    forward = y - _NECK_MM
    return x * side, _NECK_MM + np.where(forward > 0, forward * front, forward), np.maximum(z, FLOOR_MM)


def _step(value: Any, low: float, high: float) -> Any:
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _extended(grid: Grid) -> FloatVolume:
    """Return the template on the larger grid, its lowest good section carried down."""
    image = nib.load(data_path("template.nii.gz"))
    head = image.get_fdata(dtype=np.float32)
    t1 = carry(head, Grid(head.shape, np.asarray(image.affine)), grid, np.eye(4))
    floor = int(FLOOR_MM - grid.affine[2, 3])
    section = t1[:, :, floor : floor + 8].mean(axis=2)
    x = np.arange(grid.shape[0]) + grid.affine[0, 3]
    y = np.arange(grid.shape[1]) + grid.affine[1, 3]
    for k in range(floor):
        from_x, from_y, _ = below(x, y, k + grid.affine[2, 3])
        i = np.clip(np.rint(from_x - grid.affine[0, 3]).astype(int), 0, grid.shape[0] - 1)
        j = np.clip(np.rint(from_y - grid.affine[1, 3]).astype(int), 0, grid.shape[1] - 1)
        t1[:, :, k] = section[np.ix_(i, j)]
    return t1


def _with_skin(t1: FloatVolume, surface: FloatVolume) -> FloatVolume:
    """Make up under the skin for what averaging blurred away."""
    weight = np.clip(1 + surface / np.float32(_SKIN_MM), 0, 1)
    t1 += weight * np.maximum(np.float32(_SKIN_LEVEL) - t1, 0)
    return t1
