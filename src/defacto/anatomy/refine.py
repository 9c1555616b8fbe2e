"""Labels fitted to the scan's own intensities: finer than the network sees."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled_parallel
from defacto.anatomy.regions import Region
from defacto.types import Affine, FloatVolume, LabelVolume

_BRAIN_CHANCE = 0.03
"""Where the network gives brain less, its labels stay."""
_TRUST = 2.0
"""The power to which the network's chances are taken: at most voxels one region then counts alone."""
_WEIGHT = 2.5
"""The power to which the chances of the intensities are taken. With more, made heads get better still,
the one real head with known regions worse."""
_TURNS = 10
_BINS, _BIN_BLUR = 96, 4.0
_OF_ALL = 100.0
"""So many voxels of every intensity are added to a region's own: a small one may not be sure of itself."""
_LEAST = 1e-6
_KEPT = 5
"""So many regions are weighed at a voxel, the likeliest."""
_CHUNK = 4096
_AIR, _OTHER_BRAIN = int(Region.AIR), int(Region.OTHER_BRAIN)


def refine(labels: LabelVolume, volume: FloatVolume, chances: FloatVolume, to_box: Affine) -> LabelVolume:
    """Return labels in which the brain's follow the scan's own intensities.

    Expectation maximization (doi:10.1109/42.811270): the network's chances say where a region is expected,
    its histogram, learnt from the scan itself, how bright it is, and in turns the one is fitted to the other.
    So borders lie where the scan shows them, finer than the network's voxels.

    Parameters
    ----------
    labels : ndarray of uint8, shape (i, j, k)
        What the network says, by `Region`.
    volume : ndarray of float32, shape (i, j, k)
        Intensities.
    chances : ndarray of float32, shape (a, b, c, regions)
        Of each region, as the network sees it in its box.
    to_box : ndarray, shape (4, 4)
        Voxel indices of the volume to those of the box.

    Returns
    -------
    ndarray of uint8, shape (i, j, k)
    """
    places = _places(chances, np.ascontiguousarray(to_box), volume.shape)
    if places.size == 0:
        return labels
    regions, prior = _prior(chances, np.ascontiguousarray(to_box), places, volume.shape, np.float32(_TRUST))
    values = volume.ravel()[places]
    low, high = (float(value) for value in np.percentile(values, (0.5, 99.5)))
    if not high > low:
        return labels
    bins = ((values - np.float32(low)) * np.float32((_BINS - 1) / (high - low))).clip(0, _BINS - 1)
    bins = bins.astype(np.uint8)
    every = np.bincount(bins, minlength=_BINS) / bins.size
    bright = np.ones((chances.shape[3], _BINS), dtype=np.float32)
    for _ in range(_TURNS):
        bright = _fitted(_histograms(regions, prior, bins, bright), every)
    found: LabelVolume = labels.copy()
    found.ravel()[places] = _likeliest(regions, prior, bins, bright)
    return found


def brain_chance(chances: FloatVolume) -> FloatVolume:
    """Return the chance that there is brain of any region, 0 to 1."""
    return np.ascontiguousarray(chances[..., _AIR + 1 : _OTHER_BRAIN + 1].sum(axis=3))


def _places(chances: FloatVolume, to_box: Affine, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Return the flat indices of voxels where there may be brain."""
    return np.flatnonzero(_may_be(brain_chance(chances), to_box, np.array(shape)))


def _fitted(counts: FloatVolume, every: npt.NDArray[np.float64]) -> FloatVolume:
    """Return how likely each intensity is in each region, to the power of its weight."""
    reach = int(4 * _BIN_BLUR)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _BIN_BLUR) ** 2)
    taps /= taps.sum()
    total = counts.sum(axis=1, keepdims=True)
    padded = np.pad(counts, ((0, 0), (reach, reach)), mode="edge")
    blurred = np.stack([np.convolve(row, taps, mode="valid") for row in padded])
    blurred *= total / np.maximum(blurred.sum(axis=1, keepdims=True), 1e-9)
    share = (blurred + _OF_ALL * every) / (total + _OF_ALL)
    return np.asarray((share + _LEAST) ** _WEIGHT, dtype=np.float32)


@compiled_parallel
def _may_be(brain: Any, m: Any, shape: Any) -> Any:
    ni, nj, nk = brain.shape
    out = np.zeros((shape[0], shape[1], shape[2]), dtype=np.bool_)
    for i in numba.prange(shape[0]):
        for j in range(shape[1]):
            for k in range(shape[2]):
                x = m[0, 0] * i + m[0, 1] * j + m[0, 2] * k + m[0, 3]
                y = m[1, 0] * i + m[1, 1] * j + m[1, 2] * k + m[1, 3]
                z = m[2, 0] * i + m[2, 1] * j + m[2, 2] * k + m[2, 3]
                if x < 0 or y < 0 or z < 0 or x > ni - 1 or y > nj - 1 or z > nk - 1:
                    continue
                a, b, c = int(x + 0.5), int(y + 0.5), int(z + 0.5)
                out[i, j, k] = brain[a, b, c] > _BRAIN_CHANCE
    return out


@compiled_parallel
def _prior(chances: Any, m: Any, places: Any, shape: Any, trust: Any) -> Any:
    """Return the likeliest regions of each place, and their chances to the power of the trust in them."""
    ni, nj, nk, count = chances.shape
    regions = np.zeros((places.size, _KEPT), dtype=np.uint8)
    prior = np.zeros((places.size, _KEPT), dtype=np.float32)
    for chunk in numba.prange((places.size + _CHUNK - 1) // _CHUNK):
        total = np.empty(count, dtype=np.float32)
        for p in range(chunk * _CHUNK, min(places.size, (chunk + 1) * _CHUNK)):
            place = places[p]
            i, j, k = place // (shape[1] * shape[2]), (place // shape[2]) % shape[1], place % shape[2]
            x = np.float32(m[0, 0] * i + m[0, 1] * j + m[0, 2] * k + m[0, 3])
            y = np.float32(m[1, 0] * i + m[1, 1] * j + m[1, 2] * k + m[1, 3])
            z = np.float32(m[2, 0] * i + m[2, 1] * j + m[2, 2] * k + m[2, 3])
            a, b, c = int(x), int(y), int(z)
            a1, b1, c1 = min(a + 1, ni - 1), min(b + 1, nj - 1), min(c + 1, nk - 1)
            u, v, w = x - a, y - b, z - c
            one = np.float32(1)
            total[:] = 0
            for corner in range(8):
                s, t, r = a1 if corner & 4 else a, b1 if corner & 2 else b, c1 if corner & 1 else c
                weight = (
                    (u if corner & 4 else one - u)
                    * (v if corner & 2 else one - v)
                    * (w if corner & 1 else one - w)
                )
                for n in range(count):
                    total[n] += weight * chances[s, t, r, n]
            for kept in range(_KEPT):
                best = np.argmax(total)
                regions[p, kept] = best
                prior[p, kept] = max(total[best], np.float32(0)) ** trust
                total[best] = -1
    return regions, prior


@compiled_parallel
def _histograms(regions: Any, prior: Any, bins: Any, bright: Any) -> Any:
    """Return how many voxels of each intensity each region has, by what is likely at each."""
    chunks = (bins.size + _CHUNK - 1) // _CHUNK
    parts = min(chunks, 16)
    counts = np.zeros((parts, bright.shape[0], bright.shape[1]), dtype=np.float64)
    for part in numba.prange(parts):
        here = np.empty(_KEPT, dtype=np.float32)
        for p in range(bins.size * part // parts, bins.size * (part + 1) // parts):
            every = np.float32(0)
            for kept in range(_KEPT):
                here[kept] = prior[p, kept] * bright[regions[p, kept], bins[p]]
                every += here[kept]
            if every > 0:
                for kept in range(_KEPT):
                    counts[part, regions[p, kept], bins[p]] += here[kept] / every
    return counts.sum(axis=0)


@compiled_parallel
def _likeliest(regions: Any, prior: Any, bins: Any, bright: Any) -> Any:
    out = np.empty(bins.size, dtype=np.uint8)
    for p in numba.prange(bins.size):
        best, most = regions[p, 0], np.float32(-1)
        for kept in range(_KEPT):
            chance = prior[p, kept] * bright[regions[p, kept], bins[p]]
            if chance > most:
                best, most = regions[p, kept], chance
        out[p] = best
    return out
