"""The time of each method of defacing beside that of plain ``niimath -deface``, on the same scans.

Run ``python benchmarks/methods.py SCAN.nii.gz [...] [--repeats 3]``. Methods take turns; each is timed from
the scan in memory to the defaced scan in memory, without the registration and the networks, which all of ours
share and which are timed apart. niimath does its own registration within its time; so the last column
compares the whole of ours, registration included, with the whole of niimath.
"""

from __future__ import annotations

import argparse
import statistics
import time
from functools import partial
from pathlib import Path

import numpy as np

from defacto import anatomy, deface
from defacto.config import DefaceSettings, Settings
from defacto.errors import StepError
from defacto.io import volume


def seconds(work) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def deface_once(name: str, scan, context) -> None:
    method = deface.find(name)
    deface.apply(scan, method.removal(scan, context, DefaceSettings(method=name)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scans", nargs="+", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    settings = Settings()
    print(f"{'scan':<20}{'Mvoxels':>8}{'method':>16}{'s':>8}{'with shared s':>15}{'of niimath':>12}")
    for path in options.scans:
        scan = volume.read(path)
        times: dict[str, list[float]] = {name: [] for name in ("shared", "niimath", *deface.METHODS)}
        context = anatomy.locate(scan, settings.anatomy)
        for name in deface.METHODS:
            try:
                deface_once(name, scan, context)
            except StepError as error:
                print(f"{path.name}: {name}: {error}")
                del times[name]
        works = {name: partial(deface_once, name, scan, context) for name in times if name != "shared"}
        works["shared"] = partial(anatomy.locate, scan, settings.anatomy)
        for _ in range(options.repeats):
            for name, work in works.items():
                times[name].append(seconds(work))
        middle = {name: statistics.median(found) for name, found in times.items()}
        voxels = np.prod(scan.grid.shape) / 1e6
        for name, own in middle.items():
            whole = own if name in {"niimath", "shared"} else own + middle["shared"]
            print(
                f"{path.name[:19]:<20}{voxels:8.1f}{name:>16}{own:8.2f}{whole:15.2f}"
                f"{whole / middle['niimath']:12.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
