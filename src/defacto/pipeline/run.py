"""The main job over an input folder: find scans, work on them in processes, write the report."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from defacto import __version__
from defacto.config import Settings
from defacto.errors import SettingsError
from defacto.io import bids, dicom
from defacto.io.kind import is_bids
from defacto.io.source import LeftOut, Source
from defacto.pipeline.folder import OutFolder, check_places, prepare, private_files
from defacto.pipeline.job import Job
from defacto.pipeline.memory import free_gb
from defacto.pipeline.own_network import adopt_network, check_network
from defacto.pipeline.pool import Pool
from defacto.pipeline.progress import Progression
from defacto.pipeline.retries import Retry, find_retries
from defacto.pipeline.run_settings import choose_settings, saved_settings, settled
from defacto.pipeline.sources import Selection, find_sources, has_changed, row_of
from defacto.pipeline.state import Standing, standing_of_record
from defacto.pipeline.store import Store
from defacto.pipeline.work import work_folder
from defacto.processes import cores
from defacto.types import State

DONE, TOOL_ERROR, USAGE_ERROR, WAITING = 0, 1, 2, 3
"""Exit codes: all cleared, error in the tool, wrong usage, some scans wait or failed."""

_SHARE_OF_FREE = 0.8


@dataclass(frozen=True)
class Request:
    """What a run is asked to do.

    Parameters
    ----------
    folder, out : Path
        Input and output folder.
    selection : Selection
        Which scans.
    settings_file : Path, optional
        TOML file.
    changes : mapping
        Settings by dotted name that outweigh the file.
    nprocs : int, optional
        How many scans at once; by default the cores there are.
    mem_gb : float, optional
        How much memory they may take together; by default most of what is free.
    work : Path, optional
        Folder for temporary files; by default in the output folder.
    skip_validation : bool
        Whether the input is taken without a look at its BIDS validity.
    link_table : Path, optional
        Where to write which subject label stands for whom.
    network : Path, optional
        Folder of a classifier that becomes the run's own.
    strikes : tuple of str
        Tags and values of sidecars that go; they are added to the settings of the run.
    retries_only : bool
        Whether only scans are taken that were tried before, and are to be tried again.
    """

    folder: Path
    out: Path
    selection: Selection = field(default_factory=Selection)
    settings_file: Path | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    nprocs: int | None = None
    mem_gb: float | None = None
    work: Path | None = None
    skip_validation: bool = False
    link_table: Path | None = None
    network: Path | None = None
    strikes: tuple[str, ...] = ()
    retries_only: bool = False


@dataclass(frozen=True)
class Summary:
    """How a run ended.

    Parameters
    ----------
    standings : mapping of str to Standing
        Where each scan that was asked for stands.
    left_out : tuple of LeftOut
        What was seen and not taken.
    crashes : int
        On how many scans the tool itself stopped.
    """

    standings: Mapping[str, Standing]
    left_out: tuple[LeftOut, ...] = ()
    crashes: int = 0

    @property
    def counts(self) -> dict[State, int]:
        """Number of scans by state, in the order of the states."""
        found = Counter(standing.state for standing in self.standings.values())
        return {state: found[state] for state in State if found[state]}

    @property
    def exit_code(self) -> int:
        """DONE, TOOL_ERROR or WAITING."""
        if self.crashes:
            return TOOL_ERROR
        return DONE if self.standings and set(self.counts) == {State.CLEARED} else WAITING


@dataclass(frozen=True)
class Plan:
    """What a run would work on.

    Parameters
    ----------
    settings : Settings
        Of the run.
    sources : tuple of Source
        Scans that are taken.
    left_out : tuple of LeftOut
        What was seen and is not taken.
    retries : tuple of Retry
        What the next attempts would change, where only such scans are asked for.
    """

    settings: Settings
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...] = ()
    retries: tuple[Retry, ...] = ()


def plan(request: Request) -> Plan:
    """Say what a run would work on; nothing is written.

    Raises
    ------
    DefactoError
        If the input, the settings or the places are wrong.
    """
    check_places(request.folder, request.out, request.work)
    if request.network is not None:
        check_network(request.network)
    settings = choose_settings(request.out, request.settings_file, request.changes, request.strikes)
    if request.folder.is_dir() and is_bids(request.folder) and not request.skip_validation:
        bids.check(request.folder)
    sources, left_out = find_sources(request.folder, settings, request.selection)
    retries: list[Retry] = []
    if request.retries_only:
        taken = {source.name for source in sources}
        retries = [retry for retry in find_retries(request.out, settings) if retry.name in taken]
        waiting = {retry.name for retry in retries}
        sources, left_out = [source for source in sources if source.name in waiting], []
    if request.link_table is not None:
        rows = [(f"sub-{s.subject}", s.identity) for s in sources if s.identity is not None]
        dicom.link_table(rows, request.link_table, outside=request.out)
    return Plan(settings, tuple(sources), tuple(left_out), tuple(retries))


def run(
    request: Request, report: Callable[[Path], Path] | None = None, planned: Plan | None = None
) -> Summary:
    """Do the main job.

    Parameters
    ----------
    request : Request
        What to do.
    report : callable, optional
        Writes the report of the run's folder in the end.
    planned : Plan, optional
        What `plan` said of this request.

    Raises
    ------
    DefactoError
        If the job cannot be begun; a bad scan never stops it.
    """
    if request.nprocs is not None and request.nprocs < 1:
        raise SettingsError(f"The number of processes: expected at least 1, got {request.nprocs}.")
    if request.mem_gb is not None and not request.mem_gb > 0:
        raise SettingsError(f"The memory: expected more than 0 GB, got {request.mem_gb:g}.")
    planned = plan(request) if planned is None else planned
    with private_files():
        return _run(request, planned, report)


def _run(request: Request, planned: Plan, report: Callable[[Path], Path] | None) -> Summary:
    settings, sources, left_out = planned.settings, planned.sources, planned.left_out
    out = OutFolder(request.out.absolute())
    prepare(out)
    name = f"run-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}-{secrets.token_hex(2)}"
    store = Store.create(out.root, run=name)
    with settled(out, settings, begun=store.has_attempts()) as changed:
        if request.network is not None:
            adopt_network(request.network, out, begun=store.has_attempts())
        store.adopt(settings)
        store.add_events([("settings", sentence, None, None) for sentence in changed])
        store.add_scans([row_of(source) for source in sources])
        _note_left_out(store, left_out)
        with work_folder((request.work or out.work).absolute(), name) as work:
            job = Job(out.root, settings, work, name)
            crashes = _work_through(request, job, store, sources, left_out)
    summary = Summary(_standings(store, sources, settings), left_out, crashes)
    if report is not None:
        report(out.root)
    return summary


def summarise(out: Path, store: Store) -> Summary:
    """Return where all scans of an output folder stand."""
    settings = saved_settings(out)
    records = store.records()
    left_out = [LeftOut(name, reason) for name, reason in store.left_out().items()]
    standings = {record.scan.name: standing_of_record(record, settings) for record in records}
    crashes = sum(record.scan.crash is not None for record in records)
    return Summary(standings, tuple(left_out), crashes)


def _work_through(
    request: Request, job: Job, store: Store, sources: Sequence[Source], left_out: Sequence[LeftOut]
) -> int:
    due = _due(store, sources, job.settings)
    nprocs = max(1, min(request.nprocs or cores(), len(due)))
    mem_gb = request.mem_gb or _SHARE_OF_FREE * free_gb()
    crashes = 0
    with Progression(len(due), OutFolder(job.out).logs / f"{job.run}.log") as progression:
        progression.say(f"defacto {__version__}: {len(sources)} scans taken, {len(due)} to work on.")
        for each in left_out:
            progression.say(f"{each.name}: left out, {each.reason}.")
        pool = Pool(job, nprocs, mem_gb)
        elsewhere = set()
        for finished in pool.run(due):
            crashes += finished.crashed
            if finished.elsewhere:
                elsewhere.add(finished.name)
            else:
                progression.finished(finished)
        for finished in pool.run([source for source in due if source.name in elsewhere]):
            crashes += finished.crashed
            progression.finished(finished)
    return crashes


def _due(store: Store, sources: Sequence[Source], settings: Settings) -> list[Source]:
    records = {record.scan.name: record for record in store.records([source.name for source in sources])}
    return [
        source
        for source in sources
        for record in [records[source.name]]
        if standing_of_record(record, settings).to_do
        or (record.mark is not None and has_changed(source, record.mark))
    ]


def _standings(store: Store, sources: Sequence[Source], settings: Settings) -> dict[str, Standing]:
    records = store.records([source.name for source in sources])
    return {record.scan.name: standing_of_record(record, settings) for record in records}


def _note_left_out(store: Store, left_out: Sequence[LeftOut]) -> None:
    known = store.left_out()
    new = [each for each in left_out if known.get(each.name) != each.reason]
    store.add_events([("left_out", each.reason, each.name, None) for each in new])
