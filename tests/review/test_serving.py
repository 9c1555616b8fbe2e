"""How the desk is reached: from this machine, by https, through a proxy."""

import subprocess

import httpx
import pytest
from desk_fixtures import PASSWORD, make_run
from desk_server import free_port, start, trusting

from defacto.errors import SettingsError
from defacto.pipeline.store import Store
from defacto.review.accounts import Accounts, Role
from defacto.review.app import create_app
from defacto.review.options import Options, check_options, run_command


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"host": "0.0.0.0"}, "without encryption"),
        ({"host": "0.0.0.0", "url": "http://desk.example.org"}, "without encryption"),
        ({"host": "10.0.0.1", "behind_proxy": True}, "--url"),
        ({"behind_proxy": True, "url": "http://desk.example.org"}, "https://NAME"),
        ({"behind_proxy": True, "url": "https://desk.example.org/below"}, "https://NAME"),
        ({"behind_proxy": True, "url": "https://me@desk.example.org"}, "https://NAME"),
        ({"certificate": "absent"}, "belong together"),
        ({"certificate": "absent", "key": "absent"}, "PEM"),
        ({"go_on": True}, "--input"),
    ],
)
def test_what_is_unsafe_or_cannot_work_is_refused(tmp_path, given, said):
    paths = {name: tmp_path / given[name] for name in ("certificate", "key") if name in given}
    with pytest.raises(SettingsError, match=said):
        check_options(Options(tmp_path, **(given | paths)))


def test_a_key_with_a_password_is_refused_and_never_asked_for(tmp_path, certificate):
    locked = tmp_path / "locked.key"
    words = ["openssl", "pkcs8", "-topk8", "-in", str(certificate[1]), "-out", str(locked)]
    subprocess.run([*words, "-passout", "pass:secret"], check=True, capture_output=True)
    with pytest.raises(SettingsError, match="without a password"):
        check_options(Options(tmp_path, certificate=certificate[0], key=locked))


@pytest.mark.parametrize(
    ("given", "seen_as", "answered"),
    [
        ({}, "http://127.0.0.1:8571", {"127.0.0.1:8571", "localhost:8571", "[::1]:8571"}),
        ({"host": "::1"}, "http://[::1]:8571", {"127.0.0.1:8571", "localhost:8571", "[::1]:8571"}),
        (
            {"behind_proxy": True, "url": "https://desk.example.org/", "host": "10.0.0.1"},
            "https://desk.example.org",
            {"10.0.0.1:8571", "desk.example.org"},
        ),
    ],
)
def test_the_desk_answers_for_its_own_names_alone(tmp_path, given, seen_as, answered):
    options = Options(tmp_path, **given)
    check_options(options)
    assert (options.seen_as, options.hosts) == (seen_as, answered)


def test_a_run_goes_on_as_it_was_begun(tmp_path):
    options = Options(tmp_path / "out", input=tmp_path / "in", series_map=tmp_path / "map.toml")
    assert run_command(options)[-2:] == ["--series-map", str(tmp_path / "map.toml")]
    assert "--subject-key" not in run_command(options)


def test_through_a_proxy_the_origin_is_https_and_so_is_the_cookie(desk):
    from starlette.testclient import TestClient

    desk.site.secure = True
    app = create_app(desk.site, ["desk.example.org"])
    with TestClient(app, base_url="http://desk.example.org", follow_redirects=False) as client:
        form = {"name": "Ada", "password": PASSWORD}
        for origin, code in {"http://desk.example.org": 403, "https://desk.example.org": 303}.items():
            got = client.post("/sign-in", data=form, headers={"origin": origin})
            assert got.status_code == code
    assert "secure" in got.headers["set-cookie"].lower()


@pytest.mark.slow
def test_a_desk_speaks_https_to_other_machines(tmp_path, certificate):
    out, port = tmp_path / "out", free_port()
    make_run(out)
    Accounts(Store.open(out).engine).add("Ada", Role.REVIEWER, PASSWORD)
    url = f"https://localhost:{port}"
    words = ["--host", "0.0.0.0", "--certificate", str(certificate[0]), "--key", str(certificate[1])]
    trusted = trusting(certificate[0])
    server = start(out, port, *words, "--url", url, url=url, verify=trusted)
    try:
        with httpx.Client(verify=trusted, base_url=url) as client:
            form = {"name": "Ada", "password": PASSWORD}
            got = client.post("/sign-in", data=form, headers={"origin": url})
            assert (got.status_code, got.headers["location"]) == (303, "/")
            assert client.get("/verify").status_code == 200
            assert client.get("/verify", headers={"host": f"0.0.0.1:{port}"}).status_code == 421
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://localhost:{port}/sign-in")
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()
