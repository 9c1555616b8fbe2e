"""How long the steps took: the one part of the report that differs between runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from defacto.report.view import ScanView

_SLOWEST = 8


@dataclass(frozen=True)
class StepTime:
    """One step over all attempts of the study; seconds."""

    step: str
    times: int
    median_s: float
    longest_s: float
    total_s: float
    share: float


@dataclass(frozen=True)
class Timing:
    """Time of a study; seconds."""

    steps: tuple[StepTime, ...]
    scans: int
    median_scan_s: float
    longest_scan_s: float
    total_s: float
    slowest: tuple[tuple[ScanView, float], ...]


def seconds_of(scan: ScanView) -> float:
    """Return the time that all attempts on a scan took, in seconds."""
    return sum(sum(attempt.seconds.values()) for attempt in scan.attempts)


def timing_of(scans: Sequence[ScanView]) -> Timing:
    """Add up the time over all attempts of all scans."""
    by_step: dict[str, list[float]] = defaultdict(list)
    for scan in scans:
        for attempt in scan.attempts:
            for step, seconds in attempt.seconds.items():
                by_step[step].append(seconds)
    per_scan = [(scan, seconds_of(scan)) for scan in scans if any(a.seconds for a in scan.attempts)]
    total = sum(seconds for _, seconds in per_scan)
    steps = [
        StepTime(step, len(s), median(s), max(s), sum(s), sum(s) / total if total else 0.0)
        for step, s in by_step.items()
    ]
    return Timing(
        steps=tuple(steps),
        scans=len(per_scan),
        median_scan_s=median([s for _, s in per_scan]) if per_scan else 0.0,
        longest_scan_s=max((s for _, s in per_scan), default=0.0),
        total_s=total,
        slowest=tuple(sorted(per_scan, key=lambda each: -each[1])[:_SLOWEST]),
    )
