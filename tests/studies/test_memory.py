"""Memory of programs that were started: it is seen, that of their children too, and not our own."""

import math
import subprocess
import sys
import time
from pathlib import Path

import pytest

from defacto.studies.memory import ChildrenMemory

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")
HOLD = "import time; held = bytearray(b'x') * 150_000_000; time.sleep(0.6)"


def test_what_a_program_holds_is_seen():
    ours = bytearray(b"x") * 300_000_000
    with ChildrenMemory() as children:
        subprocess.run([sys.executable, "-c", HOLD], check=True)
    assert 150 < children.peak_mb < 300
    assert len(ours) == 300_000_000


def test_what_the_children_of_a_program_hold_is_seen_too():
    with ChildrenMemory() as children:
        subprocess.run(["/bin/sh", "-c", f'"{sys.executable}" -c "{HOLD}"; true'], check=True)
    assert 150 < children.peak_mb < 300


def test_where_nothing_was_started_nothing_is_known():
    with ChildrenMemory() as children:
        pass
    assert math.isnan(children.peak_mb)


def test_programs_that_ran_before_do_not_count():
    with subprocess.Popen([sys.executable, "-c", HOLD.replace("0.6", "60")]) as earlier:
        with ChildrenMemory() as children:
            time.sleep(0.3)
        assert math.isnan(children.peak_mb)
        with ChildrenMemory() as children:
            subprocess.run([sys.executable, "-c", HOLD], check=True)
        earlier.kill()
    assert 150 < children.peak_mb < 300
