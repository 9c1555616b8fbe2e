"""Runs in processes of their own: killed and begun again, or two at once."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny_studies

from defacto.pipeline.store import Store

EXIT_WAITING = 3


def start(study, out, fakes, *, seconds="0.05", more=()):
    command = [sys.executable, "-m", "defacto.cli", "run", str(study), str(out), "participant"]
    return subprocess.Popen(
        [*command, "--skip-bids-validation", "--nprocs", "2", *more],
        env={**os.environ, "FAKE_SECONDS": seconds},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(process):
    error = process.communicate(timeout=120)[1]
    assert process.returncode == EXIT_WAITING, error.decode()


def attempts(out):
    """Return when the files of each attempt on record were made."""
    if not (out / "store.sqlite").exists():
        return {}
    return {
        (record.scan.name, attempt.number): (out / attempt.files["attempt"]).stat().st_mtime_ns
        for record in Store.open(out).records()
        for attempt in record.attempts
    }


@pytest.fixture
def reference(study, tmp_path, fake_rooms):
    """Return the tree of a run that nobody disturbed, and how long it took."""
    begin = time.monotonic()
    finish(start(study, tmp_path / "reference", fake_rooms))
    return tiny_studies.tree(tmp_path / "reference"), time.monotonic() - begin


@pytest.mark.slow
def test_killed_at_any_moment_and_begun_again_it_ends_the_same(study, tmp_path, fake_rooms, reference):
    expected, seconds = reference
    dice = random.Random(20)
    for trial in range(20):
        out = tmp_path / f"out-{trial}"
        for _ in range(dice.randint(1, 3)):
            process = start(study, out, fake_rooms)
            time.sleep(dice.uniform(0.2, seconds))
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            done = attempts(out)
        finish(start(study, out, fake_rooms))
        assert tiny_studies.tree(out) == expected
        after = attempts(out)
        assert {key: after[key] for key in done} == done


def children_of(pid):
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_workers_of_a_killed_run_die_with_it(study, tmp_path, fake_rooms):
    process = start(study, tmp_path / "out", fake_rooms, seconds="60")
    locks = [tmp_path / "out" / ".locks" / f"sub-{name}_T1w.lock" for name in ("deep", "faint")]
    deadline = time.monotonic() + 60
    while not all(lock.exists() for lock in locks) and time.monotonic() < deadline:
        time.sleep(0.05)
    children = children_of(process.pid)
    assert len(children) >= 2
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    while any(map(is_alive, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_alive, children))


def test_interrupted_it_says_so_and_records_no_failure(study, tmp_path, fake_rooms):
    out = tmp_path / "out"
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background ignore Ctrl-C
    process = start(study, out, fake_rooms, seconds="60")
    signal.signal(signal.SIGINT, before)
    deadline = time.monotonic() + 60
    while not (out / ".locks" / "sub-deep_T1w.lock").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    error = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 130
    assert error.endswith("defacto: Stopped. The same command goes on where it was.\n")
    assert not (out / ".work").exists()
    assert Store.open(out).events("crash") == []
    assert Store.open(out).attempts("sub-deep_T1w") == ()


def test_two_runs_at_once_share_the_work(finished, study, tmp_path, fake_rooms):
    alone, out = finished[0] / "out", tmp_path / "out"
    both = [start(study, out, fake_rooms) for _ in range(2)]
    for process in both:
        finish(process)
    assert tiny_studies.tree(out) == tiny_studies.tree(alone)
    assert set(attempts(out)) == set(attempts(alone))
