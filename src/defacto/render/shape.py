"""Thick slices by their shape: how far every point of a slice lies from the head's outline in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from defacto.anatomy.compile import compiled
from defacto.types import FloatVolume

REACH_MM = 12.0
"""Distances from the outline are followed up to here."""
_NOWHERE = 1e6

Row = npt.NDArray[np.float32]
"""One number for each pixel of a row."""


def to_distances(slices: FloatVolume, pixel_mm: tuple[float, float]) -> FloatVolume:
    """Replace the levels of each slice by the distance from its outline.

    Between thick slices distances can be interpolated where intensities leave stairs
    (Raya & Udupa 1990, doi:10.1109/42.52980). What an outline encloses is filled.

    Parameters
    ----------
    slices : ndarray, shape (slices, j, k)
        Levels, 0 on the outline.
    pixel_mm : tuple of float
        Pixel size along j and k.

    Returns
    -------
    ndarray
        Distance in mm, positive inside, followed up to `REACH_MM`.
    """
    out = np.empty_like(slices)
    _signed_distances(slices, pixel_mm, out)
    return out


@compiled
def _signed_distances(slices: FloatVolume, pixel_mm: tuple[float, float], out: FloatVolume) -> None:
    """Distance to the nearest crossing of the outline with a line of the pixel grid."""
    _, nj, nk = slices.shape
    pixel_j, pixel_k = pixel_mm
    aspect = (pixel_k / pixel_j) ** 2
    stack = np.empty(nj * nk + 1, dtype=np.int32)
    nearest = np.full((2, nj, nk), _NOWHERE, dtype=np.float32)
    away = np.empty((nj, nk), dtype=np.float64)
    for s in range(slices.shape[0]):
        inside = _filled(slices[s], stack)
        nearest[:], away[:] = _NOWHERE, np.inf
        box = _mark_crossings(slices[s], inside, aspect, nearest, away)
        for j in range(nj):
            for k in range(nk):
                out[s, j, k] = REACH_MM if inside[j, k] else -REACH_MM
        if box[1] < 0:
            continue
        reach_j, reach_k = int(REACH_MM / pixel_j) + 2, int(REACH_MM / pixel_k) + 2
        low_j, high_j = max(box[0] - reach_j, 0), min(box[1] + reach_j + 1, nj)
        low_k, high_k = max(box[2] - reach_k, 0), min(box[3] + reach_k + 1, nk)
        limit = (REACH_MM / pixel_j + 2 + 2 * pixel_k / pixel_j) ** 2
        _sweep(nearest, away, aspect, 1, (low_j, high_j, low_k, high_k), limit)
        _sweep(nearest, away, aspect, -1, (low_j, high_j, low_k, high_k), limit)
        for j in range(low_j, high_j):
            for k in range(low_k, high_k):
                far = min(pixel_j * np.sqrt(away[j, k]), REACH_MM)
                out[s, j, k] = far if inside[j, k] else -far


@compiled
def _filled(levels: npt.NDArray[np.float32], stack: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """All that cannot be reached from the border without crossing the outline."""
    nj, nk = levels.shape
    inside = np.zeros((nj, nk), dtype=np.bool_)
    low_j, high_j, low_k, high_k = nj, -1, nk, -1
    for j in range(nj):
        for k in range(nk):
            if levels[j, k] >= 0:
                low_j, high_j = min(low_j, j), j
                low_k, high_k = min(low_k, k), max(high_k, k)
    inside[low_j : high_j + 1, low_k : high_k + 1] = True
    top = 0
    for j in range(low_j, high_j + 1):
        for k in range(low_k, high_k + 1):
            if (j in (low_j, high_j) or k in (low_k, high_k)) and levels[j, k] < 0:
                inside[j, k] = False
                stack[top] = j * nk + k
                top += 1
    while top > 0:
        top -= 1
        j, k = stack[top] // nk, stack[top] % nk
        for dj, dk in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            jj, kk = j + dj, k + dk
            if 0 <= jj < nj and 0 <= kk < nk and inside[jj, kk] and levels[jj, kk] < 0:
                inside[jj, kk] = False
                stack[top] = jj * nk + kk
                top += 1
    return inside


@compiled
def _mark_crossings(
    levels: npt.NDArray[np.float32],
    inside: npt.NDArray[np.bool_],
    aspect: float,
    nearest: npt.NDArray[np.float32],
    away: npt.NDArray[np.float64],
) -> tuple[int, int, int, int]:
    """Give both neighbours of each crossing its place; return the box of all: first, last along j and k."""
    nj, nk = levels.shape
    low_j, high_j, low_k, high_k = nj, -1, nk, -1
    for j in range(nj):
        for k in range(nk):
            for dj, dk in ((1, 0), (0, 1)):
                jj, kk = j + dj, k + dk
                if jj >= nj or kk >= nk or inside[j, k] == inside[jj, kk]:
                    continue
                share = levels[j, k] / (levels[j, k] - levels[jj, kk])
                _offer(nearest, away, aspect, (j, k), (j + dj * share, k + dk * share))
                _offer(nearest, away, aspect, (jj, kk), (j + dj * share, k + dk * share))
                low_j, high_j = min(low_j, j), max(high_j, jj)
                low_k, high_k = min(low_k, k), max(high_k, kk)
    return low_j, high_j, low_k, high_k


@compiled
def _square(place: tuple[float, float], j: int, k: int, aspect: float) -> float:
    """Distance of a pixel from a place, in pixels along j, squared."""
    return (place[0] - j) ** 2 + aspect * (place[1] - k) ** 2


@compiled
def _offer(
    nearest: npt.NDArray[np.float32],
    away: npt.NDArray[np.float64],
    aspect: float,
    pixel: tuple[int, int],
    place: tuple[float, float],
) -> None:
    """Take a place for a pixel's nearest if it is nearer than what it has, `away` pixels squared."""
    j, k = pixel
    if _square(place, j, k, aspect) < away[j, k]:
        nearest[0, j, k], nearest[1, j, k] = place
        away[j, k] = _square((nearest[0, j, k], nearest[1, j, k]), j, k, aspect)


@compiled
def _sweep(
    nearest: npt.NDArray[np.float32],
    away: npt.NDArray[np.float64],
    aspect: float,
    way: int,
    box: tuple[int, int, int, int],
    limit: float,
) -> None:
    """Hand the nearest place on from row to row (Danielsson 1980, doi:10.1016/0146-664X(80)90054-4)."""
    low_j, high_j, low_k, high_k = box
    for row in range(high_j - low_j):
        j = low_j + row if way > 0 else high_j - 1 - row
        before = j - way
        at_j, at_k = nearest[0, j, low_k:high_k], nearest[1, j, low_k:high_k]
        if low_j <= before < high_j:
            from_j, from_k = nearest[0, before, low_k:high_k], nearest[1, before, low_k:high_k]
            _take_over(at_j, at_k, away[j, low_k:high_k], from_j, from_k, (aspect, limit), (j, low_k))
        _hand_on(at_j, at_k, away[j, low_k:high_k], (aspect, limit), (j, low_k), 1)
        _hand_on(at_j, at_k, away[j, low_k:high_k], (aspect, limit), (j, low_k), -1)


@compiled
def _take_over(
    at_j: Row, at_k: Row, away: npt.NDArray[np.float64], from_j: Row, from_k: Row, by: Any, first: Any
) -> None:
    """Take for each pixel of a row the nearest place of the three beside it in another row, if nearer."""
    (aspect, limit), (j, low_k) = by, first
    count = at_j.size
    for k in range(count):
        one, two = max(k - 1, 0), min(k + 1, count - 1)
        least = min(away[k], limit)
        best_j, best_k = at_j[k], at_k[k]
        new = (from_j[one] - j) ** 2 + aspect * (from_k[one] - (k + low_k)) ** 2
        best_j, best_k = (from_j[one], from_k[one]) if new < least else (best_j, best_k)
        least = min(new, least)
        new = (from_j[k] - j) ** 2 + aspect * (from_k[k] - (k + low_k)) ** 2
        best_j, best_k = (from_j[k], from_k[k]) if new < least else (best_j, best_k)
        least = min(new, least)
        new = (from_j[two] - j) ** 2 + aspect * (from_k[two] - (k + low_k)) ** 2
        best_j, best_k = (from_j[two], from_k[two]) if new < least else (best_j, best_k)
        least = min(new, least)
        at_j[k], at_k[k] = best_j, best_k
        away[k] = least if best_j < _NOWHERE else away[k]


@compiled
def _hand_on(at_j: Row, at_k: Row, away: npt.NDArray[np.float64], by: Any, first: Any, way: int) -> None:
    """Hand the nearest place on from pixel to pixel of a row."""
    (aspect, limit), (j, low_k) = by, first
    begin, end = (0, at_j.size) if way > 0 else (at_j.size - 1, -1)
    place = (at_j[begin], at_k[begin])
    for k in range(begin + way, end, way):
        new = _square(place, j, k + low_k, aspect)
        if new <= limit and new < away[k]:
            at_j[k], at_k[k] = place
            away[k] = new
        else:
            place = (at_j[k], at_k[k])
