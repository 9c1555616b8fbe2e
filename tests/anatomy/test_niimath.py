"""The outside program: what it gets, what it gives, and that nothing of it is left behind."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from anatomy.heads import motion, moved_scan, template_scan
from defacto.anatomy import load_template, niimath
from defacto.anatomy.niimath import Task
from defacto.anatomy.registration import distance_mm
from defacto.anatomy.template import data_path
from defacto.errors import KilledError, ProgramError, RegistrationError, StepError
from defacto.types import Grid

SMALL = np.ones((3, 3, 3), np.float32), Grid((3, 3, 3), np.eye(4))
FIT = ["-allineate", "BASE", "-savemat", "MATRIX"]


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """The temporary folder of this process."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Puts a shell script in the place of niimath."""

    def put(script):
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(niimath.niimath, "bin", str(path))

    return put


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_head_is_registered_and_nothing_is_left(scratch):
    matrix = motion((5, -4, 6), 1.05, (12, -7, 9))
    scan = moved_scan(matrix)
    words = [*FIT, "-master", str(data_path("features_2mm.nii.gz"))]
    before = open_files()
    found = Task(scan.volume, scan.grid, words, load_template().path).matrix()
    assert distance_mm(found, np.linalg.inv(matrix)) < 5
    assert list(scratch.iterdir()) == []
    assert open_files() == before


def test_volume_comes_back_on_its_grid(scratch):
    scan = template_scan()
    doubled = Task(scan.volume, scan.grid, ["-mul", "2"]).volume()
    assert np.array_equal(doubled, 2 * scan.volume)
    assert list(scratch.iterdir()) == []


def test_no_voxel_touches_the_disk(scratch, program):
    program("sleep 0.2")
    task = Task(*SMALL, FIT)
    files = [path for folder in scratch.iterdir() for path in folder.iterdir()]
    assert len(files) == 2
    assert all(path.is_symlink() and path.readlink().parts[1] == "proc" for path in files)
    with pytest.raises(StepError):
        task.volume()


@pytest.mark.parametrize("script", ["exit 0", "exit 3"])
def test_program_that_gives_nothing_is_an_error_and_leaves_nothing(scratch, program, script):
    program(script)
    before = open_files()
    with pytest.raises(RegistrationError, match="no registration"):
        Task(*SMALL, FIT).matrix()
    with pytest.raises(ProgramError, match="without a result"):
        Task(*SMALL, ["-n4"]).volume()
    assert list(scratch.iterdir()) == []
    assert open_files() == before


def test_absent_program_is_an_error_and_leaves_nothing(scratch, tmp_path, monkeypatch):
    monkeypatch.setattr(niimath.niimath, "bin", str(tmp_path / "none"))
    before = open_files()
    with pytest.raises(ProgramError, match="niimath") as caught:
        Task(*SMALL, FIT)
    assert str(tmp_path) not in str(caught.value)
    assert list(scratch.iterdir()) == []
    assert open_files() == before


def test_program_that_never_ends_is_stopped(scratch, program, monkeypatch):
    monkeypatch.setattr(niimath, "_TIMEOUT_S", 0.1)
    program("exec sleep 30")
    task = Task(*SMALL, FIT)
    with pytest.raises(ProgramError, match="did not end"):
        task.matrix()
    assert task._process.poll() is not None
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        "nonsense",
        "{}",
        '{"moving_to_fixed": [[1, 0], [0, 1]]}',
        '{"moving_to_fixed": [[NaN,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]}',
        '{"moving_to_fixed": [[1,0,0,0],[0,1,0,0],[0,0,0,0],[0,0,0,1]]}',
        '{"moving_to_fixed": "a word"}',
        "[]",
    ],
)
def test_matrix_that_is_no_affine_is_an_error(scratch, program, content):
    program(f"for word; do case $word in */matrix.json) echo '{content}' > $word;; esac; done")
    with pytest.raises(RegistrationError):
        Task(*SMALL, FIT).matrix()


def test_a_program_killed_from_outside_is_no_finding(program, scratch):
    program("kill -KILL $$")
    with pytest.raises(KilledError, match="killed by signal 9"):
        Task(*SMALL, FIT).matrix()
    assert list(scratch.iterdir()) == []


def test_a_program_that_crashes_found_nothing(program):
    program("kill -SEGV $$")
    with pytest.raises(RegistrationError):
        Task(*SMALL, FIT).matrix()
