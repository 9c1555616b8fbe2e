"""The files of the report: written whole or not at all, and only where they changed."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from defacto.report import tables
from defacto.report.environment import static_text
from defacto.report.pages import render_scan, render_study
from defacto.report.view import StudyView

_PART = ".part"
_ASSETS = ("report.css", "report.js")


def write_pages(view: StudyView, out: Path) -> Path:
    """Write all pages and tables of a study into ``out/report``.

    Parameters
    ----------
    view : StudyView
        What to show.
    out : Path
        Folder of the run.

    Returns
    -------
    Path
        The study's page. Pages of scans that are gone are removed; two writers wait for each other.
    """
    folder = out / "report"
    pages = folder / "scans"
    for each in (folder, pages, folder / "assets"):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder):
        for leftover in folder.rglob(f"*{_PART}"):
            leftover.unlink()
        for name in _ASSETS:
            _put(folder / "assets" / name, static_text(name))
        _write_scans(view, pages)
        _write_tables(view, folder)
        _put(folder / "index.html", render_study(view))
    return folder / "index.html"


def _write_scans(view: StudyView, pages: Path) -> None:
    around = [None, *view.scans, None]
    for before, scan, after in zip(around, view.scans, around[2:], strict=False):
        _put(pages / scan.page, render_scan(scan, view, before, after))
    wanted = {scan.page for scan in view.scans}
    for page in pages.glob("*.html"):
        if page.name not in wanted:
            page.unlink()


def _write_tables(view: StudyView, folder: Path) -> None:
    _put(folder / "scans.tsv", tables.scans_tsv(view))
    _put(folder / "scans.json", tables.scans_columns(view))
    _put(folder / "timing.tsv", tables.timing_tsv(view))
    _put(folder / "timing.json", tables.timing_columns())
    _put(folder / "study.json", tables.study_json(view))


def _put(path: Path, text: str) -> None:
    """Write a text file in one step, unless it holds this text already."""
    content = text.encode("utf-8")
    if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
        return
    part = path.with_name(path.name + _PART)
    part.write_bytes(content)
    part.replace(path)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
