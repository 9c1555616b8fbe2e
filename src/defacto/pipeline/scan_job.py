"""All that is done on one scan, by one process that holds the scan's lock: attempts until none is due."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from defacto.config import DefaceSettings, Settings, deface_settings
from defacto.errors import InputError, SettingsError
from defacto.io.source import Source
from defacto.pipeline.attempt import Bench, refuse, run_attempt
from defacto.pipeline.folder import OutFolder
from defacto.pipeline.job import Finished, Job, describe, note_crash
from defacto.pipeline.locks import lock
from defacto.pipeline.records import Mark, Record
from defacto.pipeline.retry import next_parameters
from defacto.pipeline.sources import has_changed, mark_of, open_source, sentence
from defacto.pipeline.state import Standing, standing_of_record, tries, with_reviews
from defacto.pipeline.store import Store
from defacto.types import Attempt, Decision, Outcome, State


def run_scan(source: Source, job: Job) -> Finished:
    """Do what is to be done on a scan; an error that nobody foresaw is put on record, and the scan waits.

    Parameters
    ----------
    source : Source
        The scan.
    job : Job
        The run.
    """
    store = job.open_store()
    with lock(OutFolder(job.out).lock(source.name), wait=False) as ours:
        if not ours:
            standing = Standing(State.NEW, "Another run is working on it.")
            return Finished(source.name, standing, elsewhere=True)
        before = store.record(source.name).next_number
        try:
            record = _work_on(source, job, store)
        except SettingsError:
            raise
        except Exception as error:
            return note_crash(store, source.name, describe(error), job.settings)
    standing = standing_of_record(record, job.settings)
    return Finished(source.name, standing, attempts=record.next_number - before)


def _work_on(source: Source, job: Job, store: Store) -> Record:
    record = _notice_change(source, store, store.record(source.name))
    if not standing_of_record(record, job.settings).to_do:
        return record
    mark = mark_of(source)
    folder = OutFolder(job.out).attempt(source.name, record.next_number)
    try:
        opened = open_source(source, job.settings, job.work)
    except InputError as error:
        if record.attempts and record.attempts[-1].error == sentence(error):
            return record
        refusal = refuse(record.next_number, error, folder, job.out, job.settings.deface)
        return _add(store, source.name, refusal, mark)
    bench = Bench(opened, job.settings, network=job.network)
    while (parameters := next_attempt(record, job.settings)) is not None:
        number = record.next_number
        attempt = run_attempt(
            bench,
            number,
            parameters,
            OutFolder(job.out).attempt(source.name, number),
            job.out,
            keeps_volume=partial(_keeps_volume, record=record, settings=job.settings),
        )
        _drop_volumes(OutFolder(job.out).scan(source.name), number)
        record = _add(store, source.name, attempt, mark)
    return record


def _notice_change(source: Source, store: Store, record: Record) -> Record:
    """Leave the attempts on a former content of the input behind."""
    if record.mark is None or not has_changed(source, record.mark):
        return record
    last = record.next_number - 1
    store.add_event("changed", f"The input changed after attempt {last}.", source.name, last)
    return store.record(source.name)


def next_attempt(record: Record, settings: Settings) -> DefaceSettings | None:
    """Return the parameters of a scan's next attempt: those that somebody asked for, else by its history."""
    if record.asked is not None:
        return deface_settings(record.asked.parameters)
    history = tries(record.attempts)
    return next_parameters(history, settings, with_reviews(history, record.reviews))


def _keeps_volume(decision: Decision, *, record: Record, settings: Settings) -> bool:
    """Keep the volume of the last attempt only: one that failed may show a face."""
    surely_failed = decision.sure and decision.outcome not in {None, Outcome.PASS}
    return not surely_failed or len(tries(record.attempts)) + 1 >= settings.retry.max_attempts


def _drop_volumes(folder: Path, number: int) -> None:
    for path in folder.glob("attempt-*/defaced.nii.gz"):
        if path.parent.name != f"attempt-{number}":
            path.unlink()


def _add(store: Store, name: str, attempt: Attempt, mark: Mark) -> Record:
    store.add_attempt(name, attempt, mark)
    return store.record(name)
