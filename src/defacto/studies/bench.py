"""A head on the bench: methods are tried on it, each once, and judged."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from defacto import anatomy, deface, qc
from defacto.config import Settings
from defacto.deface.outside import ProgramMethod
from defacto.errors import StepError
from defacto.qc.choose import AUTO, choose
from defacto.simulate.scene import Scene
from defacto.studies.heads import Head
from defacto.studies.judge import Judged, judge, judge_by_truth
from defacto.studies.memory import ChildrenMemory
from defacto.types import Decision, Measure, Removal, Scan

_MB = 1e6


@dataclass(frozen=True, eq=False)
class Tried:
    """A method's result on the bench."""

    removal: Removal
    measures: Mapping[str, Measure]
    decision: Decision
    judged: Judged
    result: Scan
    seconds: float
    memory_mb: float


@dataclass(eq=False)
class Bench:
    """A head on the bench, with what all methods share."""

    head: Head
    scan: Scan
    scene: Scene | None
    context: anatomy.Context
    settings: Settings
    shared_s: float
    done: dict[str, Tried | StepError] = field(default_factory=dict)

    def tried(self, name: str) -> Tried:
        """Return what a method came to; tried once."""
        if name not in self.done:
            try:
                self.done[name] = self._auto() if name == AUTO else self._try(name)
            except StepError as error:
                self.done[name] = error
        found = self.done[name]
        if isinstance(found, StepError):
            raise found
        return found

    def _auto(self) -> Tried:
        asked: list[str] = []

        def ask(name: str) -> Tried:
            asked.append(name)
            return self.tried(name)

        kept = choose(ask, self.settings)
        every = [found for name in asked if isinstance(found := self.done[name], Tried)]
        return replace(
            kept,
            seconds=sum(each.seconds for each in every),
            memory_mb=max(each.memory_mb for each in every),
        )

    def _try(self, name: str) -> Tried:
        method = deface.find(name)
        parameters = replace(self.settings.deface, method=name)
        outside = isinstance(method, ProgramMethod)
        tracemalloc.start()
        begun = time.perf_counter()
        try:
            with ChildrenMemory() if outside else nullcontext() as children:
                removal = method.removal(self.scan, self.context, parameters)
            result = deface.apply(self.scan, removal)
        finally:
            seconds = time.perf_counter() - begun
            peak_mb = tracemalloc.get_traced_memory()[1] / _MB
            tracemalloc.stop()
        measures = qc.measure(self.scan, result, removal, self.context)
        decision = qc.decide(measures, self.settings)
        judged = (
            judge(measures, decision, self.settings)
            if self.scene is None
            else judge_by_truth(self.scene, self.scan, result, removal, self.settings)
        )
        memory_mb = peak_mb if children is None else children.peak_mb
        return Tried(removal, measures, decision, judged, result, seconds, memory_mb)


def open_bench(head: Head, settings: Settings, bases: Path | None) -> Bench:
    """Read a head, and find what all methods share.

    Raises
    ------
    DefactoError
        If it cannot be read, registered, or made again.
    """
    scan = head.open(settings)
    scene = head.scene(scan, bases)
    begun = time.perf_counter()
    context = anatomy.locate(scan, settings.anatomy, fraction=settings.deface.fraction)
    return Bench(head, scan, scene, context, settings, time.perf_counter() - begun)


def all_methods() -> list[str]:
    """Return the methods of ``--methods all``: ``auto``, our own, and programs found on this machine."""
    found = [name for name, method in deface.OUTSIDE.items() if method.found]
    return [AUTO, *deface.METHODS, *found]


def check_methods(names: Sequence[str]) -> list[str]:
    """Return the methods that words name, each once; ``all`` stands for `all_methods`.

    Raises
    ------
    SettingsError
        If one of them is not known.
    """
    wanted = [each for name in names for each in (all_methods() if name == "all" else [name])]
    for name in wanted:
        if name != AUTO:
            deface.find(name)
    return list(dict.fromkeys(wanted))
