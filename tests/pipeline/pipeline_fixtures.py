import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import tiny_studies
from needed import lacks, postgresql


def _as_postgres(command):
    """Run a program of PostgreSQL, which refuses to be root."""
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    return subprocess.run([*map(str, command)], check=True, capture_output=True, cwd="/")


@pytest.fixture(scope="session")
def postgres_server():
    """Yield the address of a PostgreSQL server of our own; see `needed` for where it cannot be had."""
    if importlib.util.find_spec("psycopg") is None:
        lacks("postgresql", "psycopg is not installed")
    programs = postgresql()
    folder = Path(tempfile.mkdtemp(prefix="defacto-pg-"))
    folder.chmod(0o755)
    data, control = folder / "data", programs / "pg_ctl"
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        _as_postgres([programs / "initdb", "-D", data, "-A", "trust", "-U", "defacto", "-N"])
        options = f"-c listen_addresses='' -c fsync=off -k {folder}"
        _as_postgres([control, "-D", data, "-w", "-l", folder / "log", "-o", options, "start"])
    except (OSError, LookupError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error).encode()
        shutil.rmtree(folder, ignore_errors=True)
        lacks("postgresql", f"PostgreSQL does not start here: {said.decode(errors='replace')[-500:]}")
    yield f"postgresql://defacto@/postgres?host={folder}"
    _as_postgres([control, "-D", data, "-w", "-m", "immediate", "stop"])
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server):
    """Yield the address of an empty PostgreSQL database."""
    import psycopg

    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS defacto_test")
        connection.execute("CREATE DATABASE defacto_test")
    return postgres_server.replace("/postgres?", "/defacto_test?")


FAKES = Path(__file__).parent / "fakes"
sys.path.insert(0, str(FAKES))


@pytest.fixture(scope="module")
def fake_rooms():
    """Put fast stand-ins in the place of anatomy, deface, render and qc, here and in new processes."""
    import fake_rooms as fakes

    from defacto import anatomy, deface, qc, render

    rooms = {
        anatomy: ("locate",),
        deface: ("METHODS", "apply"),
        render: ("find_head", "look", "draw_heat", "surface_views", "slices"),
        qc: ("measure", "decide", "RenderClassifier"),
    }
    with pytest.MonkeyPatch.context() as patch:
        for room, names in rooms.items():
            for name in names:
                patch.setattr(room, name, getattr(room, name, None), raising=False)
        fakes.install()
        patch.setenv("PYTHONPATH", str(FAKES), prepend=os.pathsep)
        yield fakes


class OneAfterAnother:
    """Stands in for the pool: works on scans in this process, which saves the time to start others."""

    def __init__(self, job, nprocs, mem_gb):
        self.job = job

    def run(self, sources):
        from defacto.pipeline.scan_job import run_scan

        for source in sources:
            yield run_scan(source, self.job)


@pytest.fixture
def in_process(monkeypatch):
    """Let runs work in this process."""
    from defacto.pipeline import run

    monkeypatch.setattr(run, "Pool", OneAfterAnother)


@pytest.fixture
def study(tmp_path, fake_rooms):
    """Make a BIDS study of one tiny scan for each thing that can happen; the last file is broken."""
    return tiny_studies.make(tmp_path / "study", fake_rooms)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, fake_rooms):
    """Run such a study once, in real processes; return the folder that holds it, and the summary."""
    from defacto.pipeline.run import Request, run

    folder = tmp_path_factory.mktemp("finished")
    study = tiny_studies.make(folder / "study", fake_rooms)
    return folder, run(Request(study, folder / "out", skip_validation=True, nprocs=2))


@pytest.fixture
def done(finished, tmp_path, in_process):
    """Return a copy of a finished run: input, output and its summary; what follows runs in this process."""
    folder, summary = finished
    shutil.copytree(folder / "study", tmp_path / "study", copy_function=shutil.copy2)
    shutil.copytree(folder / "out", tmp_path / "out", copy_function=shutil.copy2)
    return tmp_path / "study", tmp_path / "out", summary
