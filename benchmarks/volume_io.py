"""Reading and writing volumes: defacto (isal) beside nibabel (zlib), on the same file in one run.

Usage: python benchmarks/volume_io.py [VOLUME.nii.gz] [--rounds 5]

Every figure comes from a fresh process. Time is the best of the rounds, the programs taking turns; memory is
the peak above what was taken before the job. Without a file, a made head-like volume of 75 MB is taken.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nibabel as nib
import numpy as np

from defacto.io import replace, volume


def peak_mb() -> float:
    """Return the peak memory of this process; unlike ru_maxrss, that of its parent does not count."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


def measure(job: str, path: Path) -> None:
    """Do one job and print what it took."""
    out = path.with_name(f"out-{job}.nii.gz")
    if job == "defacto read":
        before, start = peak_mb(), time.perf_counter()
        volume.read(path)
    elif job == "nibabel read":
        before, start = peak_mb(), time.perf_counter()
        np.asanyarray(nib.load(path).dataobj)
    elif job.startswith("nibabel write"):
        image = nib.load(path)
        data = np.asanyarray(image.dataobj)
        again = nib.Nifti1Image(data, None, image.header)
        nib.openers.Opener.default_compresslevel = int(job[-1])
        before, start = peak_mb(), time.perf_counter()
        nib.save(again, out)
    else:
        scan = volume.read(path)
        replace.GZIP_LEVEL = int(job[-1])
        before, start = peak_mb(), time.perf_counter()
        volume.write(out, scan)
    seconds, memory = time.perf_counter() - start, peak_mb() - before
    size = out.stat().st_size / 1e6 if out.exists() else None
    print(json.dumps({"seconds": seconds, "peak_mb": memory, "file_mb": size}))


def made_volume(folder: Path) -> Path:
    """Write a smooth head-like ball in noise, 160 x 460 x 512 of uint16."""
    shape = (160, 460, 512)
    axes = np.ogrid[tuple(slice(-1, 1, complex(0, n)) for n in shape)]
    head = 1500 * np.clip(1 - sum(axis**2 for axis in axes), 0, None)
    noise = np.random.default_rng(0).rayleigh(12, shape)
    path = folder / "made.nii.gz"
    volume.write(path, volume.scan_from_arrays(head + noise, np.diag([1, 0.5, 0.5, 1]), dtype="u2"))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("volume", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.job:
        measure(arguments.job, arguments.volume)
        return
    with tempfile.TemporaryDirectory() as folder:
        if arguments.volume is None:
            path = made_volume(Path(folder))
        else:
            path = Path(folder) / "volume.nii.gz"
            path.write_bytes(arguments.volume.read_bytes())
        compare(path, arguments.rounds)


def compare(path: Path, rounds: int) -> None:
    """Print a table of all jobs, and how many times longer nibabel takes."""
    jobs = ["defacto read", "nibabel read", *(f"defacto write level {level}" for level in range(4))]
    jobs += ["nibabel write level 1", "nibabel write level 6"]
    taken = {job: [] for job in jobs}
    for number in range(rounds):
        for job in jobs:
            if job == "nibabel write level 6" and number:
                continue
            command = [sys.executable, __file__, path, "--job", job]
            taken[job].append(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))
    best = {job: min(found, key=lambda one: one["seconds"]) for job, found in taken.items()}
    print("| job | seconds | times ours | peak memory MB | file MB |")
    print("|---|---|---|---|---|")
    for job, one in best.items():
        ours = best["defacto read" if "read" in job else "defacto write level 2"]["seconds"]
        size = "" if one["file_mb"] is None else f"{one['file_mb']:.1f}"
        print(
            f"| {job} | {one['seconds']:.3f} | {one['seconds'] / ours:.2f} | {one['peak_mb']:.0f} | {size} |"
        )


if __name__ == "__main__":
    main()
