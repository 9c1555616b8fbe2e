"""The base heads there are: the template, and whole-head label maps brought to its world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from defacto.anatomy.resample import carry, straight_grid
from defacto.errors import VolumeError
from defacto.simulate.base import TEMPLATE, Base, load_base
from defacto.simulate.fit import STEP_MM, Fit, fit
from defacto.simulate.labelmap import (
    LabelMap,
    carry_structures,
    carry_surface_mm,
    depth_in_view_mm,
    read_label_map,
)
from defacto.simulate.structures import Structure
from defacto.types import FloatVolume, Grid, LabelVolume

FITS_FILE = resources.files("defacto.simulate") / "data" / "fits.npz"
SHIFT_UNIT_MM = 0.125
"""Step of the stored deformations."""
LABEL_MAPS = "*_labels.nii*"
_SKIN_MM = 2.2
_JOIN_MM = 8.0
_PAST_MM = 3.0
_MARGIN = 12
_PAD = (14, 12, 0)


@dataclass(frozen=True)
class BaseHandle:
    """A base head that is read when it is needed.

    Parameters
    ----------
    name : str
        `TEMPLATE`, or the label map's name.
    path : Path or None
        The label map; None for the template.
    """

    name: str
    path: Path | None = None

    def load(self) -> Base:
        """Read it; some seconds for a label map, half a minute for one that the package does not know."""
        return load_base() if self.path is None else load_label_base(self.path)


def load_bases(folder: Path | None = None) -> Mapping[str, BaseHandle]:
    """Return the base heads by name: the template alone, or the label maps of a folder.

    Parameters
    ----------
    folder : Path, optional
        Holds whole-head label maps, ``NAME_labels.nii.gz``, as SynthSeg's training maps are labelled.

    Raises
    ------
    VolumeError
        If the folder holds no label map.
    """
    if folder is None:
        return {TEMPLATE: BaseHandle(TEMPLATE)}
    paths = sorted(folder.glob(LABEL_MAPS))
    if not paths:
        raise VolumeError(f"expected label maps named {LABEL_MAPS} in the folder of base heads, got none")
    handles = [BaseHandle(path.name.split(".")[0].removesuffix("_labels"), path) for path in paths]
    return {handle.name: handle for handle in handles}


def load_label_base(path: Path) -> Base:
    """Read a label map as a base head.

    What its field of view leaves out (chin and neck, in some the lower face) is joined from the template,
    deformed as the fit says.
    """
    template = load_base()
    labels = read_label_map(path)
    found = stored_fits().get(labels.digest) or fit(labels, template)
    base = join(labels, found, template)
    return replace(base, name=labels.name.removesuffix("_labels"))


@cache
def stored_fits() -> Mapping[str, Fit]:
    """Return the fits of the label maps that the package knows, by digest."""
    nodes = straight_grid(load_base().grid, STEP_MM)
    with np.load(str(FITS_FILE)) as stored:
        return {
            str(digest): Fit(matrix, shift.astype(np.float32) * np.float32(SHIFT_UNIT_MM), nodes)
            for digest, matrix, shift in zip(
                stored["digests"], stored["to_template"], stored["shifts"], strict=True
            )
        }


def join(labels: LabelMap, found: Fit, template: Base) -> Base:
    """Make one head of a label map and, beyond its field of view, the template's."""
    grid = _padded(template.grid)
    place = _places(found, template.grid, grid)
    own = np.clip(depth_in_view_mm(labels, found.to_template, grid) / np.float32(_JOIN_MM), 0, 1)
    surface = carry_surface_mm(labels, found.to_template, grid)
    other = _pulled(template.surface_mm, place)
    surface = np.asarray(own * surface + (1 - own) * other, dtype=np.float32)
    structures = carry_structures(labels, found.to_template, grid)
    structures = np.where(own > 0.3, structures, _nearest(template.structures, place))
    structures = _skinned(structures, surface)
    features = _nearest(template.features, place)
    return _cropped(Base(labels.name, grid, surface, structures, structures, features))


def _padded(grid: Grid) -> Grid:
    """Make room at the sides and in front for heads that are wider than the template's."""
    affine = grid.affine.copy()
    affine[:3, 3] -= _PAD
    shape = [count + 2 * pad for count, pad in zip(grid.shape, _PAD, strict=True)]
    return Grid((shape[0], shape[1], shape[2]), affine)


def _places(found: Fit, source: Grid, grid: Grid) -> list[FloatVolume]:
    """Return the template's voxel for every voxel of a grid, axis by axis; both of 1 mm."""
    places = []
    for axis in range(3):
        shift = carry(np.ascontiguousarray(found.shift_mm[..., axis]), found.grid, grid, np.eye(4), fill=None)
        first = grid.affine[axis, 3] - source.affine[axis, 3]
        index = (np.arange(grid.shape[axis]) + first).astype(np.float32)
        shift += index.reshape([-1 if n == axis else 1 for n in range(3)])
        places.append(shift)
    return places


def _index(places: list[FloatVolume], shape: tuple[int, ...]) -> tuple[npt.NDArray[np.int32], ...]:
    return tuple(
        np.clip(np.rint(place), 0, n - 1).astype(np.int32) for place, n in zip(places, shape, strict=True)
    )


def _pulled(volume: FloatVolume, places: list[FloatVolume]) -> FloatVolume:
    """Look a smooth volume up, trilinear; its border goes on."""
    shape = volume.shape
    places = [np.clip(place, 0, n - 1.001) for place, n in zip(places, shape, strict=True)]
    low = [place.astype(np.int32) for place in places]
    share = [place - a for place, a in zip(places, low, strict=True)]
    out = np.zeros(places[0].shape, dtype=np.float32)
    for corner in np.ndindex(2, 2, 2):
        weight: FloatVolume = np.ones((1, 1, 1), dtype=np.float32)
        for s, upper in zip(share, corner, strict=True):
            weight = weight * (s if upper else 1 - s)
        out += weight * volume[tuple(a + c for a, c in zip(low, corner, strict=True))]
    return out


def _nearest(volume: LabelVolume, places: list[FloatVolume]) -> LabelVolume:
    return np.asarray(volume[_index(places, volume.shape)])


def _skinned(structures: LabelVolume, surface: FloatVolume) -> LabelVolume:
    """Make the outermost two millimetres skin, what is called skin below them fat, and all outside air."""
    out = structures.copy()
    out[out == Structure.SKIN] = Structure.FAT
    shallow = surface > -_SKIN_MM
    out[shallow & (surface < _PAST_MM)] = Structure.SKIN
    out[(out == Structure.AIR) & (surface < 0) & (surface > -2 * _SKIN_MM)] = Structure.FAT
    out[surface >= _PAST_MM] = Structure.AIR
    return out


def _cropped(base: Base) -> Base:
    """Cut the grid down to the head and some air."""
    low = np.maximum(base.box[:, 0] - _MARGIN, 0)
    high = np.minimum(base.box[:, 1] + _MARGIN + 1, base.grid.shape)
    part = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    affine = base.grid.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ low
    shape = base.surface_mm[part].shape
    structures = np.ascontiguousarray(base.structures[part])
    return replace(
        base,
        grid=Grid((shape[0], shape[1], shape[2]), affine),
        surface_mm=np.ascontiguousarray(base.surface_mm[part]),
        codes=structures,
        structures=structures,
        features=np.ascontiguousarray(base.features[part]),
    )
