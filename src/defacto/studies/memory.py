"""How much memory the programs take that a process has started."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Set
from pathlib import Path
from types import TracebackType
from typing import Self

_PROC = Path("/proc")
_EVERY_S = 0.05
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
_PARENT, _BEGAN, _PAGES, _STACK = 1, 19, 21, 25
"""Places in ``/proc/PID/stat``, after the name: parent, start, pages in memory, where the stack begins."""


class ChildrenMemory:
    """The most memory that all programs hold at once that this process starts, looked at 20 times a second.

    Use as a context manager; ``peak_mb`` is the peak in MB after it, NaN where there is no ``/proc`` or
    nothing was seen. Programs that ran before it do not count, nor what they start. What takes memory for
    less than a twentieth of a second may be missed, and what runs in a container of docker is no child.
    """

    def __init__(self) -> None:
        self.peak_mb = math.nan
        self._before: set[tuple[int, str]] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._before = {(pid, words[_BEGAN]) for pid, words in _processes().items() if pid != os.getpid()}
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            held = _held_mb(os.getpid(), self._before)
            if held:
                self.peak_mb = held if math.isnan(self.peak_mb) else max(self.peak_mb, held)
            self._over.wait(_EVERY_S)


def _held_mb(ancestor: int, before: Set[tuple[int, str]]) -> float:
    """Return what all processes below one hold in memory, but for those that ran before, and theirs.

    A process that shares its parent's memory, its stack in the same place, is no program yet: not counted.
    """
    found = _processes()
    parents = {pid: int(words[_PARENT]) for pid, words in found.items() if (pid, words[_BEGAN]) not in before}
    pages = 0
    for pid, parent in parents.items():
        if _is_below(pid, ancestor, parents) and found[pid][_STACK] != found[parent][_STACK]:
            pages += int(found[pid][_PAGES])
    return _PAGE_MB * pages


def _processes() -> dict[int, list[str]]:
    """Return the words of ``/proc/PID/stat`` after the name, of every process."""
    found: dict[int, list[str]] = {}
    for entry in _PROC.glob("[0-9]*/stat"):
        try:
            found[int(entry.parent.name)] = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
    return found


def _is_below(pid: int, ancestor: int, parents: dict[int, int]) -> bool:
    while pid := parents.get(pid, 0):
        if pid == ancestor:
            return True
    return False
