"""How much brain a run removed, by a judge that defacto does not use.

The judge is deepbet (doi:10.1016/j.compbiomed.2024.108845). Run
``python benchmarks/brain_reference.py OUT SCAN_NAME=ORIGINAL.nii.gz [...]`` in an environment with deepbet,
torch and nibabel. For each scan of the run in OUT: millilitres of deepbet's brain under the last
attempt's removal mask.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nibabel as nib
import numpy as np
from deepbet import run_bet


def main(out: Path, pairs: list[tuple[str, Path]]) -> None:
    print(f"{'scan':34} {'brain ml':>9} {'removed ml':>11} {'nearest mm':>11}")
    with tempfile.TemporaryDirectory() as folder:
        for name, original in pairs:
            target = Path(folder) / "mask.nii.gz"
            run_bet([str(original)], mask_paths=[str(target)], threshold=0.5, n_dilate=0, no_gpu=True)
            brain = np.asarray(nib.load(target).dataobj) > 0
            last = sorted((out / "scans" / name).glob("attempt-*"))[-1]
            image = nib.load(last / "removal.nii.gz")
            removal = np.asarray(image.dataobj) > 0
            size = np.sqrt((image.affine[:3, :3] ** 2).sum(axis=0))
            ml = float(np.prod(size)) / 1000
            lost, near = (brain & removal).sum() * ml, nearest_mm(brain, removal, size)
            print(f"{name:34} {brain.sum() * ml:9.0f} {lost:11.3f} {near:11.1f}", flush=True)


def nearest_mm(brain: np.ndarray, removal: np.ndarray, size: np.ndarray) -> float:
    """Return the least distance of removed voxels to the brain, mm; 0 where they overlap."""
    if (brain & removal).any():
        return 0.0
    a, b = (edge(mask) * size for mask in (brain, removal))
    least = np.inf
    for start in range(0, len(a), 500):
        least = min(least, float(np.sqrt(((a[start : start + 500, None] - b[None, ::7]) ** 2).sum(-1)).min()))
    return least


def edge(mask: np.ndarray) -> np.ndarray:
    """Return the indices of some voxels at the border of a mask."""
    inner = mask.copy()
    for axis in range(3):
        inner &= np.roll(mask, 1, axis) & np.roll(mask, -1, axis)
    return np.argwhere(mask & ~inner)[::11]


if __name__ == "__main__":
    main(Path(sys.argv[1]), [(word.split("=")[0], Path(word.split("=", 1)[1])) for word in sys.argv[2:]])
