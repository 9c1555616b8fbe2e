"""The next attempts, made in the background while people review."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

from defacto.review.site import Site
from defacto.types import State

EVERY_S = 10.0


class Rounds:
    """Runs `defacto run` whenever scans are to be tried again.

    Parameters
    ----------
    site : Site
        The desk.
    command : list of str
        What goes on with the run, the words after ``defacto``.
    """

    def __init__(self, site: Site, command: list[str]) -> None:
        self._site = site
        self._command = [sys.executable, "-m", "defacto.cli", *command]
        self._stopped = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._go_on, name="rounds", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and with it a run that is at work; the same command goes on where it was."""
        self._stopped.set()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
        self._thread.join(timeout=10)

    def _go_on(self) -> None:
        seen: frozenset[object] = frozenset()
        while not self._stopped.wait(EVERY_S):
            totals = self._site.desk.totals()
            if totals.get(("state", State.RETRY.value), 0.0) < 0.5 or _signature(totals) == seen:
                continue
            self._process = subprocess.Popen(
                self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            code = self._process.wait()
            if code in {1, 2} and not self._stopped.is_set():
                print("defacto review: a run in the background failed; its log says why.", file=sys.stderr)
            seen = _signature(self._site.desk.totals())


def _signature(totals: Mapping[tuple[Any, ...], float]) -> frozenset[object]:
    """Return what tells whether anything happened: otherwise a scan that fails is not run again."""
    return frozenset((key, round(amount)) for key, amount in totals.items() if key[0] in {"way", "answers"})
