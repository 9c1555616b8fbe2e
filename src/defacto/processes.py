"""What every process of ours needs: threads that change no result, and an end when its parent ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_ONE = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)
"""Sums over several threads depend on their number in the last digits; one thread always gives the same."""
_SET_DEATH_SIGNAL = 1
_SEVERAL = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def thread_variables(threads: int) -> dict[str, str]:
    """Return the environment variables for so many threads.

    Loops over independent voxels use them, and niimath: its matrices were the same with 1, 2 and 3 threads.
    """
    return {**dict.fromkeys(_ONE, "1"), **dict.fromkeys(_SEVERAL, str(threads))}


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables for what the block starts."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def die_with(parent: int) -> None:
    """Have this process killed when the one that started it ends, however that ends; Linux only."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
