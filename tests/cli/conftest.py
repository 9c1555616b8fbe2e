import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))

from pipeline_fixtures import *  # noqa: F403


@pytest.fixture(autouse=True)
def environment_as_before():
    """Take back the numbers of threads that a command sets for its process: numba refuses others later."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
