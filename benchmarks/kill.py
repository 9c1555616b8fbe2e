"""A run of `defacto run`, killed with SIGKILL at random moments and begun again, beside one left in peace.

Run ``python benchmarks/kill.py STUDY [--trials 20] [--seed 0]``. STUDY is a folder of scans (BIDS, DICOM or
loose files); nothing stands in for any step. Each trial is killed one to three times, then runs to its end;
every file below OUT but those that tell times, and what the store holds, must equal the run left in peace.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from defacto.pipeline.store import Store


def start(study: Path, out: Path) -> subprocess.Popen[bytes]:
    words = ["-m", "defacto.cli", "run", str(study), str(out), "participant", "--skip-bids-validation"]
    return subprocess.Popen(
        [sys.executable, *words, "--nprocs", "2"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(study: Path, out: Path) -> None:
    process = start(study, out)
    error = process.communicate()[1].decode()
    if process.returncode not in {0, 3}:
        raise SystemExit(f"A run ended with exit code {process.returncode}: {error[-400:]}")


def tree(out: Path) -> dict[str, str]:
    """Return the hash of every file, and what the store says without its times."""
    kept = [p for p in out.rglob("*") if p.is_file() and not p.name.startswith("store.sqlite")]
    kept = [p for p in kept if not {"logs", ".locks"} & set(p.relative_to(out).parts) and not is_timed(p)]
    found = {str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in kept}
    for record in Store.open(out).records():
        for attempt in record.attempts:
            values = {name: measure.value for name, measure in attempt.measures.items()}
            found[f"{record.scan.name} {attempt.number}"] = repr((values, attempt.decision, attempt.error))
    return found


def is_timed(path: Path) -> bool:
    """Return whether a file says how long something took: attempt records and the report."""
    return path.name == "attempt.json" or "report" in path.parts


def done(out: Path) -> dict[tuple[str, int], int]:
    """Return when the files of each attempt on record were made."""
    if not (out / "store.sqlite").exists():
        return {}
    return {
        (record.scan.name, attempt.number): (out / attempt.files["attempt"]).stat().st_mtime_ns
        for record in Store.open(out).records()
        for attempt in record.attempts
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        begun = time.monotonic()
        finish(options.study, here / "peace")
        seconds = time.monotonic() - begun
        expected, kills, same, repeated = tree(here / "peace"), 0, 0, 0
        print(f"in peace: {seconds:.0f} s, {len(expected)} files and records", flush=True)
        for trial in range(options.trials):
            out = here / f"out-{trial}"
            before: dict[tuple[str, int], int] = {}
            for _ in range(dice.randint(1, 3)):
                process = start(options.study, out)
                time.sleep(dice.uniform(0.3, seconds))
                if process.poll() is None:
                    os.kill(process.pid, signal.SIGKILL)
                    kills += 1
                process.communicate()
                before = done(out)
            finish(options.study, out)
            after = done(out)
            repeated += sum(after.get(key) != when for key, when in before.items())
            found = tree(out)
            same += found == expected
            differing = sorted(k for k in found.keys() | expected.keys() if found.get(k) != expected.get(k))
            print(f"trial {trial}: {'same' if not differing else differing[:5]}", flush=True)
        print(
            f"{same} of {options.trials} the same after {kills} kills; {repeated} finished attempts repeated"
        )


if __name__ == "__main__":
    main()
