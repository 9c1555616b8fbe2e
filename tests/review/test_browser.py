"""A made study goes through the desk in a real browser: Debian's Chromium, driven by Playwright."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from browsing import chromium, gallery, scan_shown, sign_in, wait_until
from desk_fixtures import PASSWORD, add_result, make_run
from desk_server import free_port, start

from defacto.pipeline.store import Store
from defacto.review.accounts import Accounts, Role
from defacto.types import Outcome, Review

pytestmark = pytest.mark.slow
__all__ = ["chromium"]
SIZES = {"small": (1366, 768), "large": (3840, 2160)}


@pytest.fixture
def running(tmp_path):
    """Yield the folder of a run, its store, and the address of a desk over it."""
    out, port = tmp_path / "out", free_port()
    make_run(out, verify=14, manual=3)
    store = Store.open(out)
    accounts = Accounts(store.engine)
    for name, role in {"Ada": Role.REVIEWER, "Lea": Role.LEAD, "Vi": Role.VIEWER}.items():
        accounts.add(name, role, PASSWORD)
    server = start(out, port)
    yield out, store, f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(20)
    server.stdout.close()


@pytest.fixture
def open_page(chromium, running):
    """Return a function that opens a page for somebody, and fails where the console complains."""
    complaints, contexts = [], []

    def make(name=None, size=SIZES["small"]):
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
        page.on(
            "request",
            lambda r: (
                complaints.append(r.url) if not r.url.startswith((running[2], "blob:", "data:")) else None
            ),
        )
        if name:
            sign_in(page, running[2], name)
            page.wait_for_url("**/verify")
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def is_complaint(message):
    return message.type == "error" and not message.text.startswith("Failed to load")


def words(store):
    return [review.word for record in store.records() for review in record.reviews]


def test_wrong_password_and_wrong_role(open_page, running):
    page = open_page()
    sign_in(page, running[2], "Ada", "not the password")
    page.get_by_role("alert").wait_for()
    assert "wrong" in page.get_by_role("alert").inner_text()
    sign_in(page, running[2], "Vi")
    page.wait_for_url("**/study")
    page.goto(f"{running[2]}/verify")
    assert "Viewers look only" in page.inner_text("main")
    page.goto(f"{running[2]}/log")
    assert "Only leads" in page.inner_text("main")


def test_a_page_is_verified_by_keyboard_and_taken_back(open_page, running):
    _, store, _ = running
    page = open_page("Ada")
    gallery(page)
    layout = page.locator("#cards").get_attribute("style")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    assert page.locator(".case input:checked").count() == 1
    page.keyboard.press("Enter")
    wait_until(page, lambda: len(words(store)) >= 12)
    count = len(words(store))
    assert sorted(set(words(store))) == ["flag", "pass"]
    assert words(store).count("flag") == 1
    page.keyboard.press("u")
    wait_until(page, lambda: not words(store))
    gallery(page)
    assert page.locator("#cards").get_attribute("style") == layout
    assert page.locator(".case input:checked").count() == 1
    page.keyboard.press("Enter")
    wait_until(page, lambda: len(words(store)) == count)


def test_scans_are_decided_by_keyboard_alone(open_page, running):
    _, store, address = running
    page = open_page("Ada")
    page.goto(f"{address}/manual")
    scan_shown(page)
    first = page.get_attribute("#render_left", "src")
    page.keyboard.press("n")
    page.keyboard.press("c")
    page.keyboard.type("The tip is left; pdsf 1234.")
    page.keyboard.press("Enter")
    page.keyboard.press("3")
    page.wait_for_function("first => document.querySelector('#render_left').src !== first", arg=first)
    page.wait_for_selector("#after b")
    assert "not sure" in page.inner_text("#after")
    (review,) = [r for record in store.records() for r in record.reviews]
    assert (review.word, review.note) == ("shallow", "The tip is left; pdsf 1234.")
    assert [f.value for f in review.features] == ["nose"]
    assert 0 < review.seconds < 60
    note, back = page.locator("#note").bounding_box(), page.locator("#back").bounding_box()
    assert note["width"] > 60
    assert note["x"] + note["width"] <= back["x"]
    assert abs(note["y"] + note["height"] / 2 - back["y"] - back["height"] / 2) < 4
    page.keyboard.press("u")
    wait_until(page, lambda: words(store) == [])
    scan_shown(page)
    page.wait_for_function("() => document.querySelector('#after').textContent === ''")
    page.keyboard.press("b")
    for key in "pds":
        page.wait_for_timeout(400)
        scan_shown(page)
        page.keyboard.press(key)
    wait_until(page, lambda: sorted(words(store)) == ["deep", "pass", "shallow"])
    page.get_by_text("Nothing waits for a decision").wait_for()


def test_slices_are_seen_large_by_a_key_and_small_again_with_the_next_scan(open_page, running):
    page = open_page("Ada")
    page.goto(f"{running[2]}/manual")
    scan_shown(page)
    wide = "document.querySelector('#slices').getBoundingClientRect().width"
    small = page.evaluate(wide)
    page.keyboard.press("z")
    assert page.evaluate(wide) > 1.5 * small
    page.keyboard.press("Escape")
    assert page.evaluate(wide) == small
    page.click("#zoom")
    first = page.get_attribute("#slices", "src")
    page.keyboard.press("d")
    page.wait_for_function("first => document.querySelector('#slices').src !== first", arg=first)
    assert page.evaluate(wide) == small


def test_messages_and_empty_pages_leave_pictures_free(open_page, running):
    page = open_page("Ada")
    gallery(page)
    page.keyboard.press("Enter")
    gallery(page)
    told = page.locator("#told").bounding_box()
    assert told["y"] + told["height"] <= page.locator("#cards").bounding_box()["y"] + 1
    page.keyboard.press("Enter")
    page.locator("#nothing").wait_for()
    said, room = page.locator("#nothing p").bounding_box(), page.locator("#gallery").bounding_box()
    assert abs(said["y"] + said["height"] / 2 - room["y"] - room["height"] / 2) < 20


def test_the_space_bar_flags_after_help_by_mouse(open_page, running):
    page = open_page("Ada")
    gallery(page)
    for _ in range(2):
        page.click("#help")
        page.keyboard.press("Escape")
        page.wait_for_function("() => document.activeElement === document.body")
    page.keyboard.press("Space")
    assert page.locator(".case input:checked").count() == 1
    assert not page.locator("#keys").is_visible()


def test_who_gets_nothing_is_told_that_others_have_it(open_page, running):
    first = open_page("Ada")
    gallery(first)
    other = open_page("Lea")
    other.locator("#held").wait_for()
    assert other.inner_text("[data-waiting=verify]") == "14"


def test_answers_wait_for_the_network(open_page, running):
    _, store, address = running
    page = open_page("Ada")
    page.goto(f"{address}/manual")
    scan_shown(page)
    page.route("**/api/answers", lambda route: route.abort())
    page.keyboard.press("d")
    page.wait_for_selector("#unsent:not([hidden])")
    assert words(store) == []
    page.unroute("**/api/answers")
    wait_until(page, lambda: words(store) == ["deep"])


def test_a_round_goes_on_and_the_log_is_exported(open_page, running):
    out, store, address = running
    page = open_page("Lea")
    page.goto(f"{address}/manual")
    scan_shown(page)
    page.keyboard.press("s")
    wait_until(page, lambda: words(store) == ["shallow"])
    (name,) = [record.scan.name for record in store.records() if record.reviews]
    add_result(store, out, name, 2, Outcome.PASS)
    page.goto(f"{address}/verify")
    gallery(page)
    assert page.inner_text("[data-waiting=verify]") == "15"
    page.goto(f"{address}/scans?name={name}")
    page.click("tbody a")
    assert "Attempt 2" in page.inner_text("main")
    page.goto(f"{address}/log")
    with page.expect_download() as download:
        page.click("text=Export as TSV")
    table = Path(download.value.path()).read_text()
    assert re.search(rf"\tLea\t{name}\t1\tmanual\tshallow\t", table)


def test_times_are_in_the_readers_zone(chromium, running):
    _, store, address = running
    name = store.records()[0].scan.name
    store.add_review(name, Review(1, Outcome.DEEP, "Ada"))
    shown = {}
    for zone in ("UTC", "Asia/Tokyo"):
        context = chromium.new_context(timezone_id=zone)
        page = context.new_page()
        sign_in(page, address, "Lea")
        page.wait_for_url("**/verify")
        page.goto(f"{address}/log")
        moment = page.locator("time").first
        shown[zone] = moment.get_attribute("datetime"), moment.inner_text()
        context.close()
    assert shown["UTC"][0] == shown["Asia/Tokyo"][0]
    assert shown["UTC"][1] != shown["Asia/Tokyo"][1]


@pytest.mark.parametrize("size", SIZES)
def test_every_page_at_every_size_without_scrolling_sideways(open_page, running, size, tmp_path):
    page = open_page("Lea", SIZES[size])
    folder = Path(os.environ.get("DEFACTO_SCREENSHOTS", tmp_path))
    for name in ("verify", "manual", "scans", "study", "check", "people", "log"):
        page.goto(f"{running[2]}/{name}")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / f"{size}-{name}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        page.keyboard.press("?")
        assert page.locator("#keys").is_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("t")
        assert page.evaluate("document.documentElement.dataset.theme") == "light"
        page.keyboard.press("t")


def test_without_scripts_a_person_can_work(chromium, running):
    _, store, address = running
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, address, "Ada")
    page.wait_for_selector(".case img")
    page.locator(".case").nth(2).click()
    page.click("#accept")
    page.wait_for_load_state()
    assert sorted(words(store)) == ["flag"] + 11 * ["pass"]
    page.goto(f"{address}/manual")
    page.click("text=Shallow")
    page.wait_for_load_state()
    assert sorted(words(store)) == ["flag"] + 11 * ["pass"] + ["shallow"]
    context.close()


def test_the_command_line_makes_accounts(running):
    out, _, _ = running
    command = [sys.executable, "-m", "defacto.cli", "review", str(out), "--add-user", "Eve"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "--role" in done.stderr) == (2, True)
    done = subprocess.run(
        [*command, "--role", "viewer", "--password-stdin"],
        input=PASSWORD + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "Eve may sign in as viewer.\n"
