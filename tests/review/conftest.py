import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))

from desk_fixtures import *  # noqa: F403
from needed import program
from pipeline_fixtures import postgres_server, postgres_url  # noqa: F401


@pytest.fixture
def certificate(tmp_path):
    """Return a certificate, for localhost and for the name of the how-to's example, and its key."""
    openssl = program("openssl")
    paths = tmp_path / "desk.pem", tmp_path / "desk.key"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,DNS:desk.example.org"]
    files = ["-out", str(paths[0]), "-keyout", str(paths[1])]
    subprocess.run([openssl, *words, *names, *files], check=True, capture_output=True)
    return paths
