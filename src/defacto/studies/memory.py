"""How much memory the programs take that a process has started."""

from __future__ import annotations

import math
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

_PROC = Path("/proc")
_EVERY_S = 0.05
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
_PARENT, _PAGES, _STACK = 1, 21, 25
"""Places in ``/proc/PID/stat``, after the name: the parent, the pages in memory, where the stack begins."""


class ChildrenMemory:
    """The most memory that all programs below this process hold at once, looked at 20 times a second.

    Use as a context manager; ``peak_mb`` is the peak in MB after it, NaN where there is no ``/proc`` or
    nothing was seen. What takes memory for less than a twentieth of a second may be missed, and what runs in
    a container of docker is no child.
    """

    def __init__(self) -> None:
        self.peak_mb = math.nan
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            held = _held_mb(os.getpid())
            if held:
                self.peak_mb = held if math.isnan(self.peak_mb) else max(self.peak_mb, held)
            self._over.wait(_EVERY_S)


def _held_mb(ancestor: int) -> float:
    """Return what all processes below one hold in memory.

    A process that shares its parent's memory, its stack in the same place, is no program yet: not counted.
    """
    found: dict[int, list[str]] = {}
    for entry in _PROC.glob("[0-9]*/stat"):
        try:
            found[int(entry.parent.name)] = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
    parents = {pid: int(words[_PARENT]) for pid, words in found.items()}
    pages = 0
    for pid, words in found.items():
        parent = found.get(parents[pid])
        if _is_below(pid, ancestor, parents) and parent and words[_STACK] != parent[_STACK]:
            pages += int(words[_PAGES])
    return _PAGE_MB * pages


def _is_below(pid: int, ancestor: int, parents: dict[int, int]) -> bool:
    while pid := parents.get(pid, 0):
        if pid == ancestor:
            return True
    return False
