"""Seconds for the views of a made 256^3 head, on one core, stage by stage.

Run ``OPENBLAS_NUM_THREADS=1 python benchmarks/render.py [SCAN.nii.gz ...]``; scans named are timed too.
Times are of the processor, so threads would count.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from defacto.io.volume import read
from defacto.render.contrast import find_contrast, to_levels
from defacto.render.head import find_head
from defacto.render.surface import VIEWS, shade
from defacto.render.view import cast
from defacto.types import FloatVolume, Grid

REPEATS = 5


def made_head(size: int = 256) -> tuple[FloatVolume, Grid]:
    voxel_mm = 256 / size
    affine = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    affine[:3, 3] = -voxel_mm * (size - 1) / 2
    line = voxel_mm * (np.arange(size, dtype=np.float32) - (size - 1) / 2)
    x, y, z = np.meshgrid(line, line, line, indexing="ij")
    away = np.sqrt((x / 76) ** 2 + (y / 94) ** 2 + (z / 110) ** 2)
    volume = np.where(away < 0.86, 200, np.where(away < 0.93, 20, np.where(away < 1, 300, 0)))
    rng = np.random.default_rng(0)
    noisy = np.hypot(volume + rng.normal(0, 8, volume.shape), rng.normal(0, 8, volume.shape))
    noisy = noisy.astype(np.float32)
    noisy.flags.writeable = False
    return noisy, Grid(volume.shape, affine)


def best(task: Callable[[], Any]) -> tuple[float, Any]:
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        result = task()
        times.append(time.process_time() - start)
    return min(times), result


def profile(name: str, volume: FloatVolume, grid: Grid) -> None:
    contrast_s, contrast = best(lambda: find_contrast(volume))
    levels_s, _ = best(lambda: to_levels(volume, contrast))
    head_s, head = best(lambda: find_head(volume, grid))
    maxima_s, _ = best(lambda: type(head).maxima.func(head))
    cast_s, seen = best(lambda: [cast(head, VIEWS[side], 300) for side in ("left", "right")])
    shade_s, _ = best(lambda: [shade(each) for each in seen])
    total = head_s + maxima_s + cast_s + shade_s
    print(f"{name}  {'x'.join(map(str, volume.shape))}: two views in {total:.3f} s of one core")
    print(f"  head {head_s:.3f} (contrast {contrast_s:.3f}, levels {levels_s:.3f})")
    print(f"  block maxima {maxima_s:.3f}, rays {cast_s:.3f}, shading {shade_s:.3f}")


def main() -> None:
    start = time.perf_counter()
    volume, grid = made_head(128)
    head = find_head(volume, grid)
    shade(cast(head, VIEWS["left"], 60))
    print(f"first call, compilation or its cache: {time.perf_counter() - start:.2f} s")
    profile("made head", *made_head())
    for path in map(Path, sys.argv[1:]):
        scan = read(path)
        profile(path.name, scan.volume, scan.grid)


if __name__ == "__main__":
    main()
