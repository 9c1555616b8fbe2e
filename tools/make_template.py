"""Make the maps in src/defacto/anatomy/data from pydeface's average head and 13 whole-head label maps.

Run by a developer: ``python tools/make_template.py PYDEFACE_DATA_FOLDER LABELS_FOLDER`` (``pydeface/data``
of the package and ``../shared/data/labels``). Nothing of a single person is kept: the maps are averages
over 13.

1. The average head is turned so that its plane of symmetry is x = 0 (it lies 5.4 degrees off), on a 1 mm
RAS grid. 2. Each label map is painted as a T1w head, registered to it by `defacto.anatomy.registration`,
and carried over. 3. Brain and head are averaged and made symmetric; the cut and the feature shells are
drawn on them.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk

from defacto.anatomy import registration
from defacto.anatomy.morphology import distance_mm, fill_holes
from defacto.anatomy.resample import carry
from defacto.anatomy.template import data_path, load_template
from defacto.types import Feature, Grid

STRAIGHTEN = np.array(
    [
        [0.99537, -0.09379, -0.02099, 7.0],
        [0.09380, 0.99559, 0.0, 0.0],
        [0.02090, -0.00197, 0.99978, 0.0],
        [0.0, 0.0, 0.0, 1.0],
    ]
)
"""World of pydeface's head to ours, rigid; found by registering the head to its mirror image."""
FINE = Grid((188, 266, 258), np.array([[1.0, 0, 0, -93.5], [0, 1, 0, -124], [0, 0, 1, -125], [0, 0, 0, 1]]))
COARSE = Grid(
    (94, 133, 129), np.array([[2.0, 0, 0, -93.0], [0, 2, 0, -123.5], [0, 0, 2, -124.5], [0, 0, 0, 1]])
)
T1W = {
    2: 110, 41: 110, 3: 75, 42: 75, 4: 20, 5: 20, 43: 20, 44: 20, 7: 105, 46: 105, 8: 72, 47: 72, 10: 88,
    49: 88, 11: 80, 50: 80, 12: 84, 51: 84, 13: 95, 52: 95, 17: 76, 53: 76, 18: 76, 54: 76, 26: 80, 58: 80,
    28: 92, 60: 92, 16: 98, 14: 20, 15: 20, 24: 22, 25: 60, 57: 60, 72: 20, 30: 40, 62: 40, 85: 90, 506:
    25, 507: 62, 508: 120, 530: 90, 509: 30, 511: 150, 515: 18, 516: 100, 512: 85, 502: 30, 514: 40,
}  # fmt: skip
NOT_BRAIN = [0, 24, 502, 506, 507, 508, 509, 511, 512, 514, 515, 516, 530]


def smooth(volume: np.ndarray, sigma: float) -> np.ndarray:
    """Blur by a Gaussian, voxels."""
    return sitk.GetArrayFromImage(
        sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(np.float32(volume)), sigma)
    )


def mirrored(volume: np.ndarray) -> np.ndarray:
    """Average a volume with its mirror image."""
    return (volume + volume[::-1]) / 2


def largest(mask: np.ndarray) -> np.ndarray:
    """Keep the largest piece."""
    pieces = sitk.RelabelComponent(sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8))))
    return sitk.GetArrayFromImage(pieces) == 1


def closed(mask: np.ndarray) -> np.ndarray:
    """Close gaps of 8 mm, such as nostrils, and fill what is inside."""
    return fill_holes(
        sitk.GetArrayFromImage(
            sitk.BinaryMorphologicalClosing(sitk.GetImageFromArray(mask.astype(np.uint8)), [4] * 3)
        )
        > 0
    )


def halved(volume: np.ndarray) -> np.ndarray:
    """Average blocks of 2 x 2 x 2 voxels: from the fine to the coarse grid."""
    i, j, k = COARSE.shape
    return volume.reshape(i, 2, j, 2, k, 2).mean(axis=(1, 3, 5))


def save(name: str, volume: np.ndarray, grid: Grid, dtype: type, unit: float = 1.0) -> None:
    """Write a volume of whole multiples of a unit."""
    limits = np.iinfo(dtype)
    stored = np.clip(np.rint(volume / unit), limits.min, limits.max).astype(dtype)
    image = nib.Nifti1Image(stored, grid.affine)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = b""
    content = bytearray(image.to_bytes())
    content[112:120] = np.array([unit, 0.0], dtype=image.header["scl_slope"].dtype).tobytes()
    with (
        data_path(name).open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
    ):
        packed.write(content)


def load(path: Path) -> tuple[np.ndarray, Grid]:
    """Read a volume as float32."""
    image = nib.load(path)
    return np.ascontiguousarray(image.get_fdata(dtype=np.float32)), Grid(
        image.shape, np.asarray(image.affine)
    )


def write_head(source: Path) -> np.ndarray:
    """Write the straightened head at 1 and 2 mm, and a first map of its skin; return it."""
    volume, grid = load(source)
    head = carry(volume, grid, FINE, np.linalg.inv(STRAIGHTEN))
    scaled = head * (255 / 560)
    save("template.nii.gz", scaled, FINE, np.uint8)
    save("template_2mm.nii.gz", halved(smooth(scaled, 0.8)), COARSE, np.uint8)
    skin = distance_mm(closed(largest(smooth(head, 1.0) > 75)), (1.0, 1.0, 1.0))
    save("skin_2mm.nii.gz", halved(skin), COARSE, np.int8, 0.5)
    for name in ("p_brain_2mm.nii.gz", "face_cut_2mm.nii.gz", "ear_cut_2mm.nii.gz", "features_2mm.nii.gz"):
        if not data_path(name).exists():
            save(name, np.zeros(COARSE.shape), COARSE, np.uint8)
    return head


def carried(path: Path) -> np.ndarray:
    """Register one label map and return it on the fine grid; -1 outside its field of view."""
    image = nib.load(path)
    labels = np.asarray(image.dataobj).astype(np.int16)
    grid = Grid(labels.shape, np.asarray(image.affine))
    painted = np.zeros(labels.shape, dtype=np.float32)
    for label in np.unique(labels):
        painted[labels == label] = T1W.get(int(label), 50) if label else 0
    found = registration.register(smooth(painted, 1.0), grid, 6.0, 1.066)
    print(
        path.name,
        f"agreement {found.agreement_mm:.1f} mm, score {found.score:.3f}, rung {found.rung}",
        flush=True,
    )
    pull = grid.to_voxel @ np.linalg.inv(found.to_template) @ FINE.affine
    index = np.indices(FINE.shape).reshape(3, -1)
    voxel = np.rint(pull[:3, :3] @ index + pull[:3, 3:]).astype(np.int32)
    inside = ((voxel >= 0) & (voxel < np.array(labels.shape)[:, None])).all(axis=0)
    result = np.full(index.shape[1], -1, dtype=np.int16)
    result[inside] = labels[tuple(voxel[:, inside])]
    return result.reshape(FINE.shape)


def average(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the share of persons with brain, the share of those in view with head, and how many are."""
    brain, head, seen = (np.zeros(FINE.shape, dtype=np.float32) for _ in range(3))
    paths = sorted(folder.glob("*_labels.nii.gz"))
    for path in paths:
        labels = carried(path)
        brain += (labels >= 0) & ~np.isin(labels, NOT_BRAIN)
        head += closed(labels > 0) & (labels >= 0)
        seen += labels >= 0
    return brain / len(paths), head / np.maximum(seen, 1), seen


def write_averages(head: np.ndarray, p_brain: np.ndarray, p_head: np.ndarray, seen: np.ndarray) -> None:
    """Write the share of persons with brain, and the distance to the skin of the average head."""
    trust = np.clip((seen - 2) / 4, 0, 1)
    both = trust * p_head + (1 - trust) * closed(largest(smooth(head, 1.0) > 75))
    skin = distance_mm(largest(smooth(mirrored(both), 1.4) > 0.5), (1.0, 1.0, 1.0))
    save("p_brain_2mm.nii.gz", halved(mirrored(smooth(p_brain, 0.6))), COARSE, np.uint8, 1 / 250)
    save("skin_2mm.nii.gz", halved(skin), COARSE, np.int8, 0.5)


def ramp(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Go from 0 at ``low`` to 1 at ``high``, straight."""
    return np.clip((values - low) / (high - low), 0, 1)


def draw(skin: np.ndarray) -> None:
    """Draw the cuts and the shells around the features.

    Numbers are mm from the left, back and lower end of the template; the eyes lie at (63 and 124, 198, 92),
    the tip of the nose at (93, 237, 60), the mouth at (93, 225, 33), the ears around (20 and 167, 108, 80).
    """
    i, j, k = (
        np.arange(n).reshape([-1 if a == axis else 1 for a in range(3)]) * 2 + 0.5
        for axis, n in enumerate(COARSE.shape)
    )
    aside = np.abs(i - 93.5)
    behind = 188.0 - 0.21 * np.maximum(48 - k, 0) + 20 * ramp(-aside, -20, -12) * ramp(k, 84, 92)
    roof = (j - 186) * 12 / 39 + 100
    face = np.minimum(j - behind, roof - k)
    zone = (1 - np.sqrt(((j - 108) / 30) ** 2 + ((k - 72) / 42) ** 2)) * 30
    ear = np.minimum(np.minimum(zone, skin + 6 - 3 * ramp(k, 90, 105)), aside - 50)
    shell = (skin > -9) & (skin < 22)
    eyes = shell & (aside > 12) & (aside < 50) & (k > 79) & (k < 105) & (j > 195)
    ears = (skin > -2) & (skin < 25) & (((j - 108) / 24) ** 2 + ((k - 74) / 37) ** 2 < 1) & (aside > 55)
    features = np.zeros(COARSE.shape, dtype=np.uint8)
    features[eyes & (i < 93.5)] = Feature.LEFT_EYE.label
    features[eyes & (i > 93.5)] = Feature.RIGHT_EYE.label
    features[shell & (aside < 18) & (k > 47) & (k < 95) & (j > 213)] = Feature.NOSE.label
    features[shell & (aside < 28) & (k > 15) & (k <= 47) & (j > 195)] = Feature.MOUTH.label
    features[ears & (i < 93.5)] = Feature.LEFT_EAR.label
    features[ears & (i > 93.5)] = Feature.RIGHT_EAR.label
    save("face_cut_2mm.nii.gz", np.clip(face, -60, 60), COARSE, np.int8, 0.5)
    save("ear_cut_2mm.nii.gz", np.clip(ear, -60, 60), COARSE, np.int8, 0.5)
    save("features_2mm.nii.gz", features, COARSE, np.uint8)


def main(words: list[str]) -> None:
    """Make all maps; without arguments, draw only the cuts and the shells anew."""
    if words:
        head = write_head(Path(words[0]) / "mean_reg2mean.nii.gz")
        load_template.cache_clear()
        write_averages(head, *average(Path(words[1])))
    draw(load(data_path("skin_2mm.nii.gz"))[0])


if __name__ == "__main__":
    main(sys.argv[1:])
