"""A made scan goes all the way in a real browser: run, flag, decide, another attempt, pass, export."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from browsing import chromium, gallery, scan_shown, sign_in, wait_until
from desk_fixtures import PASSWORD
from desk_server import free_port, start

from defacto.pipeline.store import Store
from defacto.review.accounts import Accounts, Role
from defacto.simulate import study as made_study

pytestmark = pytest.mark.slow
__all__ = ["chromium"]


def defacto(*words):
    command = [sys.executable, "-m", "defacto.cli", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def one_scan(tmp_path_factory):
    """Return a made study of one scan, and the folder of a run over it."""
    root = tmp_path_factory.mktemp("round")
    with pytest.MonkeyPatch.context() as patch:
        protocol = next(p for p in made_study.PROTOCOLS if (p.participant, p.name) == ("03", "FLAIR"))
        patch.setattr(made_study, "PROTOCOLS", (protocol,))
        patch.setattr(
            made_study, "PARTICIPANTS", tuple(p for p in made_study.PARTICIPANTS if p.label == "03")
        )
        made_study.make_study(root / "study")
    done = defacto("run", root / "study", root / "out", "participant")
    assert done.returncode == 3, done.stderr
    return root / "study", root / "out"


def test_what_is_flagged_is_cut_anew_and_leaves_when_it_passes(one_scan, chromium, tmp_path):
    study, out = one_scan
    store = Store.open(out)
    Accounts(store.engine).add("Lea", Role.LEAD, PASSWORD)
    (record,) = store.records()
    assert [a.decision.outcome.value for a in record.attempts] == ["pass"]
    port = free_port()
    server = start(out, port, "--input", str(study), "--continue")
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    try:
        page = context.new_page()
        page.set_default_timeout(30000)
        sign_in(page, f"http://127.0.0.1:{port}", "Lea")
        page.wait_for_url("**/verify")
        gallery(page)
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        page.click("text=Decide")
        scan_shown(page)
        large = page.evaluate("document.querySelector('#render_left').naturalWidth")
        page.keyboard.press("n")
        page.keyboard.press("s")
        wait_until(page, lambda: len(store.records()[0].reviews) == 2)
        page.set_default_timeout(240_000)
        for _ in range(240):
            if len(store.records()[0].attempts) == 2:
                break
            page.wait_for_timeout(1000)
        first, second = store.records()[0].attempts
        step = first.parameters["nudge_mm"][1] - second.parameters["nudge_mm"][1]
        page.goto(f"http://127.0.0.1:{port}/scans")
        page.click("tbody a")
        page.locator("h2", has_text="Attempt 2").wait_for()
        page.click("text=Compare with the original")
        slider = page.locator(".slider .from").first
        page.wait_for_function("() => document.querySelector('.slider .from').naturalWidth > 0")
        before_px = slider.evaluate("image => image.naturalWidth")
        page.screenshot(
            path=Path(os.environ.get("DEFACTO_SCREENSHOTS", tmp_path)) / "round.png", full_page=True
        )
        where = "verify" if page.inner_text("[data-waiting=verify]") == "1" else "manual"
        page.goto(f"http://127.0.0.1:{port}/{where}")
        (gallery if where == "verify" else scan_shown)(page)
        page.keyboard.press("Enter" if where == "verify" else "p")
        wait_until(page, lambda: len(store.records()[0].reviews) == 3)
    finally:
        context.close()
        server.terminate()
        server.wait(20)
        server.stdout.close()
    assert (large, before_px, step) == (600, 600, 5.0)
    done = defacto("export", out, tmp_path / "shared")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "shared").rglob("*FLAIR.nii.gz")] == [
        f"{record.scan.name}.nii.gz"
    ]
