"""What is air and what is tissue in a scan of any contrast."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled
from defacto.errors import StepError
from defacto.types import FloatVolume

SURFACE_FRACTION = 0.22
"""Where between air and tissue the skin is drawn."""
SURFACE_LEVEL = 26.0
"""The level of the skin, where 0 is air; ten times as bright as the skin is cut off at 255."""
NOISE_WIDTHS = 2.0
"""At least so many times the noise lie between air and the skin; smoothing makes it thrice as many."""


@dataclass(frozen=True)
class Contrast:
    """The intensities that part a head from the air around it.

    Parameters
    ----------
    air, tissue : float
        Typical intensities.
    noise : float
        Standard deviation of the air, 0 where the background is constant.
    surface : float
        The intensity at which the skin is drawn.
    """

    air: float
    tissue: float
    noise: float
    surface: float

    @property
    def roughness(self) -> float:
        """Noise as a share of the step from air to skin: 0 is clean, 0.3 is rough."""
        return self.noise / (self.surface - self.air)


def find_contrast(volume: FloatVolume) -> Contrast:
    """Find the intensities of air, tissue and skin.

    Two classes are parted by Otsu's method (doi:10.1109/TSMC.1979.4310076) on the square root of the
    intensity, which keeps bright fat and contrast agent from being taken for all of the tissue.

    Parameters
    ----------
    volume : ndarray, shape (i, j, k)
        Intensities.

    Raises
    ------
    StepError
        If all voxels are alike, so that there is no head.
    """
    sample = np.sort(_sample(volume))
    low, high = float(sample[0]), float(np.percentile(sample, 99.8))
    if not high > low:
        raise StepError("Expected a head in the scan, got the same intensity everywhere; look at the scan.")
    split = low + _otsu(np.sqrt(np.clip(sample - low, 0.0, high - low))) ** 2
    dark, bright = np.split(sample, [int(np.count_nonzero(sample < split))])
    air, tissue = float(_median(dark)), float(_median(bright))
    noisy = dark[np.count_nonzero(dark <= low) :]
    noise = 0.0
    if noisy.size > 0.05 * dark.size:
        noise = float(1.4826 * np.median(np.abs(noisy - _median(noisy))))
    step = max(SURFACE_FRACTION * (tissue - air), min(NOISE_WIDTHS * noise, 0.5 * (tissue - air)))
    return Contrast(air, tissue, noise, air + step)


def to_levels(volume: FloatVolume, contrast: Contrast) -> npt.NDArray[np.uint8]:
    """Map intensities to levels: 0 is air, `SURFACE_LEVEL` the skin, 255 what is far brighter than skin.

    Parameters
    ----------
    volume : ndarray, shape (i, j, k)
        Intensities in any memory order, which the result keeps.
    contrast : Contrast
        From `find_contrast`.
    """
    ordered = np.argsort([-abs(stride) for stride in volume.strides], kind="stable")
    flat = np.ascontiguousarray(volume.transpose(ordered), dtype=np.float32)
    flat.flags.writeable = False
    out = np.empty(flat.shape, dtype=np.uint8)
    _quantise(
        flat.reshape(-1), contrast.air, SURFACE_LEVEL / (contrast.surface - contrast.air), out.reshape(-1)
    )
    return out.transpose(np.argsort(ordered))


def _sample(volume: FloatVolume) -> FloatVolume:
    """Every so-manieth voxel, at most about half a million, and finite ones only."""
    step = math.ceil((volume.size / 600_000) ** (1 / 3))
    steps = tuple(slice(None, None, step if length >= 4 * step else 1) for length in volume.shape)
    sample = volume[steps].astype(np.float32).ravel()
    finite = sample[np.isfinite(sample)]
    if finite.size == 0:
        raise StepError("Expected a head in the scan, got no finite intensity; look at the scan.")
    return finite


def _median(values: FloatVolume) -> np.float32:
    """Return the median of sorted values."""
    middle: np.float32 = values[(values.size - 1) // 2 : values.size // 2 + 1].mean()
    return middle


def _otsu(values: FloatVolume) -> float:
    """Return where sorted values are best parted in two."""
    edges = np.histogram_bin_edges(values, 256)
    counts = np.diff(np.append(np.searchsorted(values, edges[:-1]), values.size))
    centres = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)[:-1].astype(np.float64)
    sums = np.cumsum(counts * centres)
    above = values.size - below
    between = (sums[-1] * below / values.size - sums[:-1]) ** 2 / np.maximum(below * above, 1.0)
    return float(edges[1 + int(np.argmax(between))])


@compiled
def _quantise(values: npt.NDArray[np.float32], zero: float, scale: float, out: npt.NDArray[np.uint8]) -> None:
    shift, factor = np.float32(zero), np.float32(scale)
    for n in range(values.size):
        level = (values[n] - shift) * factor
        out[n] = np.uint8(min(max(level, np.float32(0.0)), np.float32(255.0)))
