import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))

from desk_fixtures import *  # noqa: F403
from pipeline_fixtures import postgres_server, postgres_url  # noqa: F401
