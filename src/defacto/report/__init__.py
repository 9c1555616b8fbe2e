"""Pages and tables for people and machines: one page for the study, one for each scan; they open offline."""

from __future__ import annotations

from pathlib import Path

from defacto.report.load import load_view
from defacto.report.pages import render_scan, render_study
from defacto.report.view import Happening, Missing, ScanView, StudyView
from defacto.report.write import write_pages

__all__ = [
    "Happening",
    "Missing",
    "ScanView",
    "StudyView",
    "load_view",
    "render_scan",
    "render_study",
    "write_pages",
    "write_report",
]


def write_report(out: Path) -> Path:
    """Write the report of a run.

    Parameters
    ----------
    out : Path
        Folder of the run, which holds its store.

    Returns
    -------
    Path
        ``out/report/index.html``.
    """
    return write_pages(load_view(out), out)
