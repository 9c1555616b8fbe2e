"""Processes over scans, each with one scan at a time: a process that dies takes only that scan with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from defacto.errors import DefactoError, SettingsError
from defacto.io.source import Source
from defacto.pipeline.job import Finished, Job, describe, note_crash
from defacto.pipeline.memory import need_gb
from defacto.pipeline.state import Standing
from defacto.processes import cores, die_with, environment, thread_variables
from defacto.types import State

_SPAWN = multiprocessing.get_context("spawn")


@dataclass(eq=False)
class _Worker:
    process: BaseProcess
    pipe: Connection
    source: Source | None = None
    need_gb: float = 0.0


class Pool:
    """Runs scans in processes.

    Parameters
    ----------
    job : Job
        The run.
    nprocs : int
        How many scans at once, at most.
    mem_gb : float
        How much memory they may be expected to need together, 1e9 bytes; a scan that needs more runs alone.
    """

    def __init__(self, job: Job, nprocs: int, mem_gb: float) -> None:
        self._job = job
        self._nprocs = nprocs
        self._mem_gb = mem_gb
        self._workers: list[_Worker] = []
        self._threads = max(1, cores() // nprocs)

    def run(self, sources: Sequence[Source]) -> Iterator[Finished]:
        """Yield how the work on each scan ended, as it ends.

        Raises
        ------
        SettingsError
            If the settings are such that no scan can be worked on.
        """
        waiting = deque(sources)
        try:
            while waiting or self._busy():
                self._hand_out(waiting)
                yield from self._collect()
        finally:
            self._stop()

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.source is not None]

    def _hand_out(self, waiting: deque[Source]) -> None:
        while waiting and len(self._busy()) < self._nprocs:
            needed = need_gb(waiting[0])
            taken = sum(worker.need_gb for worker in self._busy())
            if self._busy() and taken + needed > self._mem_gb:
                return
            worker = next((each for each in self._workers if each.source is None), None) or self._start()
            worker.source, worker.need_gb = waiting.popleft(), needed
            with suppress(OSError):
                worker.pipe.send(worker.source)

    def _collect(self) -> Iterator[Finished]:
        busy = self._busy()
        ready = wait([worker.pipe for worker in busy])
        for worker in busy:
            if worker.pipe not in ready or worker.source is None:
                continue
            try:
                answer = worker.pipe.recv()
            except (EOFError, OSError):
                answer = self._bury(worker)
            worker.source = None
            if isinstance(answer, SettingsError):
                raise answer
            yield answer

    def _bury(self, worker: _Worker) -> Finished:
        self._workers.remove(worker)
        worker.process.join()
        worker.pipe.close()
        code = worker.process.exitcode or 0
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        hint = "; most often the memory was not enough" if code == -signal.SIGKILL else ""
        name = worker.source.name if worker.source else ""
        return note_crash(
            self._job.open_store(), name, f"its process ended with {how}{hint}", self._job.settings
        )

    def _start(self) -> _Worker:
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_work, args=(theirs, self._job, os.getpid()), daemon=False)
        with environment(thread_variables(self._threads)):
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _stop(self) -> None:
        for worker in self._workers:
            if worker.source is not None:
                with suppress(ProcessLookupError):
                    os.killpg(worker.process.pid or 0, signal.SIGKILL)
                worker.process.kill()
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join()
        self._workers.clear()


def _work(pipe: Connection, job: Job, parent: int) -> None:
    os.setpgid(0, 0)
    die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    tempfile.tempdir = str(job.work)
    with suppress(EOFError, OSError):
        while True:
            pipe.send(_answer(pipe.recv(), job))


def _answer(source: Source, job: Job) -> Finished | SettingsError:
    from defacto.pipeline.scan_job import run_scan  # noqa: PLC0415  (loads what only the workers need)

    try:
        return run_scan(source, job)
    except SettingsError as error:
        return error
    except DefactoError as error:
        return Finished(source.name, Standing(State.NEW, str(error)), crashed=True)
    except Exception as error:
        said = f"The tool stopped on it: {describe(error)}."
        return Finished(source.name, Standing(State.NEW, said), crashed=True)
