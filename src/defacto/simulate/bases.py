"""The base heads there are: the template, and label maps and scans of whole heads brought to its world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled
from defacto.anatomy.resample import straight_grid
from defacto.errors import VolumeError
from defacto.simulate.base import TEMPLATE, Base, cropped, load_base, padded_grid
from defacto.simulate.fit import STEP_MM, Fit
from defacto.simulate.labelmap import (
    LabelMap,
    carry_structures,
    carry_surface_mm,
    depth_in_view_mm,
    read_label_map,
)
from defacto.simulate.sample import cell, look
from defacto.simulate.structures import Structure
from defacto.types import FloatVolume, Grid, LabelVolume

FITS_FILE = resources.files("defacto.simulate") / "data" / "fits.npz"
SHIFT_UNIT_MM = 0.125
"""Step of the stored deformations."""
LABEL_MAPS = "*_labels.nii*"
SCANS = (".nii", ".nii.gz", ".mgh", ".mgz")
_SKIN_MM = 1.3
_FAT_MM = 4.0
_JOIN_MM = 8.0
_PAST_MM = 3.0
_OWN = 0.3


@dataclass(frozen=True)
class BaseHandle:
    """A base head that is read when it is needed.

    Parameters
    ----------
    name : str
        `TEMPLATE`, or that of the label map or scan.
    path : Path or None
        The label map or scan; None for the template.
    """

    name: str
    path: Path | None = None

    @property
    def scanned(self) -> bool:
        """Whether it is a scan: its brain is one piece, without regions."""
        return self.path is not None and not self.path.match(LABEL_MAPS)

    def load(self) -> Base:
        """Read it; some seconds for a label map or scan, half a minute for a map that is not known."""
        if self.path is None:
            return load_base()
        if not self.scanned:
            return load_label_base(self.path)
        from defacto.simulate.scanbase import load_scan_base  # noqa: PLC0415  (networks and registration)

        return load_scan_base(self.path)


def load_bases(folder: Path | None = None) -> Mapping[str, BaseHandle]:
    """Return the base heads by name: the template alone, or the label maps and scans of a folder.

    Parameters
    ----------
    folder : Path, optional
        Holds whole-head label maps, ``NAME_labels.nii.gz``, as SynthSeg's training maps are labelled, or
        scans of intact heads, one a person; scans only where it holds no label map.

    Raises
    ------
    VolumeError
        If the folder holds neither.
    """
    if folder is None:
        return {TEMPLATE: BaseHandle(TEMPLATE)}
    scans = sorted(path for path in folder.iterdir() if path.name.lower().endswith(SCANS))
    paths = [path for path in scans if path.match(LABEL_MAPS)] or scans
    if not paths:
        raise VolumeError(
            f"expected label maps named {LABEL_MAPS} or scans in the folder of base heads, got none"
        )
    handles = [BaseHandle(path.name.split(".")[0].removesuffix("_labels"), path) for path in paths]
    return {handle.name: handle for handle in handles}


def load_label_base(path: Path) -> Base:
    """Read a label map as a base head.

    What its field of view leaves out (chin and neck, in some the lower face) is joined from the template,
    deformed as the fit says.
    """
    template = load_base()
    labels = read_label_map(path)
    found = stored_fits().get(labels.digest) or _fit(labels, template)
    base = join(labels, found, template)
    return replace(base, name=labels.name.removesuffix("_labels"))


def _fit(labels: LabelMap, template: Base) -> Fit:
    try:
        from defacto.simulate.demons import fit  # noqa: PLC0415  (SimpleITK is large, and rarely needed)
    except ImportError as error:
        raise VolumeError(
            f"{labels.name}: expected one of the label maps that defacto knows, got another;"
            " install defacto[labels] to fit it."
        ) from error
    return fit(labels, template)


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
    grid = padded_grid(template)
    own = np.clip(depth_in_view_mm(labels, found.to_template, grid) / np.float32(_JOIN_MM), 0, 1)
    surface = carry_surface_mm(labels, found.to_template, grid)
    structures = carry_structures(labels, found.to_template, grid)
    features = np.zeros(grid.shape, dtype=np.uint8)
    _fill(
        (template.surface_mm, template.structures, template.features),
        found.shift_mm,
        _scales(grid, template.grid),
        _scales(grid, found.grid),
        np.asarray(own, dtype=np.float32),
        (surface, structures, features),
    )
    structures = _skinned(structures, surface)
    return cropped(Base(labels.name, grid, surface, structures, structures, features))


def _scales(grid: Grid, source: Grid) -> npt.NDArray[np.float32]:
    """Return slope and offset from voxels of a straight grid to those of another, axis by axis."""
    matrix = source.to_voxel @ grid.affine
    return np.stack([np.diag(matrix)[:3], matrix[:3, 3]], axis=1).astype(np.float32)


@compiled
def _fill(template: Any, shift: Any, to_voxel: Any, to_node: Any, own: Any, out: Any) -> None:
    """Look the deformed template up: its features everywhere, all else beyond the field of view, in place."""
    surface, structures, features = template
    out_surface, out_structures, out_features = out
    n0, n1, n2 = surface.shape
    half, one = np.float32(0.5), np.float32(1.0)
    place = np.zeros(3, dtype=np.float32)
    for i in range(own.shape[0]):
        na, nu = cell(to_node[0, 0] * i + to_node[0, 1], shift.shape[0])
        for j in range(own.shape[1]):
            nb, nw = cell(to_node[1, 0] * j + to_node[1, 1], shift.shape[1])
            for k in range(own.shape[2]):
                nc, nt = cell(to_node[2, 0] * k + to_node[2, 1], shift.shape[2])
                for axis in range(3):
                    place[axis] = look(shift[..., axis], na, nb, nc, nu, nw, nt)
                a, u = cell(to_voxel[0, 0] * i + to_voxel[0, 1] + place[0], n0)
                b, w = cell(to_voxel[1, 0] * j + to_voxel[1, 1] + place[1], n1)
                c, t = cell(to_voxel[2, 0] * k + to_voxel[2, 1] + place[2], n2)
                a1, b1, c1 = a + (u > half), b + (w > half), c + (t > half)
                out_features[i, j, k] = features[a1, b1, c1]
                share = own[i, j, k]
                if share < one:
                    other = look(surface, a, b, c, u, w, t)
                    out_surface[i, j, k] = share * out_surface[i, j, k] + (one - share) * other
                if share <= np.float32(_OWN):
                    out_structures[i, j, k] = structures[a1, b1, c1]


def _skinned(structures: LabelVolume, surface: FloatVolume) -> LabelVolume:
    """Make the outermost millimetre skin, what is called skin or muscle below it fat, and all outside air."""
    out = structures.copy()
    out[out == Structure.SKIN] = Structure.FAT
    out[(out == Structure.MUSCLE) & (surface > -_FAT_MM)] = Structure.FAT
    shallow = surface > -_SKIN_MM
    out[shallow & (surface < _PAST_MM)] = Structure.SKIN
    out[(out == Structure.AIR) & (surface < 0) & (surface > -_FAT_MM)] = Structure.FAT
    out[surface >= _PAST_MM] = Structure.AIR
    return out
