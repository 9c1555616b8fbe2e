"""A real browser, Debian's Chromium, driven by Playwright."""

import pytest
from desk_fixtures import PASSWORD
from needed import program


@pytest.fixture(scope="module")
def chromium():
    sync_api = pytest.importorskip("playwright.sync_api")
    path = program("chromium", "google-chrome")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def sign_in(page, address, name, password=PASSWORD):
    page.goto(f"{address}/sign-in")
    page.fill("[name=name]", name)
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")


def wait_until(page, condition):
    for _ in range(100):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come to that")


def gallery(page):
    page.wait_for_selector("#gallery[data-ready=yes]")
    page.wait_for_timeout(500)


def scan_shown(page):
    page.wait_for_selector("#manual[data-ready=yes]")
