"""One file, without a run around it: attempts in memory until one passes or none is left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from defacto.anatomy.begin import Begun
from defacto.config import Settings
from defacto.errors import StepError
from defacto.pipeline import rows
from defacto.pipeline.attempt import Bench, examine
from defacto.pipeline.clock import Clock
from defacto.pipeline.evidence import Examined
from defacto.pipeline.retry import next_parameters
from defacto.pipeline.sources import Opened, sentence
from defacto.types import Attempt, Decision, Outcome, Reason, Scan


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


def deface_scan(scan: Scan, settings: Settings, clock: Clock, begun: Begun | None = None) -> Defaced:
    """Deface one scan in memory.

    Parameters
    ----------
    scan : Scan
        The original.
    settings : Settings
        As for a run.
    clock : Clock
        Takes the time of the first attempt.
    begun : Begun, optional
        Its registration, where that was begun already.
    """
    bench = Bench(Opened(scan), settings, begun)
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
                method=examined.removal.method if examined else parameters.method,
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
