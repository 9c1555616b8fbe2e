"""The page of an audit in a real browser: decisions by mouse and keyboard, saved, and applied."""

import json
import sys
import tomllib
from pathlib import Path

import pytest

from defacto.cli import main
from defacto.pipeline.review import add_label
from defacto.types import Outcome

sys.path.insert(0, str(Path(__file__).parents[1] / "privacy"))
sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))
from browsing import chromium
from planted_set import make_plain, plant

pytestmark = pytest.mark.slow
__all__ = ["chromium"]


@pytest.fixture
def open_page(chromium):
    """Return a function that opens a file, and fails where the console complains or something is loaded."""
    complaints, contexts = [], []

    def make(path, size=(1366, 768)):
        contexts.append(chromium.new_context(viewport={"width": size[0], "height": size[1]}))
        page = contexts[-1].new_page()
        page.set_default_timeout(15000)
        address = path.resolve().as_uri()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.on(
            "request",
            lambda r: None if r.url.startswith((address, "blob:", "data:")) else complaints.append(r.url),
        )
        page.goto(address)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def left(page):
    return int(page.inner_text("#left").replace(",", ""))


def save(page, path):
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == "strikes.toml"
    download.value.save_as(path)
    return tomllib.loads(path.read_text("utf-8"))


def row(page, text):
    return page.locator(".row:not(.head)", has_text=text).first


@pytest.mark.parametrize("size", [(1366, 768), (3840, 2160)])
def test_values_are_decided_by_mouse_and_keyboard(open_page, tmp_path, size):
    root = plant(make_plain(tmp_path / "set"))
    assert main(["audit", str(root), "--out", str(tmp_path / "o"), "--json", str(tmp_path / "o.json")]) == 3
    page = open_page(tmp_path / "o" / "index.html", size)
    begin = left(page)
    assert begin == json.loads((tmp_path / "o.json").read_text("utf-8"))["to_decide"]
    row(page, "Quill^Dorothea").get_by_role("button", name="Strike").click()
    assert left(page) == begin - 1
    row(page, "093Y").focus()
    page.keyboard.press("s")
    page.keyboard.press("u")
    assert left(page) <= begin - 1
    page.fill("#find", "SeriesDescription")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+A")
    page.fill("#find", "")
    saved = save(page, tmp_path / "s.toml")
    assert "SeriesDescription" in saved["accepted"]
    assert "PatientName=Quill^Dorothea" in saved["strike"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_everything_can_be_accepted_by_keyboard_alone_and_is_asked_no_more(open_page, tmp_path):
    root = plant(make_plain(tmp_path / "set"))
    assert main(["audit", str(root), "--out", str(tmp_path / "o")]) == 3
    page = open_page(tmp_path / "o" / "index.html")
    page.keyboard.press("ArrowDown")
    for _ in range(400):
        if not left(page):
            break
        page.keyboard.press("a")
    assert left(page) == 0
    assert page.inner_text("h1") == "Everything suspicious is decided"
    saved = save(page, tmp_path / "s.toml")
    assert not saved["strike"]
    assert main(["audit", str(root), "--strikes", str(tmp_path / "s.toml")]) == 0


def test_decisions_made_before_are_shown_and_saved_again(open_page, tmp_path):
    root, before = plant(make_plain(tmp_path / "set")), tmp_path / "s.toml"
    before.write_text('accepted = ["Gone=x", "PatientAge"]\nstrike = ["PatientName"]\n')
    assert main(["audit", str(root), "--out", str(tmp_path / "o"), "--strikes", str(before)]) == 3
    page = open_page(tmp_path / "o" / "index.html")
    page.select_option("#show", "decided")
    assert row(page, "Quill^Dorothea").get_attribute("class").split().count("struck") == 1
    assert save(page, tmp_path / "t.toml") == tomllib.loads(before.read_text())


def test_a_strike_goes_from_the_page_into_the_export(open_page, done, tmp_path):
    _, out, _ = done
    shared = tmp_path / "shared"
    for name in ("sub-pass_T1w", "sub-shallow_T1w"):
        add_label(out, name, Outcome.PASS, reviewer="Ada")
    main(["export", str(out), str(shared)])
    assert main(["audit", str(shared), "--out", str(tmp_path / "o")]) == 0
    page = open_page(tmp_path / "o" / "index.html")
    page.select_option("#show", "all")
    row(page, "Siemens").get_by_role("button", name="Strike").click()
    assert save(page, tmp_path / "s.toml") == {"accepted": [], "strike": ["Manufacturer=Siemens"]}
    assert main(["audit", str(shared), "--strikes", str(tmp_path / "s.toml")]) == 3
    main(["export", str(out), str(shared), "--strikes", str(tmp_path / "s.toml")])
    assert main(["audit", str(shared), "--strikes", str(tmp_path / "s.toml")]) == 0
