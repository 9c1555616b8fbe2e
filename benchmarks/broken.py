"""Broken volume files through the whole of `defacto run`: no traceback, no crash, nothing exported.

Run ``python benchmarks/broken.py [--files 2000] [--seed 0]``. The files are those of the test
``tests/io/test_volume_fuzz.py``: headers mutated, streams truncated, bytes flipped, in every format.
"""

from __future__ import annotations

import argparse
import collections
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "io")]

import test_volume_fuzz as fuzz  # noqa: E402

from defacto.pipeline.store import Store  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sources = list(fuzz.sources().items())
    with tempfile.TemporaryDirectory() as folder:
        study, out, shared = (Path(folder) / name for name in ("study", "out", "shared"))
        study.mkdir()
        for n in range(options.files):
            suffix, content, size = sources[n % len(sources)][1]
            dice = np.random.default_rng(options.seed * 1_000_000 + n)
            (study / f"file{n:05d}{suffix}").write_bytes(fuzz.broken_file(suffix, content, size, dice))
        begun = time.monotonic()
        words = [sys.executable, "-m", "defacto.cli"]
        run = subprocess.run(
            [*words, "run", str(study), str(out), "participant", "--verify", "none"],
            capture_output=True,
            text=True,
            check=False,
        )
        print(f"defacto run: exit code {run.returncode} after {time.monotonic() - begun:.0f} s")
        export = subprocess.run(
            [*words, "export", str(out), str(shared)], capture_output=True, text=True, check=False
        )
        said = run.stdout + run.stderr + export.stdout + export.stderr
        states = collections.Counter(
            line.split(": ")[1].split(".")[0] for line in said.splitlines() if line.startswith("[")
        )
        print("states:", dict(states), "; scans on record:", len(Store.open(out).records()))
        print("crashes on record:", len(Store.open(out).events("crash")))
        print("tracebacks:", said.count("Traceback"), "; paths in what was said:", said.count(str(study)))
        exported = [p for p in shared.rglob("*") if p.name.endswith((".nii", ".nii.gz", ".mgz", ".mgh"))]
        print("files exported:", len(exported), "; export said:", export.stderr.strip()[:200])


if __name__ == "__main__":
    main()
