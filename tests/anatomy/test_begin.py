import time
from pathlib import Path

import numpy as np
import pytest

from anatomy.heads import motion, moved_scan
from defacto.anatomy.begin import begin
from defacto.anatomy.registration import register
from defacto.errors import KilledError, RegistrationError
from defacto.types import Grid


def test_what_was_begun_is_what_is_found():
    scan = moved_scan(motion((5, -4, 6), 1.05, (12, -7, 9)))
    begun = begin(scan.volume, scan.grid)
    ahead = register(scan.volume, scan.grid, 12.0, 1.02, begun=begun)
    plain = register(scan.volume, scan.grid, 12.0, 1.02)
    assert np.array_equal(ahead.to_template, plain.to_template)
    assert np.array_equal(ahead.check_to_template, plain.check_to_template)


def test_nothing_runs_on_after_a_stop():
    scan = moved_scan(np.eye(4))
    before = len(list(Path("/proc/self/fd").iterdir()))
    begun = begin(scan.volume, scan.grid)
    started = time.monotonic()
    begun.stop()
    begun.stop()
    assert time.monotonic() - started < 60
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    with pytest.raises(KilledError):
        begun.plain.matrix()


@pytest.mark.parametrize(
    ("shape", "voxel_mm"), [((12, 60, 60), 2.0), ((60, 60, 4), 12.0), ((60, 60, 60), 20.0)]
)
def test_what_cannot_hold_a_head_is_refused(shape, voxel_mm):
    volume = np.random.default_rng(0).random(shape, np.float32)
    with pytest.raises(RegistrationError, match="field of view"):
        begin(volume, Grid(shape, np.diag([voxel_mm] * 3 + [1.0])))


def test_a_flat_volume_is_refused():
    volume = np.full((50, 50, 50), 7, np.float32)
    with pytest.raises(RegistrationError, match="same intensity"):
        begin(volume, Grid(volume.shape, np.diag([2.0, 2.0, 2.0, 1.0])))
