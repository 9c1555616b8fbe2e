"""Made heads beside real ones: size, surface, contrast, noise, voxels. Prints a table.

Run as `python benchmarks/made_heads.py HEADS_FOLDER [LABELS_FOLDER]` (``../shared/data/heads`` and
``../shared/data/labels``); without the latter the made heads come from the template.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from defacto.io.volume import read
from defacto.render.contrast import find_contrast
from defacto.render.head import find_head
from defacto.render.view import View, cast
from defacto.simulate.bases import load_bases
from defacto.simulate.head import Ranges, draw_head, make_head
from defacto.types import FloatVolume, Grid

ROWS = (
    "cranium's width, mm",
    "cranium's length, mm",
    "bend of the face, median, degrees a mm",
    "bend of the face, 90th percentile",
    "spread of the head's brightness, share of its mean",
    "noise, share of the step from air to skin",
    "largest voxel side, mm",
)


def measures(volume: FloatVolume, grid: Grid) -> list[float]:
    """Return a head's numbers, in the order of `ROWS`."""
    head = find_head(volume, grid)
    contrast = find_contrast(volume)
    height = head.affine[2, 2] * np.arange(head.levels.shape[2]) + head.affine[2, 3]
    cranium = head.levels[:, :, (height > head.top_mm[2] - 90) & (height < head.top_mm[2] - 25)] > 0
    size = np.sqrt((head.affine[:3, :3] ** 2).sum(axis=0))
    wide = cranium.any(axis=(1, 2)).sum() * size[0]
    long = cranium.any(axis=(0, 2)).sum() * size[1]
    bends = _bends(cast(head, View(0.0), 168).normals)
    inside = volume[volume > contrast.air + 0.5 * (contrast.tissue - contrast.air)]
    return [
        float(wide),
        float(long),
        float(np.median(bends)),
        float(np.percentile(bends, 90)),
        float(inside.std() / inside.mean()),
        float(contrast.roughness),
        max(grid.voxel_size_mm),
    ]


def _bends(normals: FloatVolume) -> FloatVolume:
    middle = normals[20:140, 40:128]
    along = np.clip((middle[1:] * middle[:-1]).sum(axis=2), -1, 1)
    return np.degrees(np.arccos(along[along > 0.2])) / 1.5


def main(heads: Path, labels: Path | None) -> None:
    """Print the table."""
    real = []
    for path in sorted(heads.glob("*.nii.gz")):
        scan = read(path)
        real.append(measures(scan.volume, scan.grid))
    made, seconds = [], []
    ranges = Ranges(contrasts={"T1w": 3, "T2w": 1, "T1w with gadolinium": 1}, far_tilt_share=0.0)
    handles = list(load_bases(labels).values())
    for number in range(16):
        base = handles[number * len(handles) // 16].load()
        parameters = draw_head(np.random.default_rng(number), base.name, ranges)
        started = time.perf_counter()
        head = make_head(base, parameters)
        seconds.append(time.perf_counter() - started)
        made.append(measures(head.scan.volume, head.true_grid))
    print(f"{len(made)} made heads of {len(handles)} base heads, {np.median(seconds):.2f} s each\n")
    print("| | real | made |\n|---|---|---|")
    for name, ours, theirs in zip(ROWS, np.array(real).T, np.array(made).T, strict=True):
        print(f"| {name} | {_span(ours)} | {_span(theirs)} |")


def _span(values: FloatVolume) -> str:
    return f"{np.median(values):.3g} ({values.min():.3g} to {values.max():.3g})"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
