from pipeline_fixtures import *  # noqa: F403
