"""``defacto deface``, everything included, beside plain ``niimath -deface``, on the same files in one run.

Run ``python benchmarks/deface.py SCAN.nii.gz [...] [--repeats 3]``. Both are started as programs and take
turns; seconds are of the wall clock, memory is the peak of the program and, for defacto, of the niimath
that it starts. The pydeface template that niimath needs is defacto's own template with the mask of its cut.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nibabel as nib
import niimath
import numpy as np

from defacto.anatomy.template import data_path, load_template


def peak_mb(pid: int, stop: threading.Event, peaks: dict[int, float]) -> None:
    """Watch the resident memory of a process and its children."""
    while not stop.is_set():
        total = 0.0
        for each in [pid, *children(pid)]:
            try:
                lines = Path(f"/proc/{each}/status").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
        peaks[pid] = max(peaks.get(pid, 0.0), total)
        stop.wait(0.01)


def children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(each) for each in text.split()]


def run(words: list[str]) -> tuple[float, float]:
    """Run a program; return its seconds and its peak memory, MB."""
    begun = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peaks: dict[int, float] = {}
    stop = threading.Event()
    watcher = threading.Thread(target=peak_mb, args=(process.pid, stop, peaks))
    watcher.start()
    process.wait()
    seconds = time.perf_counter() - begun
    stop.set()
    watcher.join()
    return seconds, peaks[process.pid]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scans", nargs="+", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        template = load_template()
        keep = (np.maximum(template.face_cut_mm, template.ear_cut_mm) <= 0).astype(np.uint8)
        nib.save(nib.Nifti1Image(keep, template.grid.affine), here / "keep.nii.gz")
        head = str(data_path("template.nii.gz"))
        print("scan                     Mvoxels  niimath s  defacto s  ratio  niimath MB  defacto MB")
        for scan in options.scans:
            ours, theirs = [], []
            for n in range(options.repeats):
                target = here / f"ours{n}.nii.gz"
                theirs.append(
                    run(
                        [
                            niimath.bin,
                            str(scan),
                            "-deface",
                            head,
                            str(here / "keep.nii.gz"),
                            str(here / "t.nii.gz"),
                        ]
                    )
                )
                ours.append(
                    run(
                        [
                            sys.executable,
                            "-m",
                            "defacto.cli",
                            "deface",
                            str(scan),
                            str(target),
                            "--keep-uncertain",
                        ]
                    )
                )
                target.unlink(missing_ok=True)
            voxels = np.prod(nib.load(scan).shape) / 1e6
            t, o = (statistics.median(each[0] for each in runs) for runs in (theirs, ours))
            tm, om = (max(each[1] for each in runs) for runs in (theirs, ours))
            print(f"{scan.name[:24]:24} {voxels:8.1f} {t:10.2f} {o:10.2f} {o / t:6.2f} {tm:11.0f} {om:11.0f}")


if __name__ == "__main__":
    main()
