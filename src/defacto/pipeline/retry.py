"""What the next attempt changes: parameters follow the history and add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from defacto.config import DefaceSettings, Settings, deface_settings
from defacto.types import Attempt, Outcome

LEAST_FRACTION = 0.1
"""The fraction of the brain extraction is not lowered below this."""


def next_parameters(
    history: Sequence[Attempt], settings: Settings, outcomes: Sequence[Outcome | None] | None = None
) -> DefaceSettings | None:
    """Return the parameters of the next attempt, or None where there is to be none.

    *Shallow* moves the cut back by a step and *deep* moves it forward; between a place known as shallow and
    one known as deep it takes the middle, so that the cut never returns to a bad place. *Failure* turns bias
    correction on, lowers the fraction (a larger protected brain) and begins at the next rung of registration.

    Parameters
    ----------
    history : sequence of Attempt
        All attempts so far, in order.
    settings : Settings
        ``settings.deface`` is where it begins; ``settings.retry`` holds the steps.
    outcomes : sequence of Outcome or None, optional
        What each attempt counts as, where people were heard; by default the machine's word where it is sure.
    """
    if outcomes is None:
        outcomes = [a.decision.outcome if a.decision.sure else None for a in history]
    if not history:
        return settings.deface
    if len(history) >= settings.retry.max_attempts or outcomes[-1] in {None, Outcome.PASS}:
        return None
    last = deface_settings(history[-1].parameters)
    if outcomes[-1] is Outcome.FAILURE:
        return _after_failure(last, settings)
    tried = [deface_settings(attempt.parameters) for attempt in history]
    return _moved(last, list(zip(tried, outcomes, strict=True)), settings.retry.nudge_step_mm)


def _moved(
    last: DefaceSettings, tried: Sequence[tuple[DefaceSettings, Outcome | None]], step_mm: float
) -> DefaceSettings:
    right, anterior, superior = last.nudge_mm
    shallow = tried[-1][1] is Outcome.SHALLOW
    direction, opposite = (-1, Outcome.DEEP) if shallow else (1, Outcome.SHALLOW)
    halves = [
        (then.nudge_mm[1] - anterior) * direction / 2
        for then, outcome in tried
        if outcome is opposite and replace(then, nudge_mm=last.nudge_mm) == last
    ]
    step_mm = min([step_mm, *(half for half in halves if half > 0)])
    return replace(last, nudge_mm=(right, anterior + direction * step_mm, superior))


def _after_failure(last: DefaceSettings, settings: Settings) -> DefaceSettings:
    lowered = round(last.fraction - settings.retry.fraction_step, 6)
    return replace(
        last,
        bias_correction=True,
        fraction=min(last.fraction, max(LEAST_FRACTION, lowered)),
        rung=last.rung + 1,
    )
