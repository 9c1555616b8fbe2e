"""Folders for temporary files, locked by the process that uses them; what a killed one left is removed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from defacto.pipeline.locks import try_lock

_PREFIX = "defacto-"


@contextmanager
def work_folder(base: Path, run: str) -> Iterator[Path]:
    """Make a folder for temporary files, and remove it in the end; stale ones beside it are removed first.

    Parameters
    ----------
    base : Path
        Where; made where it is missing.
    run : str
        Name of the run.
    """
    made_base = not base.exists()
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    sweep(base)
    guard = base / f"{_PREFIX}{run}.lock"
    folder = base / f"{_PREFIX}{run}"
    handle = _hold(guard)
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        guard.unlink(missing_ok=True)
        os.close(handle)
        if made_base:
            _remove_if_empty(base)


def sweep(base: Path) -> None:
    """Remove the work folders of processes that are no more."""
    for guard in sorted(base.glob(f"{_PREFIX}*.lock")):
        try:
            handle = os.open(guard, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            if try_lock(handle):
                shutil.rmtree(guard.with_suffix(""), ignore_errors=True)
                guard.unlink(missing_ok=True)
        finally:
            os.close(handle)


def _hold(guard: Path) -> int:
    """Lock the guard file; begin again where a sweep removed it between opening and locking."""
    while True:
        handle = os.open(guard, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try_lock(handle, wait=True)
        if guard.exists() and os.path.samestat(os.fstat(handle), guard.stat()):
            return handle
        os.close(handle)


def _remove_if_empty(base: Path) -> None:
    try:
        base.rmdir()
    except OSError:
        return
