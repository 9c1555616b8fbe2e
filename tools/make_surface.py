"""Cut the skin of the made head out of the template.

Run by a developer: ``python tools/make_surface.py`` writes the package's data. The average head wears
goggles, its lips are blurred, and it ends above the chin. Here its skin is found where the average is sharp
enough, eyelids and lips are modelled, and jaw, chin and neck are carried on below.
"""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from defacto.anatomy.template import data_path
from defacto.simulate.base import BELOW_MM, EYE_CENTERS_MM, FLOOR_MM, SURFACE_FILE, SURFACE_UNIT_MM, below
from defacto.types import FloatVolume, Mask

_FRONT_MM = 60.0


def sculpt() -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
    """Return the distance to the skin in `SURFACE_UNIT_MM`, and where its first voxel lies (1 mm, RAS)."""
    image = nib.load(data_path("template.nii.gz"))
    head = image.get_fdata(dtype=np.float32)
    origin = np.asarray(image.affine)[:3, 3].copy()
    mask = _skin(head, origin)
    floor = int(FLOOR_MM - origin[2])
    mask[:, :, :floor] = mask[:, :, floor : floor + 9].mean(axis=2, keepdims=True) > 0.5
    mask = _tidy_front(_filled(mask), origin)
    mask = np.concatenate([np.repeat(mask[:, :, :1], BELOW_MM, axis=2), mask], axis=2)
    origin[2] -= BELOW_MM
    distance = _distance(_largest(_taper(mask, origin)), origin)
    distance = _joined(distance, _mouth_and_chin_mm(distance.shape, origin))
    return np.clip(np.rint(distance / SURFACE_UNIT_MM), -100, 100).astype(np.int8), origin


def _axes(shape: tuple[int, ...], origin: npt.NDArray[np.float64]) -> list[FloatVolume]:
    x, y, z = np.ogrid[: shape[0], : shape[1], : shape[2]]
    return [(a + o).astype(np.float32) for a, o in zip((x, y, z), origin, strict=True)]


def _skin(head: FloatVolume, origin: npt.NDArray[np.float64]) -> Mask:
    """Threshold the average: high in front of the eyes, where the goggles are, low at nose tip and mouth."""
    x, y, z = _axes(head.shape, origin)
    upper_front = 1 / ((1 + np.exp((66 - y) / 4)) * (1 + np.exp((-54 - z) / 3)))
    nose = np.exp(-0.5 * ((x / 12) ** 2 + ((y - 112) / 30) ** 2 + ((z + 64) / 12) ** 2))
    mouth = np.exp(-0.5 * ((x / 28) ** 2 + ((y - 98) / 25) ** 2 + ((z + 102) / 14) ** 2))
    smooth = sitk.SmoothingRecursiveGaussian(_to_image(head), 0.8)
    mask: Mask = sitk.GetArrayFromImage(smooth) > 33 + 17 * upper_front - 6 * nose - 17 * mouth
    for center in EYE_CENTERS_MM:
        mask |= _ellipsoid((x, y, z), center, (14, 14, 13))
        mask |= _ellipsoid((x, y, z), (center[0], center[1] - 10, center[2]), (22, 20, 15))
    return mask


def _ellipsoid(axes: tuple[FloatVolume, ...], center: tuple[float, ...], radii: tuple[float, ...]) -> Mask:
    parts = [((a - c) / r) ** 2 for a, c, r in zip(axes, center, radii, strict=True)]
    return np.asarray(parts[0] + parts[1] + parts[2] < 1)


def _filled(mask: Mask) -> Mask:
    floor = sitk.BinaryMorphologicalClosing(_to_image(mask[:, :, 0]), [12, 12], sitk.sitkBall)
    closed = mask.copy()
    closed[:, :, 0] = sitk.GetArrayFromImage(sitk.BinaryFillhole(floor)) > 0
    return np.asarray(sitk.GetArrayFromImage(sitk.BinaryFillhole(_to_image(closed))) > 0)


def _tidy_front(mask: Mask, origin: npt.NDArray[np.float64]) -> Mask:
    """Open and close the front, which takes away what is thinner than a nose."""
    start, rim = int(_FRONT_MM - origin[1]), 8
    front = np.pad(mask[:, start - rim :, :], rim, mode="edge")
    image = sitk.BinaryMorphologicalOpening(_to_image(front), [5] * 3, sitk.sitkBall)
    image = sitk.BinaryMorphologicalClosing(image, [5] * 3, sitk.sitkBall)
    tidy = sitk.GetArrayFromImage(image)[rim:-rim, rim:-rim, rim:-rim] > 0
    return np.concatenate([mask[:, :start], tidy[:, rim:]], axis=1)


def _taper(mask: Mask, origin: npt.NDArray[np.float64]) -> Mask:
    """Carry the lowest good section down as jaw and neck."""
    i, j, k = np.indices(mask.shape, dtype=np.float32)
    x, y, z = below(i + origin[0], j + origin[1], k + origin[2])
    index = [np.rint(v - o).astype(int) for v, o in zip((x, y, z), origin, strict=True)]
    index = [np.clip(v, 0, n - 1) for v, n in zip(index, mask.shape, strict=True)]
    return np.asarray(mask[index[0], index[1], index[2]])


def _mouth_and_chin_mm(shape: tuple[int, ...], origin: npt.NDArray[np.float64]) -> FloatVolume:
    """Return the distance to modelled lips and chin, mm; right near their surface."""
    x, y, z = _axes(shape, origin)
    bow = (x**2 / 90).astype(np.float32)
    parts: tuple[tuple[tuple[FloatVolume, ...], tuple[float, ...], tuple[float, ...]], ...] = (
        ((x, y + bow, z), (0, 96.5, -88.5), (25, 8.5, 5.2)),
        ((x, y + bow, z), (0, 94.5, -99.0), (22, 9.0, 5.8)),
        ((x, y, z), (0, 85, -122), (20, 15, 14)),
    )
    distance = np.full(shape, np.inf, dtype=np.float32)
    for axes, center, radii in parts:
        squares = [((a - c) / r) ** 2 for a, c, r in zip(axes, center, radii, strict=True)]
        part = (np.sqrt(squares[0] + squares[1] + squares[2]) - 1) * min(radii)
        distance = np.minimum(distance, part)
    return distance


def _joined(one: FloatVolume, other: FloatVolume) -> FloatVolume:
    """Return the distance to either of two bodies, with a fillet of about 2 mm where they meet."""
    share = np.clip(0.5 + (one - other) / 8, 0, 1)
    return np.asarray(one + (other - one) * share - 4 * share * (1 - share) * 0.5, dtype=np.float32)


def _largest(mask: Mask) -> Mask:
    parts = sitk.RelabelComponent(sitk.ConnectedComponent(_to_image(mask)))
    return np.asarray(sitk.GetArrayFromImage(parts) == 1)


def _distance(mask: Mask, origin: npt.NDArray[np.float64]) -> FloatVolume:
    """Measure to the skin, smoothed more over the cranium and under the jaw, where it is plain."""
    distance = sitk.SignedMaurerDistanceMap(_to_image(mask), False, False, False)
    fine, plain = (
        sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(distance, sigma)) for sigma in (1.6, 4.0)
    )
    z = _axes(mask.shape, origin)[2]
    share = np.clip((z - 10) / 30, 0, 1) + np.clip((FLOOR_MM + 12 - z) / 16, 0, 1)
    return np.asarray(fine + (plain - fine) * share, dtype=np.float32)


def _to_image(values: npt.NDArray[np.generic]) -> sitk.Image:
    return sitk.GetImageFromArray(values.astype(np.uint8) if values.dtype == bool else values)


def main() -> None:
    """Write the surface beside the modules."""
    distance, origin = sculpt()
    path = Path(str(SURFACE_FILE))
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, distance=distance, origin_mm=origin)


if __name__ == "__main__":
    main()
