"""Seconds of ``defacto check`` a scan in one process, step by step, and of a thousand ready renders.

``python benchmarks/check.py [SCAN ...]``: by default a made head of 1 mm. Reading and writing down are
measured as the command does them; the first scan of a process, which loads networks and compiled code, is
told apart.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

from defacto.config import Settings
from defacto.io import volume
from defacto.pipeline.check import check_scan
from defacto.qc import RenderClassifier
from defacto.report.check_files import check_csv
from defacto.simulate.base import TEMPLATE, load_base
from defacto.simulate.head import draw_head, make_head
from defacto.simulate.ranges import Ranges
from defacto.types import Looks

STEPS = ("read", "segment", "render", "classify", "measure")
TIMES = 5
RENDERS = 1000


def made_head(folder: Path) -> Path:
    """Write a made head of 1 mm."""
    ranges = Ranges(voxel_mm=(1.0, 1.0), thick_share=0.0, cut_share=0.0, hole_share=0.0, lie_share=0.0)
    head = make_head(load_base(), draw_head(np.random.default_rng(1), TEMPLATE, ranges))
    volume.write(folder / "made.nii.gz", head.scan)
    return folder / "made.nii.gz"


def seconds_of(path: Path) -> dict[str, float]:
    """Check a scan once."""
    began = time.perf_counter()
    scan = volume.read(path)
    read = time.perf_counter() - began
    found = check_scan(scan, Settings())
    return {"read": read, **found.seconds, "all": time.perf_counter() - began}


def classify_many() -> float:
    """Classify ready renders, and make their table."""
    rng = np.random.default_rng(0)
    looks = [
        Looks(
            *(rng.integers(0, 255, shape, np.uint8) for shape in ((3, 165, 135), (3, 165, 135), (128, 128)))
        )
        for _ in range(RENDERS)
    ]
    with tempfile.TemporaryDirectory() as folder:
        one = check_scan(volume.read(made_head(Path(folder))), Settings())
    began = time.perf_counter()
    said = RenderClassifier().predict(looks)
    results = [replace(one, path=f"{n}.nii.gz", prediction=each) for n, each in enumerate(said)]
    results.sort(key=lambda each: max(each.prediction.p_outcome.values()) if each.prediction else 0.0)
    check_csv(results)
    return time.perf_counter() - began


def main(paths: list[Path]) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'scan':28}{'shape':>16}" + "".join(f"{step:>10}" for step in (*STEPS, "all", "first")))
        for path in paths or [made_head(Path(folder))]:
            first = seconds_of(path)["all"]
            runs = [seconds_of(path) for _ in range(TIMES)]
            told = [median(run[step] for run in runs) for step in (*STEPS, "all")]
            shape = "x".join(map(str, volume.read(path).grid.shape))
            print(f"{path.name[:27]:28}{shape:>16}" + "".join(f"{value:10.2f}" for value in (*told, first)))
    print(
        f"{RENDERS} ready renders classified, sorted, tabulated: {classify_many():.2f} s;"
        f" {os.cpu_count()} cores"
    )


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])
