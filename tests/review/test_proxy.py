"""The desk behind nginx, set up as the how-to says."""

import re
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from desk_fixtures import PASSWORD, make_run
from desk_server import free_port, start, trusting
from needed import lacks, program

from defacto.pipeline.store import Store
from defacto.review.accounts import Accounts, Role
from defacto.review.guard import COOKIE, form_token

pytestmark = pytest.mark.slow
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to.md"
NAME = "desk.example.org"


def configuration(folder, port, desk_port):
    """Return the how-to's example, but that it listens on loopback and writes into a folder alone."""
    (server,) = re.findall(r"```nginx\n(.*?)```", HOW_TO.read_text(), re.DOTALL)
    for old, new in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/": f"{folder}/",
        "127.0.0.1:8571": f"127.0.0.1:{desk_port}",
    }.items():
        assert old in server
        server = server.replace(old, new)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    return (
        f"user root;\ndaemon off;\npid {folder}/pid;\nerror_log {folder}/error.log warn;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{places}\n{server}}}\n"
    )


@pytest.fixture
def proxied(tmp_path, certificate):
    """Yield the folder of a run, its store, the port of nginx, and what trusts its certificate."""
    nginx = program("nginx", "/usr/sbin/nginx")
    out, port, desk_port = tmp_path / "out", free_port(), free_port()
    make_run(out)
    store = Store.open(out)
    Accounts(store.engine).add("Ada", Role.REVIEWER, PASSWORD)
    written = tmp_path / "nginx.conf"
    written.write_text(configuration(tmp_path, port, desk_port))
    url = f"https://{NAME}:{port}"
    desk = start(
        out, desk_port, "--behind-proxy", "--url", url, url=url, answers_at=f"http://127.0.0.1:{desk_port}"
    )
    proxy = subprocess.Popen(
        [nginx, "-p", str(tmp_path), "-c", str(written)], stderr=subprocess.PIPE, text=True
    )
    try:
        for _ in range(100):
            if (tmp_path / "pid").is_file() or proxy.poll() is not None:
                break
            time.sleep(0.05)
        if proxy.poll() is not None:
            lacks("nginx", f"nginx does not start here: {proxy.stderr.read()[-500:]}")
        yield out, store, port, trusting(certificate[0])
    finally:
        for process in (proxy, desk):
            process.terminate()
            process.wait(20)
        proxy.stderr.close()
        desk.stdout.close()


def test_somebody_signs_in_and_answers_through_nginx(proxied):
    _, store, port, trusted = proxied
    origin = f"https://{NAME}:{port}"
    headers = {"host": f"{NAME}:{port}", "origin": origin}
    more = {"extensions": {"sni_hostname": NAME}}
    with httpx.Client(verify=trusted, base_url=f"https://127.0.0.1:{port}", headers=headers) as client:
        form = {"name": "Ada", "password": PASSWORD}
        got = client.post("/sign-in", data=form, **more)
        assert (got.status_code, got.headers["location"]) == (303, "/")
        assert "secure" in got.headers["set-cookie"].lower()
        session = got.cookies[COOKIE]
        told = {"x-desk-form": form_token(session), "cookie": f"{COOKIE}={session}"}
        (case,) = client.post("/api/take", json={"queue": "manual"}, headers=told, **more).json()["cases"]
        picture = client.get(case["pictures"]["slices"], headers=told, **more)
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
        assert picture.headers["cache-control"] == "no-store"
        one = {"token": case["token"], "number": 1, "word": "deep", "key": "a-key-of-mine"}
        body = {"queue": "manual", "answers": [one]}
        got = client.post("/api/answers", json=body, headers=told, **more)
        assert got.json()["received"][0]["refused"] is None
        elsewhere = told | {"origin": "https://elsewhere.example.org"}
        assert client.post("/api/answers", json=body, headers=elsewhere, **more).status_code == 403
    (review,) = [review for record in store.records() for review in record.reviews]
    assert (review.reviewer, review.outcome.value) == ("Ada", "deep")


def test_a_scan_to_check_never_touches_the_proxys_disk(proxied, tmp_path):
    _, _, port, trusted = proxied
    origin = f"https://{NAME}:{port}"
    headers = {"host": f"{NAME}:{port}", "origin": origin, "content-type": "application/octet-stream"}
    with httpx.Client(verify=trusted, base_url=f"https://127.0.0.1:{port}", headers=headers) as client:
        more = {"extensions": {"sni_hostname": NAME}}
        got = client.post("/api/check", content=bytes(3 * 1024 * 1024), **more)
        assert got.status_code == 401
    assert [path for path in (tmp_path / "client_body").rglob("*") if path.is_file()] == []
    assert "buffered" not in (tmp_path / "error.log").read_text()
