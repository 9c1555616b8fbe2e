"""One file, without a run around it: attempts in memory until one passes or none is left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from defacto.config import Settings
from defacto.errors import StepError
from defacto.io import volume
from defacto.pipeline import rows
from defacto.pipeline.attempt import Bench, examine
from defacto.pipeline.evidence import Clock, Examined
from defacto.pipeline.retry import next_parameters
from defacto.pipeline.sources import Opened, sentence
from defacto.types import Attempt, Decision, Outcome, Reason


@dataclass(frozen=True, eq=False)
class Defaced:
    """What came of one file.

    Parameters
    ----------
    attempts : tuple of Attempt
        In order; at least one.
    examined : Examined or None
        The last attempt in memory; None where a step could not be done.
    """

    attempts: tuple[Attempt, ...]
    examined: Examined | None

    @property
    def passed(self) -> bool:
        """Whether the machine is sure that it passed."""
        decision = self.attempts[-1].decision
        return self.examined is not None and decision.sure and decision.outcome is Outcome.PASS

    def document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        last = self.attempts[-1]
        return {
            "passed": self.passed,
            "attempts": len(self.attempts),
            "method": last.method,
            "version": last.version,
            "parameters": dict(last.parameters),
            "decision": rows.decision_row(last.decision),
            "measures": rows.measure_rows(last),
            "seconds": _summed(self.attempts),
        }


def deface_file(path: Path, settings: Settings) -> Defaced:
    """Deface one volume file in memory.

    Parameters
    ----------
    path : Path
        NIfTI or MGH; it is only read.
    settings : Settings
        As for a run.

    Raises
    ------
    VolumeError
        If the file cannot be used.
    """
    clock = Clock()
    with clock.step("read"):
        opened = Opened(volume.read(path, max_memory_gb=settings.input.max_memory_gb))
    bench = Bench(opened, settings)
    attempts: list[Attempt] = []
    examined: Examined | None = None
    while (parameters := next_parameters(attempts, settings)) is not None:
        examined, error = None, None
        try:
            examined = examine(bench, parameters, clock, draw=False)
        except StepError as raised:
            error = sentence(raised)
        attempts.append(
            Attempt(
                number=len(attempts) + 1,
                method=parameters.method,
                version=examined.removal.version if examined else "",
                parameters=json.loads(json.dumps(asdict(parameters))),
                measures=examined.measures if examined else {},
                decision=examined.decision if examined else Decision(Outcome.FAILURE, (Reason(error or ""),)),
                seconds=clock.seconds,
                error=error,
            )
        )
        clock = Clock()
    return Defaced(tuple(attempts), examined)


def _summed(attempts: tuple[Attempt, ...]) -> Mapping[str, float]:
    total: dict[str, float] = {}
    for attempt in attempts:
        for step, seconds in attempt.seconds.items():
            total[step] = round(total.get(step, 0.0) + seconds, 3)
    return total
