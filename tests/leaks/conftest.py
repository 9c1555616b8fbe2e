import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "pipeline"), str(Path(__file__).parents[1] / "io")]

from pipeline_fixtures import *  # noqa: E402, F403
