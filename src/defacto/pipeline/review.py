"""A person's word on a scan."""

from __future__ import annotations

from pathlib import Path

from defacto.errors import NotClearedError, SettingsError
from defacto.pipeline.run_settings import saved_settings
from defacto.pipeline.state import Standing, has_volume, standing_of_record
from defacto.pipeline.store import Store
from defacto.types import Outcome, Review


def add_label(out: Path, name: str, outcome: Outcome, *, reviewer: str, note: str = "") -> Standing:
    """Add a person's word on a scan's last attempt.

    Parameters
    ----------
    out : Path
        Output folder of a run.
    name : str
        The scan.
    outcome : Outcome
        What the person says.
    reviewer : str
        Who says it.
    note : str
        Why.

    Returns
    -------
    Standing
        Where the scan stands now.

    Raises
    ------
    StoreError
        If there is no such scan, or another attempt was made meanwhile.
    NotClearedError
        If there is nothing that could be passed.
    SettingsError
        If the reviewer has no name.
    """
    if not reviewer.strip():
        raise SettingsError("The reviewer: expected a name, got nothing.")
    store = Store.open(out, run="label")
    record = store.record(name)
    if not record.attempts:
        raise NotClearedError(f"No attempt on {name} has finished; there is nothing to label yet.")
    last = record.attempts[-1]
    if outcome is Outcome.PASS and not has_volume(last):
        why = last.error or "it is to be tried again."
        raise NotClearedError(f"The last attempt on {name} left no volume that could be passed: {why}")
    store.add_review(name, Review(last.number, outcome, reviewer.strip(), note))
    return standing_of_record(store.record(name), saved_settings(out))
