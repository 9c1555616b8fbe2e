import os
import shutil
import subprocess

import pytest


def _as_postgres(command):
    """Run a program of PostgreSQL, which refuses to be root."""
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    return subprocess.run(command, check=True, capture_output=True, cwd="/")


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory):
    """Yield the address of a PostgreSQL server of our own; skip where it cannot be had."""
    pytest.importorskip("psycopg")
    if not (shutil.which("initdb") and shutil.which("pg_ctl")):
        pytest.skip("PostgreSQL is not installed")
    folder = tmp_path_factory.mktemp("pg")
    for parent in [folder, *folder.parents][:3]:
        parent.chmod(0o755)
    data = folder / "data"
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    try:
        _as_postgres(["initdb", "-D", str(data), "-A", "trust", "-U", "defacto", "-N"])
        options = f"-c listen_addresses='' -c fsync=off -k {folder}"
        _as_postgres(["pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start"])
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("PostgreSQL does not start here")
    yield f"postgresql://defacto@/postgres?host={folder}"
    _as_postgres(["pg_ctl", "-D", str(data), "-m", "immediate", "stop"])


@pytest.fixture
def postgres_url(postgres_server):
    """Yield the address of an empty PostgreSQL database."""
    import psycopg

    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS defacto_test")
        connection.execute("CREATE DATABASE defacto_test")
    return postgres_server.replace("/postgres?", "/defacto_test?")
