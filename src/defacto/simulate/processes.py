"""Work shared out to processes of one thread each, so that no result depends on how many there are."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

Result = TypeVar("Result")
_SET_DEATH_SIGNAL = 1
_THREADS = (
    "NUMBA_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def in_processes(
    function: Callable[..., Result], calls: Iterable[tuple[Any, ...]], nprocs: int | None
) -> Iterator[Result]:
    """Call a function in processes, and yield results as they come.

    Parameters
    ----------
    function : callable
        Of a module.
    calls : iterable of tuple
        Arguments of each call; only a few are taken ahead.
    nprocs : int or None
        Processes at once; by default the cores there are.
    """
    waiting, count = iter(calls), nprocs or cores()
    context = get_context("spawn")
    with _one_thread(), ProcessPoolExecutor(count, context, initializer=_die_with_parent) as pool:
        running: set[Future[Result]] = {pool.submit(function, *call) for call in islice(waiting, count + 1)}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)
                running |= {pool.submit(function, *call) for call in islice(waiting, len(done))}
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _die_with_parent() -> None:
    """Have this process killed when the one that started it ends, however that ends; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let the processes that are started have one thread each: sums over several depend on their number."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
