"""The template head and the maps drawn on it, in a straight RAS world: x = 0 is its plane of symmetry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import nibabel as nib
import numpy as np

from defacto.types import FloatVolume, Grid, LabelVolume


@dataclass(frozen=True, eq=False)
class Template:
    """An average head with its face, at 2 mm, and what is known of each place in it.

    Parameters
    ----------
    grid : Grid
        Where the voxels of all the volumes here lie.
    head : ndarray of float32
        T1w intensities of the average head.
    path : Path
        The file of ``head``, for outside programs.
    p_brain : ndarray of float32
        Share of 13 persons, 0 to 1, who have brain at a place after registration.
    skin_mm : ndarray of float32
        Distance to the skin of the average head without its ears, mm; negative inside.
    face_cut_mm, ear_cut_mm : ndarray of float32
        Distance to the surface of the cut, mm; positive where a voxel is removed.
    features : ndarray of uint8
        Shells around the skin of each feature, by `Feature.label`.
    """

    grid: Grid
    head: FloatVolume
    path: Path
    p_brain: FloatVolume
    skin_mm: FloatVolume
    face_cut_mm: FloatVolume
    ear_cut_mm: FloatVolume
    features: LabelVolume


def data_path(name: str) -> Path:
    """Return the path of one of the package's own volumes."""
    return Path(str(resources.files("defacto.anatomy") / "data" / name))


@cache
def load_template() -> Template:
    """Read the template and its maps, once a process."""
    path = data_path("template_2mm.nii.gz")
    image = nib.load(path)
    grid = Grid(image.shape, np.asarray(image.affine))
    return Template(
        grid=grid,
        head=_floats(path),
        path=path,
        p_brain=_floats(data_path("p_brain_2mm.nii.gz")),
        skin_mm=_floats(data_path("skin_2mm.nii.gz")),
        face_cut_mm=_floats(data_path("face_cut_2mm.nii.gz")),
        ear_cut_mm=_floats(data_path("ear_cut_2mm.nii.gz")),
        features=np.ascontiguousarray(nib.load(data_path("features_2mm.nii.gz")).dataobj, dtype=np.uint8),
    )


@dataclass(frozen=True, eq=False)
class Average:
    """The average head with a sharp skin, ears, jaw and neck: the face that is put in a person's place.

    Parameters
    ----------
    grid : Grid
        Of both volumes; in the template's world, reaching lower.
    t1 : ndarray of float32
        T1w brightness.
    skin_mm : ndarray of float32
        Distance to the skin, mm, negative inside; clipped at 12 mm.
    """

    grid: Grid
    t1: FloatVolume
    skin_mm: FloatVolume


@cache
def load_average() -> Average:
    """Read the average head, once a process."""
    path = data_path("average_t1_2mm.nii.gz")
    image = nib.load(path)
    return Average(
        Grid(image.shape, np.asarray(image.affine)),
        _floats(path),
        _floats(data_path("average_skin_2mm.nii.gz")),
    )


@cache
def load_map(name: str) -> FloatVolume:
    """Read another map on the template's grid, once a process.

    Parameters
    ----------
    name : {"pydeface_cut", "p_face", "p_ears"}
        The distance to what pydeface's mask takes, mm, positive within; the share of ten persons who have
        face, or an ear, at a place after registration.
    """
    return _floats(data_path(f"{name}_2mm.nii.gz"))


def _floats(path: Path) -> FloatVolume:
    return np.ascontiguousarray(nib.load(path).get_fdata(dtype=np.float32))
