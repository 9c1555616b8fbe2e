"""A label map over the template: an affine registration, then a smooth deformation that fits skin and eyes.

By it what the maps do not name (nose, mouth and ears), and what lies beyond their field of view, is carried
over from the template.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import SimpleITK as sitk

from defacto.anatomy.morphology import distance_mm
from defacto.anatomy.registration import register
from defacto.anatomy.resample import carry, straight_grid
from defacto.anatomy.smooth import smooth
from defacto.anatomy.template import load_template
from defacto.simulate.base import Base
from defacto.simulate.fit import STEP_MM, Fit
from defacto.simulate.labelmap import LabelMap, carry_structures, carry_surface_mm, depth_in_view_mm
from defacto.simulate.structures import Structure, is_brain
from defacto.simulate.warp import Shift
from defacto.types import Affine, FloatVolume, Grid, LabelVolume, Mask

_VOXEL_MM = 3.0
_SMOOTH_VOXELS = (6.0, 4.0, 3.0, 2.5)
_ITERATIONS = 25
_REACH_MM = 15.0
_PAINT = {
    Structure.CSF: 22, Structure.VENTRICLES: 20, Structure.CEREBRAL_GM: 75, Structure.CEREBELLAR_GM: 72,
    Structure.CEREBRAL_WM: 110, Structure.CEREBELLAR_WM: 105, Structure.BRAINSTEM: 98, Structure.SKULL: 18,
    Structure.MARROW: 100, Structure.MUSCLE: 62, Structure.SKIN: 150, Structure.EYE: 25,
    Structure.BEHIND_EYE: 115, Structure.NOSE_INSIDE: 30, Structure.VESSEL: 30, Structure.SINUS: 40,
    Structure.AIR: 0,
}  # fmt: skip


def fit(labels: LabelMap, template: Base) -> Fit:
    """Register a label map to the template; about half a minute."""
    to_template = fit_affine(labels)
    target = straight_grid(template.grid, _VOXEL_MM)
    seen = depth_in_view_mm(labels, to_template, target) > 2
    fixed = _landscape(
        carry_surface_mm(labels, to_template, target), carry_structures(labels, to_template, target), target
    )
    found = _deform(fixed, _template_landscape(template), seen, target)
    nodes = straight_grid(template.grid, STEP_MM)
    return Fit(to_template, _at_nodes(found, nodes), nodes)


def fit_affine(labels: LabelMap) -> Affine:
    """Paint a label map as a T1w head and register it as any scan."""
    table = np.full(256, 80, dtype=np.float32)
    for structure, brightness in _PAINT.items():
        table[structure] = brightness
    volume = smooth(table[labels.structures], (1.0, 1.0, 1.0))
    return register(volume, labels.grid, 6.0, 1.066).to_template


def _landscape(surface_mm: FloatVolume, structures: LabelVolume, grid: Grid) -> FloatVolume:
    """Return heights whose slopes lead skin to skin, brain to brain and eyes to eyes."""
    size = grid.voxel_size_mm
    brain = distance_mm(is_brain(structures), size)
    eyes = distance_mm(structures == Structure.EYE, size)
    return np.asarray(
        np.clip(surface_mm, -_REACH_MM, _REACH_MM)
        + 0.5 * np.clip(brain, -_REACH_MM, _REACH_MM)
        + 0.7 * np.clip(eyes, -_REACH_MM, _REACH_MM),
        dtype=np.float32,
    )


@cache
def _template_landscape(template: Base) -> sitk.Image:
    step = 2
    part = (slice(None, None, step),) * 3
    affine = template.grid.affine @ np.diag([step, step, step, 1.0])
    structures = template.structures[part].copy()
    shape = structures.shape
    grid = Grid((shape[0], shape[1], shape[2]), affine)
    surface = distance_mm(template.surface_mm[part] < 0, grid.voxel_size_mm)
    p_brain = carry(load_template().p_brain, load_template().grid, grid, np.eye(4))
    structures[p_brain > 0.5] = Structure.CEREBRAL_GM
    return _image(_landscape(surface, structures, grid), grid)


def _image(volume: FloatVolume, grid: Grid) -> sitk.Image:
    """Return a straight volume as an image whose world is ours."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(volume.transpose(2, 1, 0), dtype=np.float32))
    image.SetSpacing(grid.voxel_size_mm)
    image.SetOrigin([float(v) for v in grid.affine[:3, 3]])
    return image


def _deform(fixed: FloatVolume, moving: sitk.Image, seen: Mask, grid: Grid) -> sitk.Transform:
    """Let the template flow onto the map (doi:10.1016/S1361-8415(98)80022-4), smoothly, and finer at last.

    Beyond the map's field of view nothing pulls.
    """
    field = None
    for smooth_voxels in _SMOOTH_VOXELS:
        warped = _array(_warped(moving, _image(fixed, grid), field))
        whole = _image(np.where(seen, fixed, warped), grid)
        demons = sitk.FastSymmetricForcesDemonsRegistrationFilter()
        demons.SetNumberOfIterations(_ITERATIONS)
        demons.SetStandardDeviations(smooth_voxels)
        demons.SetNumberOfThreads(1)
        coarse = sitk.Resample(moving, whole)
        field = demons.Execute(whole, coarse) if field is None else demons.Execute(whole, coarse, field)
    return sitk.DisplacementFieldTransform(sitk.Cast(field, sitk.sitkVectorFloat64))


def _warped(moving: sitk.Image, like: sitk.Image, field: sitk.Image | None) -> sitk.Image:
    if field is None:
        return sitk.Resample(moving, like, sitk.Transform(), sitk.sitkLinear, _REACH_MM)
    transform = sitk.DisplacementFieldTransform(sitk.Image(sitk.Cast(field, sitk.sitkVectorFloat64)))
    return sitk.Resample(moving, like, transform, sitk.sitkLinear, _REACH_MM)


def _array(image: sitk.Image) -> FloatVolume:
    return np.asarray(sitk.GetArrayFromImage(image)).transpose(2, 1, 0)


def _at_nodes(transform: sitk.Transform, nodes: Grid) -> Shift:
    shift = np.zeros((*nodes.shape, 3), dtype=np.float32)
    for index in np.ndindex(*nodes.shape):
        place = (nodes.affine @ (*index, 1.0))[:3]
        shift[index] = np.array(transform.TransformPoint([float(v) for v in place])) - place
    return shift
