"""A made-up run with tiny pictures, and a desk over it."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from attempts_made_up import PREDICTION, SCAN, make_attempt

from defacto.config import Settings, to_toml
from defacto.pipeline.records import Mark
from defacto.pipeline.store import Store
from defacto.render import write_png
from defacto.types import Decision, Outcome, Reason

MARK = Mark("f" * 64, "s" * 64)
ROLES = ("render_left", "render_right", "render_front", "slices", "class_maps")
PEOPLE = {"Ada": "reviewer", "Bo": "reviewer", "Lea": "lead", "Vi": "viewer"}
PASSWORD = "correct horse battery"
HOST = "127.0.0.1:8571"
ORIGIN = f"http://{HOST}"


def add_result(
    store, out, name, number=1, outcome=Outcome.PASS, *, sure=True, p_pass=0.9, volume=True, files=None
):
    """Add an attempt with pictures."""
    place = f"scans/{name}/attempt-{number}"
    (out / place).mkdir(parents=True, exist_ok=True)
    shade = sum(map(ord, name)) % 200
    for role in ROLES:
        write_png(out / place / f"{role}.png", np.full((6, 6, 3), shade, dtype=np.uint8))
    files = {role: f"{place}/{role}.png" for role in ROLES} | (files or {})
    if volume:
        (out / place / "defaced.nii.gz").write_bytes(b"secret voxels")
        files["volume"] = f"{place}/defaced.nii.gz"
    attempt = replace(
        make_attempt(number),
        decision=Decision(outcome, (Reason("0.0 ml of brain were removed.", "brain_lost_ml", 0, 0),), sure),
        prediction=replace(PREDICTION, p_outcome={Outcome.PASS: p_pass, Outcome.SHALLOW: 1 - p_pass}),
        files=files,
    )
    store.add_attempt(name, attempt, MARK)


def make_run(out, *, verify=4, manual=3, settings=None):
    """Make the folder of a run with scans that wait for people."""
    settings = settings or Settings()
    out.mkdir(exist_ok=True)
    (out / "settings.toml").write_text(to_toml(settings))
    store = Store.create(out, run="made")
    names = [f"sub-Doe{n:02}_T1w" for n in range(verify + manual)]
    store.add_scans([replace(SCAN, name=name, subject=name[4:9]) for name in names])
    store.adopt(settings)
    for n, name in enumerate(names):
        passes = n < verify
        outcome = Outcome.PASS if passes else None
        add_result(store, out, name, 1, outcome, sure=passes, p_pass=0.8 + n / 100)
    store.engine.dispose()
    return names


class Browser:
    """Somebody with a browser."""

    def __init__(self, client):
        self.client = client

    def sign_in(self, name, password=PASSWORD):
        return self.client.post(
            "/sign-in", data={"name": name, "password": password}, headers={"origin": ORIGIN}
        )

    @property
    def form(self):
        from defacto.review.guard import COOKIE, form_token

        return form_token(self.client.cookies.get(COOKIE) or "")

    def get(self, path, **more):
        return self.client.get(path, **more)

    def api(self, path, body=None, **headers):
        headers = {"origin": ORIGIN, "x-desk-form": self.form} | headers
        return self.client.post(f"/api/{path}", json=body or {}, headers=headers)

    def send(self, path, **fields):
        return self.client.post(path, data={"form": self.form} | fields, headers={"origin": ORIGIN})

    def take(self, queue, count=1):
        got = self.api("take", {"queue": queue, "count": count})
        assert got.status_code == 200, got.text
        return got.json()["cases"]

    def answer(self, queue, case, word, key, **more):
        one = {"token": case["token"], "number": case["number"], "word": word, "key": key} | more
        return self.api("answers", {"queue": queue, "answers": [one]})


@pytest.fixture(scope="session")
def made_run(tmp_path_factory):
    """Return the folder of a made-up run with accounts, to be copied."""
    pytest.importorskip("fastapi")
    from argon2 import PasswordHasher

    from defacto.review import accounts

    out = tmp_path_factory.mktemp("made") / "out"
    make_run(out)
    store = Store.open(out)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64))
        for name, role in PEOPLE.items():
            accounts.Accounts(store.engine).add(name, accounts.Role(role), PASSWORD)
    return out


@pytest.fixture
def desk(made_run, tmp_path):
    """Return a function that opens a browser on a desk, for somebody signed in."""
    from starlette.testclient import TestClient

    from defacto.review.app import create_app
    from defacto.review.guard import COOKIE
    from defacto.review.options import Options
    from defacto.review.serve import open_site

    out = tmp_path / "out"
    shutil.copytree(made_run, out)
    site = open_site(Options(out))
    app = create_app(site, [HOST])
    clients = []

    def browser(name=None):
        client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
        clients.append(client)
        if name:
            client.cookies.set(COOKIE, site.accounts.begin(site.accounts.find(name)))
        return Browser(client)

    browser.site, browser.out, browser.app = site, out, app
    yield browser
    for client in clients:
        client.close()
    site.desk.store.engine.dispose()
