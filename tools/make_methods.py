"""Make the maps that single methods of defacing need, in src/defacto/anatomy/data.

Run by a developer: ``python tools/make_methods.py PYDEFACE_DATA_FOLDER LABELS_FOLDER`` (``pydeface/data``
of the package and ``../shared/data/labels``). Nothing of a single person is kept, and nothing is drawn by
chance.

1. ``pydeface_cut``: the distance to what pydeface's own mask takes. 2. ``p_face`` and ``p_ears``: the share
of ten persons who have face, or an ear, at a place after affine registration; heads 02, 04 and 10 are left
out, so that comparisons can be made on them. 3. ``average_t1`` and ``average_skin``: the average head with
its sharp skin, ears, jaw and neck, as the made heads begin with it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from make_template import COARSE, FINE, STRAIGHTEN, halved, load, save

from defacto.anatomy.morphology import closed, distance_mm
from defacto.anatomy.resample import carry
from defacto.simulate.base import BRAIN_CODE, BRAIN_LEVEL_STEP, EYE_CODE, LEVEL_STEP, Base, load_base
from defacto.simulate.bases import load_label_base
from defacto.simulate.structures import Structure, is_brain
from defacto.types import Feature, Grid

HELD_OUT = ("head02", "head04", "head10")
AVERAGE = Grid(
    (94, 133, 150), np.array([[2.0, 0, 0, -93.0], [0, 2, 0, -123.5], [0, 0, 2, -166.5], [0, 0, 0, 1]])
)
"""The coarse grid, with room for jaw and neck."""
EYE_LEVEL = 45.0
"""Brightness of an eye in the average T1w head."""
GAP_MM = 14.0


def write_pydeface_cut(folder: Path) -> None:
    """Carry pydeface's mask (1 = keep) over; what it takes at its border goes on outside."""
    keep, grid = load(folder / "facemask.nii.gz")
    kept = carry(keep, grid, FINE, np.linalg.inv(STRAIGHTEN), fill=None) > 0.5
    taken = distance_mm(~kept, (1.0, 1.0, 1.0)) - np.float32(0.5)
    save("pydeface_cut_2mm.nii.gz", np.clip(-halved(taken), -60, 60), COARSE, np.int8, 0.5)


def face_of(base: Base) -> np.ndarray:
    """Return eyes, and the shells around the skin of eyes, nose and mouth, with the gaps between closed."""
    labels = [feature.label for feature in Feature if not feature.is_ear]
    face = np.isin(base.features, labels) | (base.structures == Structure.EYE)
    return closed(face, GAP_MM) & ~is_brain(base.structures)


def ears_of(base: Base) -> np.ndarray:
    """Return the shells around the ears."""
    return np.isin(base.features, [feature.label for feature in Feature if feature.is_ear])


def write_shares(folder: Path) -> None:
    """Average face and ears over persons, and over both sides."""
    face, ears = (np.zeros(COARSE.shape, dtype=np.float32) for _ in range(2))
    paths = [p for p in sorted(folder.glob("*_labels.nii.gz")) if not p.name.startswith(HELD_OUT)]
    for path in paths:
        base = load_label_base(path)
        for share, part in ((face, face_of(base)), (ears, ears_of(base))):
            share[:] += halved(carry(part.astype(np.float32), base.grid, FINE, np.eye(4)))
        print(path.name, flush=True)
    for name, total in (("p_face_2mm.nii.gz", face), ("p_ears_2mm.nii.gz", ears)):
        save(name, (total + total[::-1]) / 2 / len(paths), COARSE, np.uint8, 1 / 250)


def write_average() -> None:
    """Write brightness and skin of the average head."""
    base = load_base()
    codes = base.codes.astype(np.float32)
    t1 = np.where(codes < BRAIN_CODE, codes * LEVEL_STEP, (codes - BRAIN_CODE) * BRAIN_LEVEL_STEP)
    t1[base.codes == EYE_CODE] = EYE_LEVEL
    save("average_t1_2mm.nii.gz", carry(t1, base.grid, AVERAGE, np.eye(4), fill=None), AVERAGE, np.uint8)
    skin = carry(base.surface_mm, base.grid, AVERAGE, np.eye(4), fill=None)
    save("average_skin_2mm.nii.gz", skin, AVERAGE, np.int8, 0.1)


def main(words: list[str]) -> None:
    """Make all maps."""
    write_pydeface_cut(Path(words[0]))
    write_shares(Path(words[1]))
    write_average()


if __name__ == "__main__":
    main(sys.argv[1:])
