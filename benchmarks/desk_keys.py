"""The machine's part of a reviewer's time: from a key to the next scan, or the next page, on the screen.

    python benchmarks/desk.py make OUT --scans 2000
    python benchmarks/desk_keys.py OUT [--verify 100] [--decide 50] [--size 1366x768] [--look 0.6]

Drives a desk in real Chromium (Playwright) by keyboard alone, as a person would: pages of the gallery with
arrow keys, space on every tenth scan, and Enter; then one scan after the other with p, d, s and f. The
answers are kept in OUT: use one that was made for this. The time begins with the key and ends when the
pictures that come next are decoded and a frame with them was drawn. `--look` is how long the hand waits
before each key, when the desk gets what comes next. What a person takes to look is not in it: no script can
tell that.

Measured at 1366x768 with 0.5 s before each key, browser and desk together on 2 cores of a virtual machine
that were busy with other work (load 4 to 7): a page of 16 accepted to the next page, 32 pages of 512 scans,
median 34 ms, 95th percentile 80 ms; a decision to the next scan, 200 scans, median 31 ms, 95th percentile
58 ms.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from itertools import cycle
from pathlib import Path

import numpy as np
from desk import HOST, PORT, _wait_for_server
from playwright.sync_api import BrowserContext, Page, sync_playwright

from defacto.pipeline.store import Store
from defacto.review.accounts import Accounts, Role
from defacto.review.guard import COOKIE

NAME = "keys"
KEEPS_TIME = """
window.times = [];
addEventListener("keydown", (event) => {
  if (!["Enter", "p", "d", "s", "f"].includes(event.key)) return;
  const begun = performance.now();
  const form = document.querySelector("#gallery, #manual");
  const note = () => times.push(performance.now() - begun);
  const drawn = () => requestAnimationFrame(() => requestAnimationFrame(note));
  const wait = () => (form.dataset.ready === "yes" ? drawn() : setTimeout(wait, 1));
  setTimeout(wait, 0);
}, true);
"""


def verify(page: Page, scans: int, look_s: float) -> tuple[int, list[float]]:
    """Accept pages of the gallery; return the scans, and milliseconds from Enter to the next page."""
    page.goto(f"http://{HOST}/verify")
    done = 0
    while done < scans:
        page.wait_for_selector("#gallery[data-ready=yes]")
        cards = page.locator(".case").count()
        for place in range(1, cards):
            page.keyboard.press("ArrowRight")
            if place % 10 == 5:
                page.keyboard.press("Space")
        page.wait_for_timeout(1000 * max(look_s, 0.4))
        page.keyboard.press("Enter")
        page.wait_for_timeout(50)
        done += cards
    page.wait_for_selector("#gallery[data-ready=yes]")
    page.wait_for_timeout(200)
    return done, page.evaluate("times")


def decide(page: Page, scans: int, look_s: float) -> tuple[int, list[float]]:
    """Decide scans; return how many, and milliseconds from the key to the next scan."""
    page.goto(f"http://{HOST}/manual")
    for _, key in zip(range(scans), cycle("pdsf"), strict=False):
        page.wait_for_selector("#manual[data-ready=yes]")
        page.wait_for_timeout(1000 * look_s)
        page.keyboard.press(key)
        page.wait_for_timeout(50)
    page.wait_for_selector("#manual[data-ready=yes]")
    page.wait_for_timeout(200)
    return scans, page.evaluate("times")


def tell(what: str, done: int, times_ms: list[float]) -> None:
    """Print one line."""
    median, p95 = np.percentile(times_ms, [50, 95])
    each = sum(times_ms) / done
    print(
        f"  {what:18s} {done:4d} scans, {len(times_ms):3d} keys: median {median:6.1f}, p95 {p95:6.1f}, most"
        f" {max(times_ms):6.1f} ms; {each:6.1f} ms of machine a scan"
    )


def signed_in(store: Store, context: BrowserContext) -> Page:
    """Return a page of somebody who may decide."""
    accounts = Accounts(store.engine)
    accounts.add(NAME, Role.LEAD)
    session = accounts.begin(accounts.find(NAME))
    context.add_cookies([{"name": COOKIE, "value": session, "url": f"http://{HOST}"}])
    context.add_init_script(KEEPS_TIME)
    return context.new_page()


def main() -> None:
    """Do as the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--verify", type=int, default=100)
    parser.add_argument("--decide", type=int, default=50)
    parser.add_argument("--size", default="1366x768")
    parser.add_argument("--look", type=float, default=0.6, help="seconds before each key")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    command = [sys.executable, "-m", "defacto.cli", "review", str(options.out), "--port", str(PORT)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for_server()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
            context = browser.new_context(viewport={"width": width, "height": height})
            page = signed_in(Store.open(options.out), context)
            print(f"{options.size}, {options.look:g} s before each key")
            tell("verify (a page)", *verify(page, options.verify, options.look))
            tell("decide (a scan)", *decide(page, options.decide, options.look))
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
