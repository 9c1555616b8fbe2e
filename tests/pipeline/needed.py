"""Programs of others that some tests need: where one lacks they skip, or fail where it was promised."""

import os
import shutil
from pathlib import Path

import pytest

PROMISED = "DEFACTO_NEEDS"
"""Environment variable with the programs that must be there, as `.ci/run` says after it installed them."""
POSTGRESQL = "/usr/lib/postgresql"
"""Where Debian keeps PostgreSQL's own programs, a folder for each version; they are not on PATH."""


def lacks(name, why):
    """Skip the test, or fail it where the program was promised."""
    if name in os.environ.get(PROMISED, "").split():
        pytest.fail(f"{PROMISED} promises {name}, but {why}")
    pytest.skip(why)


def program(name, *others):
    """Return the path of a program, or of one that does the same; skip or fail without any."""
    for each in (name, *others):
        if found := shutil.which(each):
            return found
    lacks(name, f"{name} is not installed")
    return None


def postgresql():
    """Return the folder of PostgreSQL's programs, the newest version's; skip or fail without any."""
    folders = [path.parent for path in Path(POSTGRESQL).glob("*/bin/initdb")]
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    if not folders:
        lacks("postgresql", "PostgreSQL is not installed")
    return max(folders, key=_version)


def _version(folder):
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0
