"""Work shared out to processes of one thread each, so that no result depends on how many there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

from defacto.processes import cores, die_with, environment, thread_variables

Result = TypeVar("Result")


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
    with (
        environment(thread_variables(1)),
        ProcessPoolExecutor(count, context, die_with, (os.getpid(),)) as pool,
    ):
        running: set[Future[Result]] = {pool.submit(function, *call) for call in islice(waiting, count + 1)}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)
                running |= {pool.submit(function, *call) for call in islice(waiting, len(done))}
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
