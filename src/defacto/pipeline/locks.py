"""Locks between processes and machines; the kernel releases them when a process ends, however it ends."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from defacto.errors import StoreError


@contextmanager
def lock(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold a lock file.

    Parameters
    ----------
    path : Path
        It is made where it is missing, and stays.
    wait : bool
        Whether to wait for another process that holds it.

    Yields
    ------
    bool
        Whether the lock is ours; always True with `wait`.

    Raises
    ------
    StoreError
        If the file system knows no locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield try_lock(handle, wait=wait)
    finally:
        os.close(handle)


@contextmanager
def sharing(path: Path) -> Iterator[bool]:
    """Be one of several processes that use something together.

    Parameters
    ----------
    path : Path
        Lock file; it is made where it is missing, and stays.

    Yields
    ------
    bool
        Whether no other process did so at the beginning.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        alone = try_lock(handle)
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield alone
    finally:
        os.close(handle)


def try_lock(handle: int, *, wait: bool = False) -> bool:
    """Lock an open file; False where another process holds it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
            return False
        raise StoreError(
            f"The file system of the output folder gives no locks ({error.strerror});"
            " choose an output folder on another one, or have it mounted with locks."
        ) from error
    return True
