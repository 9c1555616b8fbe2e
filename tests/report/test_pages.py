import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defacto.config import QcSettings, Settings
from defacto.report import Missing, ScanView, StudyView, render_scan, render_study, write_pages
from defacto.report.view import Happening
from defacto.types import Attempt, Decision, Measure, Outcome, Reason, Review, State

from . import fake


class Page(HTMLParser):
    """Collects the tags, addresses, ids, pictures and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links, self.ids, self.images, self.tags, self.text = [], set(), [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.links += [found[key] for key in ("href", "src") if key in found]
        self.ids |= {found["id"]} if "id" in found else set()
        if tag == "img":
            self.images.append(found)

    def handle_data(self, data):
        self.text.append(data)


def without_timing(text: str) -> str:
    return re.sub(r"<!-- timing: begin.*?<!-- timing: end -->", "", text, flags=re.DOTALL)


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    write_pages(fake.study(out=folder), folder)
    return folder


def pages(out: Path) -> list[Path]:
    return sorted((out / "report").rglob("*.html"))


def test_all_links_and_pictures_resolve(out):
    found = pages(out)
    assert len(found) == 41
    ids = {path: Page(path.read_text("utf-8")).ids for path in found}
    for path in found:
        for link in Page(path.read_text("utf-8")).links:
            if link == "data:,":
                continue
            address, _, anchor = link.partition("#")
            target = (path.parent / unquote(address)).resolve() if address else path
            assert target.is_file(), link
            assert target.is_relative_to(out)
            assert not anchor or anchor in ids[target]


def test_nothing_outside_is_named(out):
    for path in (out / "report").rglob("*"):
        if path.is_dir():
            continue
        text = path.read_text("utf-8")
        assert not re.search(r"https?:|//[a-z]|@import|url\(", text.replace("// The table", "")), path.name
        assert str(out) not in text
        assert "/home/" not in text


def test_every_picture_has_a_text_and_what_is_no_pass_is_veiled(out):
    view = fake.study()
    for scan in view.scans:
        text = (out / "report" / "scans" / scan.page).read_text("utf-8")
        for image in Page(text).images:
            assert image["alt"]
            number = int(re.search(r"attempt-(\d)", image["src"]).group(1))
            assert ("blur" in image.get("style", "")) == (not scan.may_show(scan.attempts[number - 1]))


def test_the_study_page_shows_passes_only(out):
    view = fake.study()
    passed = {f"{s.name}/attempt-{s.last.number}" for s in view.passes}
    shown = {
        re.search(r"scans/(.*)/render", unquote(image["src"])).group(1)
        for image in Page((out / "report" / "index.html").read_text("utf-8")).images
    }
    assert shown == passed


def test_the_same_study_gives_the_same_bytes_and_only_times_differ(out, tmp_path):
    view = fake.study()
    slower = dataclasses.replace(
        view,
        scans=tuple(
            dataclasses.replace(
                scan,
                events=(Happening("2027-01-01 00:00:00", "Started."),),
                attempts=tuple(
                    dataclasses.replace(a, seconds={k: 2 * v for k, v in a.seconds.items()})
                    for a in scan.attempts
                ),
            )
            for scan in view.scans
        ),
    )
    write_pages(view, tmp_path / "a")
    write_pages(slower, tmp_path / "b")
    for path in sorted((tmp_path / "a" / "report").rglob("*.*")):
        name = path.relative_to(tmp_path / "a")
        same = (out / name).read_bytes() == path.read_bytes()
        assert same, name
        other = (tmp_path / "b" / name).read_text("utf-8")
        if name.name != "timing.tsv":
            assert without_timing(other) == without_timing(path.read_text("utf-8")), name


def test_only_what_changed_is_written_again(tmp_path):
    view = fake.study()
    write_pages(view, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in pages(tmp_path)}
    first = view.scans[0]
    changed = dataclasses.replace(
        first, reviews=(*first.reviews, Review(1, Outcome.DEEP, "MM", "Look again."))
    )
    (tmp_path / "report" / "scans" / "gone.html").write_text("old")
    (tmp_path / "report" / "index.html.part").write_text("left by a killed run")
    write_pages(dataclasses.replace(view, scans=(changed, *view.scans[1:])), tmp_path)
    after = {path: path.stat().st_mtime_ns for path in pages(tmp_path)}
    assert set(after) == set(before)
    assert {path.name for path in after if after[path] != before[path]} <= {first.page, "index.html"}
    assert not list(tmp_path.rglob("*.part"))


def test_states_that_stand_alone_have_pages():
    for plan in ({}, *({state: 2} for state in State)):
        view = fake.study(plan)
        assert view.headline in "".join(Page(render_study(view)).text)
        for scan in view.scans:
            render_scan(scan, view)


def test_changed_settings_and_parameters_are_marked():
    view = dataclasses.replace(fake.study({State.CLEARED: 6}), settings=Settings(qc=QcSettings(p_pass=0.9)))
    assert "<mark>0.9</mark>" in render_study(view)
    several = next(scan for scan in view.scans if len(scan.attempts) > 1)
    assert "<mark>0, -5, 0</mark>" in render_scan(several, view)


nasty = st.text(alphabet=st.sampled_from("<>&\"'`{}%#?;\n\t/=\\ aé\u202e\x00\ud800"), max_size=30)


@settings(max_examples=60, deadline=None)
@given(nasty, nasty)
def test_markup_in_any_text_stays_text(name, text):
    marked = f"{name}<script>x</script>\"'><img src=x onerror=y>{text}"
    measure = Measure(marked, 1.0, marked)
    attempt = Attempt(
        1,
        marked,
        marked,
        {marked: marked},
        {marked: measure},
        Decision(Outcome.SHALLOW, (Reason(marked, marked, 1.0, 0.5),)),
        files={
            "render_left": f"scans/{marked}/a.png",
            "slices": "../../etc/x.png",
            "render_front": "/etc/x.png",
        },
        seconds={marked: 1.0},
        error=marked,
    )
    reviews = (Review(1, Outcome.DEEP, marked, marked),)
    scan = ScanView(
        marked,
        State.RETRY,
        (attempt,),
        reviews,
        (Happening("1", marked),),
        {"subject": marked},
        marked,
        marked,
    )
    other = ScanView("other", State.NEW)
    view = StudyView((scan, other), Settings(), "0", (Missing(marked, marked),))
    for page in (render_study(view), render_scan(scan, view, other, scan)):
        tags = Page(page).tags
        assert tags.count("script") == 1
        assert tags.count("img") <= 1
        assert "onerror=y>" not in page
        assert "/etc/" not in page
        page.encode("utf-8")


@settings(max_examples=30, deadline=None)
@given(nasty, st.one_of(st.none(), st.floats()))
def test_tables_for_machines_parse(tmp_path_factory, name, value):
    folder = tmp_path_factory.mktemp("t")
    attempt = Attempt(1, "t", "1", {}, {"m": Measure("m", value, "ml")}, Decision(None, (), sure=False))
    scans = (ScanView(name, State.MANUAL, (attempt,), note=name, reason=name), ScanView("b", State.NEW))
    write_pages(StudyView(scans, Settings(), "0"), folder)
    report = folder / "report"
    rows = [line.split("\t") for line in (report / "scans.tsv").read_text("utf-8").split("\n")[:-1]]
    assert len(rows) == 3
    assert {len(row) for row in rows} == {len(rows[0])}
    assert set(rows[0]) == set(json.loads((report / "scans.json").read_text("utf-8")))
    study = json.loads((report / "study.json").read_text("utf-8"))
    assert len(study["scans"]) == 2
    assert sum(study["counts"].values()) == 2


@pytest.mark.slow
def test_ten_thousand_scans_fit(tmp_path):
    view = fake.study({State.CLEARED: 7000, State.VERIFY: 1500, State.MANUAL: 1000, State.REFUSED: 500})
    assert len(render_study(view).encode()) < 10_000_000
