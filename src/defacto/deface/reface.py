"""Method ``reface``: the average face put in the place of the person's, in the scan's own contrast."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from defacto.anatomy import Context, load_template
from defacto.anatomy.resample import carry
from defacto.anatomy.smooth import smooth
from defacto.anatomy.template import Average, load_average
from defacto.config import DefaceSettings
from defacto.deface.method import face_cut, outside_mm, spare_brain
from defacto.types import FloatVolume, Mask, Removal, Scan

Classes = npt.NDArray[np.int64]
"""A class of tissue at each place."""
_BLEND_MM = 4.0
"""Over so much of the cut's rim the person's tissue goes over into the average."""
_AROUND_MM = 6.0
"""So far outside of both heads the air is replaced as well."""
_BRIGHTNESS_STEP = 12.0
_DEPTHS_MM = (2.5, 6.0, 12.0)
_LEAST_VOXELS = 60
_GAIN_MM = 24.0
_GAIN_LIMITS = (0.5, 2.0)


class RefaceMethod:
    """Put the average face, ears, cheeks and jaw where the person's were.

    After mri_reface (Schwarz et al., doi:10.1016/j.neuroimage.2021.117845) and AFNI's refacer. The average
    head lies where the registration puts it. Its tissue is sorted into classes, by brightness in T1w and
    depth under the skin; each class takes the median of what the scan itself shows there outside of the
    brain and of what is replaced, and the whole the scan's slow change of brightness: so any contrast is
    met. Rims are blended. A nudge moves the border of what is replaced. The result still looks like a face.
    """

    name = "reface"
    version = "2"

    def removal(self, scan: Scan, context: Context, settings: DefaceSettings) -> Removal:
        """Return what to replace, and by what; see `DefaceSettings` for the parameters.

        Raises
        ------
        StepError
            If no head stands out from the air.
        """
        template, average = load_template(), load_average()
        cut = face_cut(context, settings)
        outside = outside_mm(scan, context)
        skin = carry(average.skin_mm, average.grid, template.grid, np.eye(4), fill=None)
        within = np.minimum(cut, np.float32(_AROUND_MM) - np.minimum(outside, skin))
        learn = (cut < 0) & (outside < 0) & (template.p_brain < 0.05)
        painted = _painted(scan, context, learn, average)
        return spare_brain(
            self, within, context, settings, lambda left: _blended(scan, context, painted, average, cut)
        )


def _classes(average: Average) -> Classes:
    """Sort the average head by brightness and depth; what lies outside of it is sorted as its skin."""
    bright = np.rint(average.t1 / np.float32(_BRIGHTNESS_STEP)).astype(np.int64)
    depth = np.digitize(-average.skin_mm, _DEPTHS_MM)
    return np.asarray(bright * (len(_DEPTHS_MM) + 1) + depth)


def _painted(scan: Scan, context: Context, learn: Mask, average: Average) -> FloatVolume:
    """Return the average head in the scan's contrast, on its own grid; beyond its skin the skin goes on."""
    template = load_template()
    volume = context.to_template(scan.volume)
    learn &= np.isfinite(volume)
    classes = _classes(average)
    here = classes[:, :, _below(average) :]
    colours = _medians(here[learn], volume[learn], int(classes.max()) + 1)
    gain = _gain(volume, colours[here], learn)
    painted = colours[classes].astype(np.float32)
    painted *= carry(gain, template.grid, average.grid, np.eye(4), fill=None)
    return smooth(painted, (0.6, 0.6, 0.6))


def _below(average: Average) -> int:
    """Return how many sections the average head goes on below the template."""
    return average.grid.shape[2] - load_template().grid.shape[2]


def _medians(classes: Classes, values: FloatVolume, count: int) -> FloatVolume:
    """Return the median of each class; of classes with few voxels, that of the nearest of the same depth."""
    depths = len(_DEPTHS_MM) + 1
    found = np.full(count, np.nan, dtype=np.float32)
    order = np.argsort(classes, kind="stable")
    bounds = np.searchsorted(classes[order], np.arange(count + 1))
    for n in range(count):
        part = order[bounds[n] : bounds[n + 1]]
        if len(part) >= _LEAST_VOXELS:
            found[n] = np.median(values[part])
    whole = float(np.median(values)) if values.size else 0.0
    for depth in range(depths):
        column = found[depth::depths]
        known = np.flatnonzero(np.isfinite(column))
        places = np.arange(len(column))
        found[depth::depths] = np.interp(places, known, column[known]) if known.size else whole
    return found


def _gain(volume: FloatVolume, colours: FloatVolume, learn: Mask) -> FloatVolume:
    """Return the slow change of brightness over the scan, as a factor of the painted head."""
    width = [_GAIN_MM / size for size in load_template().grid.voxel_size_mm]
    shown = smooth(np.where(learn, volume, 0).astype(np.float32), width)
    painted = smooth(np.where(learn, colours, 0).astype(np.float32), width)
    floor = np.float32(0.02) * max(float(painted.max()), 1e-6)
    return np.clip((shown + floor) / (painted + floor), *_GAIN_LIMITS).astype(np.float32)


def _blended(
    scan: Scan, context: Context, painted: FloatVolume, average: Average, cut: FloatVolume
) -> FloatVolume:
    """Return the average head on the scan's grid, gone over into the person's at the cut's rim."""
    to_template = context.registration.to_template
    values = carry(painted, average.grid, scan.grid, to_template, fill=None)
    skin = carry(average.skin_mm, average.grid, scan.grid, to_template, fill=None)
    inside = np.clip(np.float32(0.5) - skin / np.float32(np.mean(scan.grid.voxel_size_mm)), 0, 1)
    volume = scan.volume
    air = np.float32(np.median(volume[inside == 0])) if (inside == 0).any() else np.float32(volume.min())
    share = np.clip(context.to_scan(cut) / np.float32(_BLEND_MM), 0, 1)
    face = air + inside * (values - air)
    return np.asarray(volume + share * (face - volume), dtype=np.float32)
