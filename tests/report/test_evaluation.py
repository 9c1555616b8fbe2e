import re
from xml.etree import ElementTree

import numpy as np
import pytest

from defacto.errors import SettingsError
from defacto.qc.evaluation import evaluate
from defacto.report.chart import Chart
from defacto.report.evaluation import PAGE, all_charts, render_chart, render_evaluation, write_evaluation
from defacto.report.figures import decimal_span, decimals, percent, span

from .test_pages import Page

TABLES = {"summary.tsv", "confusion.tsv", "classes.tsv", "pairs.tsv", "sweep.tsv", "reliability.tsv"}


def made(n=400, skill=3.0, persons=40):
    random = np.random.default_rng(5)
    truth = random.integers(4, size=n)
    z = random.normal(size=(n, 4))
    z[np.arange(n), truth] += skill
    p = np.exp(z)
    return evaluate(truth, p / p.sum(axis=1, keepdims=True), random.integers(persons, size=n), draws=50)


def odd():
    """Return evaluations at the edges of what can be asked."""
    nothing = np.full((3, 4), np.nan)
    even = np.full((2, 4), 0.25)
    return {
        "no answers": evaluate(np.array([0, 1, 2]), nothing),
        "one scan": evaluate(np.array([0]), np.eye(4)[:1]),
        "one class": evaluate(np.array([1, 1]), even),
        "guessing": made(skill=0.0),
        "perfect": evaluate(np.arange(40) % 4, np.eye(4)[np.arange(40) % 4]),
        "none accepted": evaluate(np.arange(2), even, p_pass=0.9, p_other=0.9),
    }


@pytest.fixture(scope="module")
def found():
    return made()


def text_of(found):
    return " ".join(" ".join(Page(render_evaluation(found)).text).split()).replace("\u00a0", " ")


def test_the_first_sentences_hold_the_results(found):
    text = text_of(found)
    accuracy = found.accuracy
    assert f"{percent(accuracy.value)} of 400 scans of 40 persons are called what they are" in text
    assert f"95 % interval {span((accuracy.low, accuracy.high))} %" in text
    assert f"{percent(found.settled.accepted.value)} are accepted" in text
    assert f"at most {percent(found.settled.missed_at_most)} with 95 % confidence" in text
    assert "0.75 for pass, 0.80 for the others" in text


def test_the_page_needs_no_other_file_and_tells_no_secret(found, tmp_path):
    page = write_evaluation(found, tmp_path / "out").read_text("utf-8")
    assert not re.search(r"https?:|//[a-z]|@import|url\(|<script|src=", page)
    assert str(tmp_path) not in page
    assert not re.search(r"\b20\d\d-\d\d|\d\d:\d\d", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))
    parsed = Page(page)
    for link in parsed.links:
        assert link == "data:," or link[1:] in parsed.ids or (tmp_path / "out" / link).is_file(), link


def test_charts_are_drawn_on_the_page_and_are_files_of_their_own(found, tmp_path):
    out = write_evaluation(found, tmp_path / "out").parent
    charts = all_charts(found)
    assert {path.name for path in out.iterdir()} == {PAGE, "figures", *TABLES}
    assert {path.stem for path in (out / "figures").iterdir()} == {chart.name for chart in charts}
    assert Page((out / PAGE).read_text("utf-8")).tags.count("svg") == len(charts) == 13
    for path in (out / "figures").iterdir():
        assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_the_same_numbers_give_the_same_bytes(found, tmp_path):
    once, again = (write_evaluation(each, tmp_path / n).parent for n, each in (("a", found), ("b", made())))
    for path in once.rglob("*.*"):
        assert path.read_bytes() == (again / path.relative_to(once)).read_bytes()


def test_tables_are_whole(found, tmp_path):
    out = write_evaluation(found, tmp_path / "out").parent
    for name in TABLES:
        lines = [line.split("\t") for line in (out / name).read_text().splitlines()]
        assert len({len(line) for line in lines}) == 1, name
        assert len(lines) > 4
        assert "nan" not in {cell for line in lines for cell in line}
    summary = dict(line.split("\t")[:2] for line in (out / "summary.tsv").read_text().splitlines())
    assert float(summary["accuracy"]) == pytest.approx(found.accuracy.value)
    assert float(summary["missed"]) == pytest.approx(found.settled.missed.value, rel=1e-5)
    confusion = [line.split("\t") for line in (out / "confusion.tsv").read_text().splitlines()[1:]]
    assert sum(int(row[2]) for row in confusion) == 400


@pytest.mark.parametrize("name", odd())
def test_what_is_unknown_is_a_dash(name, tmp_path):
    found = odd()[name]
    write_evaluation(found, tmp_path / "out")
    text = text_of(found)
    assert "nan" not in text.lower().split()
    assert ("–" in text) == (name != "perfect")
    for chart in all_charts(found):
        assert "nan" not in render_chart(chart)


def test_another_evaluation_is_replaced_and_nothing_else(found, tmp_path):
    write_evaluation(odd()["one scan"], tmp_path / "out")
    assert "400 scans" in write_evaluation(found, tmp_path / "out").read_text("utf-8")
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "thesis.txt").touch()
    for taken in (tmp_path / "else", tmp_path / "else" / "thesis.txt"):
        with pytest.raises(SettingsError, match=r"something else \(thesis.txt\)|is a file"):
            write_evaluation(found, taken)


def test_a_line_is_broken_at_the_unknown_and_no_finer_than_seen():
    chart = Chart("x", "", "", "", (0.0, 1.0), (0.0, 1.0), "")
    chart.add_line([(0.0, 0.0), (0.5, float("nan")), (1.0, 1.0)], "main")
    assert re.findall("[ML]", chart.lines[0].path) == ["M", "M"]
    chart.add_line([(i / 1e6, 0.5) for i in range(10_000)], "main")
    assert chart.lines[1].path.count("L") < 50
    chart.add_line([(float("nan"), 0.0)], "main")
    assert len(chart.lines) == 2


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.5, "50.0 %"), (1.0, "100 %"), (0.0, "0 %"), (0.9998, "99.98 %"), (0.0004, "0.04 %")],
)
def test_no_share_is_rounded_to_all_or_none(share, text):
    assert percent(share) == text


def test_unknown_figures_are_dashes():
    nan = float("nan")
    assert percent(nan) == span((nan, nan)) == decimals(nan) == decimal_span(nan, nan) == "–"
    assert decimals(0.99996) == "0.99996"
    assert decimals(1.0) == "1.000"
