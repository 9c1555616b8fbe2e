"""What a run says while it works: a bar on a terminal, plain lines elsewhere, a log file; never a path."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from defacto.pipeline.job import Finished


class Progression:
    """Tells how a run gets on.

    Parameters
    ----------
    total : int
        Number of scans to work on.
    log : Path
        The run's log file.
    stream : text file, optional
        Where people read along; by default the standard error.
    """

    def __init__(self, total: int, log: Path, stream: TextIO | None = None) -> None:
        self._total = total
        self._done = 0
        self._begin = time.monotonic()
        self._stream = stream if stream is not None else sys.stderr
        self._log = log.open("a", encoding="utf-8")
        self._bar: Progress | None = None
        if self._stream.isatty() and total:
            self._bar = _bar(self._stream)
            self._task = self._bar.add_task("scans", total=total)

    def __enter__(self) -> Progression:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._log.close()

    def say(self, line: str) -> None:
        """Write one line for people and for the log."""
        self._log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}\n")
        self._log.flush()
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            print(line, file=self._stream, flush=True)

    def finished(self, finished: Finished) -> None:
        """Tell how the work on a scan ended, and how much time is left."""
        self._done += 1
        what = f"{finished.name}: {finished.standing.state.value}. {finished.standing.reason}"
        if self._bar is not None:
            self.say(what)
            self._bar.advance(self._task)
        else:
            self.say(f"[{self._done}/{self._total}{self._time_left()}] {what}")

    def _time_left(self) -> str:
        left_s = (time.monotonic() - self._begin) / self._done * (self._total - self._done)
        if self._done == self._total:
            return ""
        return f", {left_s / 60:.0f} min left" if left_s >= 90 else f", {left_s:.0f} s left"


def _bar(stream: TextIO) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("time left"),
        TimeRemainingColumn(),
        console=Console(file=stream),
        transient=True,
    )


@contextmanager
def counting(what: str, stream: TextIO | None = None) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal while something is counted; nothing elsewhere.

    Yields
    ------
    callable
        To be told how many are done, and of how many.
    """
    stream = stream if stream is not None else sys.stderr
    if not stream.isatty():
        yield lambda done, of: None
        return
    with _bar(stream) as bar:
        task = bar.add_task(what)
        yield lambda done, of: bar.update(task, completed=done, total=of)
