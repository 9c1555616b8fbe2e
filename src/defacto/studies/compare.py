"""What each method of defacing does to many heads: one head after the other, all methods on each."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from defacto import anatomy, deface, qc, render
from defacto.config import DefaceSettings, Settings
from defacto.deface.outside import ProgramMethod
from defacto.errors import DefactoError, InputError, SettingsError, StepError
from defacto.qc.choose import AUTO, choose
from defacto.simulate.processes import in_processes
from defacto.simulate.scene import Scene
from defacto.studies.heads import Head
from defacto.studies.judge import NOT_DONE, SUCCESS, Judged, judge, judge_by_truth
from defacto.types import Decision, Measure, Outcome, Removal, Scan

HEADS, PICTURES = "heads", "pictures"
_VIEWS = ("left", "front", "right")
_MB = 1e6


@dataclass(frozen=True)
class Row:
    """What one method did to one head; a row of the table.

    Parameters
    ----------
    head, person, contrast, years : str
        Whose scan it is.
    slice_mm : float
        Thickness of its slices: the largest side of a voxel.
    method, version : str
        Who defaced.
    chosen : str
        Of ``auto``: which method it took.
    by : str
        ``truth`` or ``measures``.
    verdict, outcome : str
        See `defacto.studies.judge`.
    machine : str
        What `defacto.qc.decide` says: all that is known of a real head.
    brain_lost_ml, removed_percent : float
        NaN where not known.
    left : str
        Features that are left, with blanks between.
    seconds, shared_s : float
        Of the method alone; of the registration and the networks, which all of our own share.
    memory_mb : float
        Peak of what the method itself took; NaN for programs of others.
    error : str
        Why it could not be done.
    """

    head: str
    person: str
    contrast: str
    years: str
    slice_mm: float
    method: str
    version: str
    chosen: str
    by: str
    verdict: str
    outcome: str
    machine: str
    brain_lost_ml: float
    removed_percent: float
    left: str
    seconds: float
    shared_s: float
    memory_mb: float
    error: str


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
class _Bench:
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
        method = _method(name)
        parameters = replace(self.settings.deface, method=name)
        tracemalloc.start()
        begun = time.perf_counter()
        try:
            removal = method.removal(self.scan, self.context, parameters)
            result = deface.apply(self.scan, removal)
        finally:
            seconds = time.perf_counter() - begun
            peak = tracemalloc.get_traced_memory()[1] / _MB
            tracemalloc.stop()
        measures = qc.measure(self.scan, result, removal, self.context)
        decision = qc.decide(measures, self.settings)
        judged = (
            judge(measures, decision, self.settings)
            if self.scene is None
            else judge_by_truth(self.scene, self.scan, result, removal, self.settings)
        )
        memory_mb = math.nan if isinstance(method, ProgramMethod) else peak
        return Tried(removal, measures, decision, judged, result, seconds, memory_mb)


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
            _method(name)
    return list(dict.fromkeys(wanted))


def _method(name: str) -> deface.Method:
    method = deface.find(name)
    if method is None:
        known = ", ".join([AUTO, *deface.METHODS, *deface.OUTSIDE])
        raise SettingsError(f"There is no method {name}; known are {known}, and all.")
    return method


def compare(
    heads: Sequence[Head],
    methods: Sequence[str],
    out: Path,
    settings: Settings,
    *,
    bases: Path | None = None,
    nprocs: int | None = None,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> list[Row]:
    """Try all methods on all heads; what an earlier call with the same settings did is not done again.

    Parameters
    ----------
    heads : sequence of Head
        From `find_heads`.
    methods : sequence of str
        Names; ``auto`` among them.
    out : Path
        Folder of the comparison: ``heads/*.json`` holds the rows of each head, ``pictures/`` what to look at.
    settings : Settings
        Parameters of all methods, and limits.
    bases : Path, optional
        Label maps of made heads.
    nprocs : int, optional
        Heads at once; by default the cores there are.
    tell : callable
        Is told how many heads of how many are done.

    Returns
    -------
    list of Row
        In the order of heads and methods.
    """
    (out / HEADS).mkdir(parents=True, exist_ok=True)
    (out / PICTURES).mkdir(exist_ok=True)
    out.chmod(0o700)
    key = settings_key(settings)
    missing = [
        (head, rest, out, settings, bases, number == 0)
        for number, head in enumerate(heads)
        if (rest := [name for name in methods if name not in stored(out, head, key)])
    ]
    done = len(heads) - len(missing)
    tell(done, len(heads))
    for _ in in_processes(compare_head, missing, nprocs):
        done += 1
        tell(done, len(heads))
    found = [stored(out, head, key) for head in heads]
    return [rows[name] for rows in found for name in methods if name in rows]


def settings_key(settings: Settings) -> str:
    """Return what tells comparisons with other settings or methods apart."""
    versions = {name: method.version for name, method in deface.METHODS.items()}
    known = json.dumps(
        [asdict(replace(settings, deface=_unnamed(settings.deface))), versions], sort_keys=True
    )
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def _unnamed(parameters: DefaceSettings) -> DefaceSettings:
    return replace(parameters, method="")


def stored(out: Path, head: Head, key: str) -> dict[str, Row]:
    """Return the rows of a head that are there already, by method."""
    try:
        document = json.loads((out / HEADS / f"{head.name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if document.get("key") != key:
        return {}
    return {each["method"]: _from_json(each) for each in document["rows"]}


def compare_head(
    head: Head, methods: Sequence[str], out: Path, settings: Settings, bases: Path | None, first: bool
) -> str:
    """Try methods on one head, and add the rows to what is stored of it; return its name."""
    key = settings_key(settings)
    before = stored(out, head, key)
    try:
        bench = _open(head, settings, bases)
    except DefactoError as error:
        if isinstance(error, InputError) and head.truth is not None:
            raise
        rows = [_row(head, math.nan, name, error=str(error)) for name in methods]
    else:
        rows = [_compare(bench, name, out, draw=first) for name in methods]
        if first:
            _draw(out, head.name, "original", bench.scan, bench.context)
    after = {**before, **{row.method: row for row in rows}}
    _write(out / HEADS / f"{head.name}.json", {"key": key, "rows": [_to_json(row) for row in after.values()]})
    return head.name


def _open(head: Head, settings: Settings, bases: Path | None) -> _Bench:
    scan = head.open(settings)
    scene = head.scene(scan, bases)
    begun = time.perf_counter()
    context = anatomy.locate(scan, settings.anatomy, fraction=settings.deface.fraction)
    return _Bench(head, scan, scene, context, settings, time.perf_counter() - begun)


def _compare(bench: _Bench, name: str, out: Path, *, draw: bool) -> Row:
    slice_mm = max(bench.scan.grid.voxel_size_mm)
    try:
        tried = bench.tried(name)
    except StepError as error:
        return _row(bench.head, slice_mm, name, shared_s=bench.shared_s, error=str(error))
    if draw or tried.judged.verdict != SUCCESS:
        _draw(out, bench.head.name, name, tried.result, bench.context)
    decision, judged = tried.decision, tried.judged
    sure = decision.outcome.value if decision.outcome is not None and decision.sure else "not sure"
    return replace(
        _row(bench.head, slice_mm, name, shared_s=bench.shared_s),
        version=tried.removal.version,
        chosen=tried.removal.method if name == AUTO else "",
        by="measures" if bench.scene is None else "truth",
        verdict=judged.verdict,
        outcome=judged.outcome,
        machine=sure,
        brain_lost_ml=judged.brain_lost_ml,
        removed_percent=judged.removed_percent,
        left=" ".join(judged.left),
        seconds=round(tried.seconds, 3),
        memory_mb=tried.memory_mb if math.isnan(tried.memory_mb) else round(tried.memory_mb, 1),
    )


def _row(head: Head, slice_mm: float, method: str, *, shared_s: float = math.nan, error: str = "") -> Row:
    """Return the row of a method that could not be done; others fill in the rest."""
    return Row(
        head=head.name,
        person=head.person,
        contrast=head.contrast,
        years=head.years,
        slice_mm=slice_mm if math.isnan(slice_mm) else round(slice_mm, 3),
        method=method,
        version="",
        chosen="",
        by="truth" if head.truth else "measures",
        verdict=NOT_DONE,
        outcome=Outcome.FAILURE.value,
        machine=Outcome.FAILURE.value,
        brain_lost_ml=math.nan,
        removed_percent=math.nan,
        left="",
        seconds=math.nan,
        shared_s=shared_s if math.isnan(shared_s) else round(shared_s, 3),
        memory_mb=math.nan,
        error=error,
    )


def picture_path(out: Path, head: str, what: str) -> Path:
    """Return where the picture of a head after a method is, or that of the original."""
    return out / PICTURES / f"{head}.{what}.png"


def _draw(out: Path, head: str, what: str, scan: Scan, context: anatomy.Context) -> None:
    """Draw a head from front left, the front and front right, and cut in the middle."""
    found = render.find_head(scan.volume, context.upright)
    views = render.surface_views(scan.volume, context.upright, found)
    oblique = np.concatenate([views[each] for each in _VIEWS], axis=1)
    plane = render.look(scan.volume, context.upright, found).slice
    scale = oblique.shape[0] / plane.shape[0]
    picks = (np.arange(oblique.shape[0]) / scale).astype(int)
    middle = np.repeat(plane[picks][:, picks, None], 3, axis=2)
    render.write_png(picture_path(out, head, what), np.concatenate([oblique, middle], axis=1)[::2, ::2])


def _to_json(row: Row) -> dict[str, Any]:
    """Return a row as JSON values: what is not a number is null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(row).items()
    }


def _from_json(values: Mapping[str, Any]) -> Row:
    numbers = {each.name for each in dataclasses.fields(Row) if each.type == "float"}
    known: dict[str, Any] = {n: math.nan if v is None and n in numbers else v for n, v in values.items()}
    return Row(**known)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
