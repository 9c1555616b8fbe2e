"""The evaluation of a classifier as a folder: one page that opens offline, its charts, its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment

from defacto import __version__
from defacto.errors import SettingsError
from defacto.qc.evaluation import Evaluation
from defacto.qc.evaluation.acceptance import OUTCOMES
from defacto.report import chart as geometry
from defacto.report.chart import Chart
from defacto.report.environment import make_environment, static_text
from defacto.report.evaluation import view, words
from defacto.report.evaluation.charts import histograms, reliability_chart, roc_charts, sweep_charts
from defacto.report.evaluation.tables import evaluation_tables
from defacto.report.new_folder import check_results

PAGE = "evaluation.html"
_FIGURES = "figures"


def write_evaluation(found: Evaluation, out: Path) -> Path:
    """Write the page, the charts and the tables of an evaluation.

    Parameters
    ----------
    found : Evaluation
        What to show.
    out : Path
        A new or empty folder, or that of an earlier evaluation, which is replaced.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    SettingsError
        If the folder holds something else, or cannot be written.
    """
    check_folder(out)
    texts = {PAGE: render_evaluation(found), **evaluation_tables(found)}
    texts |= {f"{_FIGURES}/{chart.name}.svg": render_chart(chart) for chart in all_charts(found)}
    try:
        (out / _FIGURES).mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise SettingsError(f"The folder {out.name} cannot be written: {error.strerror}.") from error
    return out / PAGE


def check_folder(out: Path) -> None:
    """Refuse a folder that holds something other than an evaluation.

    Raises
    ------
    SettingsError
        If it does, or is not a folder.
    """
    check_results(out, PAGE, ("predictions.tsv",), "evaluation")


def all_charts(found: Evaluation) -> list[Chart]:
    """Return every chart of an evaluation."""
    return [*sweep_charts(found), reliability_chart(found), *histograms(found), *roc_charts(found)]


def render_evaluation(found: Evaluation) -> str:
    """Return the page, which needs no other file."""
    return (
        _environment()
        .get_template("evaluation.html")
        .render(
            headline=words.headline(found),
            sentence=words.sentence(found),
            tiles=view.tiles(found),
            confusions=[
                ("All scans", view.confusion(found.every.confusion)),
                ("Accepted scans", view.confusion(found.settled.confusion)),
            ],
            classes=view.class_rows(found),
            names=[outcome.value for outcome in OUTCOMES],
            thresholds=words.thresholds(found),
            sweep=view.sweep_rows(found),
            calibration=words.calibration(found),
            bins=view.bin_rows(found),
            roc=words.roc(found),
            pairs=view.pair_rows(found),
            method=words.method(found),
            sweep_charts=sweep_charts(found),
            reliability_chart=reliability_chart(found),
            histograms=histograms(found),
            roc_charts=roc_charts(found),
            style=static_text("report.css", "chart.css", "evaluation.css"),
            version=__version__,
        )
    )


def render_chart(chart: Chart) -> str:
    """Return a chart as an SVG file of its own."""
    template = _environment().get_template("chart.svg")
    return template.render(drawn=chart, style=static_text("chart.css")).strip() + "\n"


def _unbroken(value: Any) -> Any:
    return value.replace(" %", "\u00a0%") if type(value) is str else value


def _environment() -> Environment:
    environment = make_environment(_unbroken)
    environment.globals |= {
        "WIDTH": geometry.WIDTH,
        "LEFT": geometry.LEFT,
        "PLOT_WIDTH": geometry.PLOT_WIDTH,
    }
    return environment
