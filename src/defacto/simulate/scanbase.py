"""A real scan of an intact head as a base head: its own texture, vessels, cavities and edges."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from defacto.anatomy.context import Context, locate
from defacto.anatomy.head import head_level
from defacto.anatomy.morphology import closed, fill_holes, largest_piece
from defacto.anatomy.resample import carry
from defacto.anatomy.smooth import smooth
from defacto.anatomy.template import load_template
from defacto.config import AnatomySettings
from defacto.errors import VolumeError
from defacto.io import volume
from defacto.simulate.base import Base, cropped, load_base, padded_grid
from defacto.simulate.labelmap import measure_to_skin
from defacto.simulate.nearest import carry_labels
from defacto.simulate.structures import Structure
from defacto.types import Feature, FloatVolume, Grid, LabelVolume, Mask

_BRIGHTEST = 240
"""Code of what only one voxel in two hundred of the head exceeds."""
_GAP_VOXELS = 3.0
_SKIN_MM = 1.5
_LEAST_SKIN = 0.4
"""So much of the template's skin of eyes and nose must be there."""
_NEEDED = (Feature.LEFT_EYE, Feature.RIGHT_EYE, Feature.NOSE)


def load_scan_base(path: Path) -> Base:
    """Read a scan of an intact head as a base head.

    It is registered to the template, affine. Brain is what registration and network call so, features are
    the template's, skin is where the head ends. Noise and whatever else the scan has become part of the head.

    Parameters
    ----------
    path : Path
        NIfTI or MGH, any contrast.

    Raises
    ------
    VolumeError
        If no head is found in it, or eyes and nose are not all there.
    """
    scan = volume.read(path)
    context = locate(scan, AnatomySettings())
    template = load_base()
    grid = padded_grid(template)
    to_scan = np.asarray(np.linalg.inv(context.registration.to_template), np.float64)
    bright = carry(scan.volume, scan.grid, grid, to_scan)
    head = _find_head(bright, path)
    surface_mm = measure_to_skin(head.astype(np.float32), grid)
    features = carry_labels(template.features, template.grid, grid)
    _see_face(template, features, surface_mm, path)
    structures = _structures(context, surface_mm, grid)
    name = path.name.split(".")[0]
    return cropped(Base(name, grid, surface_mm, _codes(bright, head), structures, features, scanned=True))


def _find_head(bright: FloatVolume, path: Path) -> Mask:
    """Return all within the skin, nostrils and other small gaps closed."""
    even = smooth(bright, (0.8, 0.8, 0.8))
    level = head_level(even)
    if level is None:
        raise VolumeError(f"{path.name}: expected a scan of a head, got one without contrast")
    head = fill_holes(closed(largest_piece(even > level), _GAP_VOXELS))
    for axis in (0, 2):  # what a section encloses is inside, though it opens to the air elsewhere
        sections = np.moveaxis(head, axis, 0)
        for section in sections:
            section[:] = fill_holes(section)
    return head


def _codes(bright: FloatVolume, head: Mask) -> LabelVolume:
    """Return its brightness in steps, air 0."""
    low, high = float(np.percentile(bright[~head], 50)), float(np.percentile(bright[head], 99.5))
    codes: LabelVolume = np.clip((bright - low) * (_BRIGHTEST / max(high - low, 1e-6)), 0, 255).astype(
        np.uint8
    )
    return codes


def _structures(context: Context, surface_mm: FloatVolume, grid: Grid) -> LabelVolume:
    """Name what outcomes and truth ask for: air, skin, brain, and all else."""
    out = np.full(grid.shape, Structure.MUSCLE, dtype=np.uint8)
    brain_mm = carry(context.brain_mm, load_template().grid, grid, np.eye(4), fill=None)
    out[brain_mm < 0] = Structure.CEREBRAL_GM
    out[surface_mm > -_SKIN_MM] = Structure.SKIN
    out[surface_mm >= 0] = Structure.AIR
    return out


def _see_face(template: Base, features: LabelVolume, surface_mm: FloatVolume, path: Path) -> None:
    """Refuse a head without eyes or nose; a mouth may lie beyond the field of view."""
    skin = features[np.abs(surface_mm) < 1]
    usual = template.features[np.abs(template.surface_mm) < 1]
    for feature in Feature:
        here, there = (np.count_nonzero(each == feature.label) for each in (skin, usual))
        if feature in _NEEDED and here < _LEAST_SKIN * there:
            raise VolumeError(
                f"{path.name}: expected an intact head, got one without {feature.value.replace('_', ' ')};"
                " it cannot be a base head"
            )
