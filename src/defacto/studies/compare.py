"""What each method of defacing does to many heads: one head after the other, all methods on each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from defacto import anatomy, render
from defacto.config import Settings
from defacto.errors import DefactoError, InputError, StepError
from defacto.qc.choose import AUTO
from defacto.simulate.processes import in_processes
from defacto.studies.bench import Bench, open_bench
from defacto.studies.heads import Head
from defacto.studies.judge import SUCCESS
from defacto.studies.rows import HEADS, Row, empty_row, settings_key, store, stored
from defacto.types import Scan

PICTURES = "pictures"
_VIEWS = ("left", "front", "right")


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


def compare_head(
    head: Head, methods: Sequence[str], out: Path, settings: Settings, bases: Path | None, first: bool
) -> str:
    """Try methods on one head, and add the rows to what is stored of it; return its name."""
    key = settings_key(settings)
    before = stored(out, head, key)
    try:
        bench = open_bench(head, settings, bases)
    except DefactoError as error:
        if isinstance(error, InputError) and head.truth is not None:
            raise
        rows = [empty_row(head, math.nan, name, error=str(error)) for name in methods]
    else:
        rows = [_compare(bench, name, out, draw=first) for name in methods]
        if first:
            _draw(out, head.name, "original", bench.scan, bench.context)
    after = {**before, **{row.method: row for row in rows}}
    store(out, head, key, after)
    return head.name


def _compare(bench: Bench, name: str, out: Path, *, draw: bool) -> Row:
    slice_mm = max(bench.scan.grid.voxel_size_mm)
    try:
        tried = bench.tried(name)
    except StepError as error:
        return empty_row(bench.head, slice_mm, name, shared_s=bench.shared_s, error=str(error))
    if draw or tried.judged.verdict != SUCCESS:
        _draw(out, bench.head.name, name, tried.result, bench.context)
    decision, judged = tried.decision, tried.judged
    sure = decision.outcome.value if decision.outcome is not None and decision.sure else "not sure"
    return replace(
        empty_row(bench.head, slice_mm, name, shared_s=bench.shared_s),
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
