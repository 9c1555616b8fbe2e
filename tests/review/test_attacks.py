"""What somebody who means ill would try; nothing gets through."""

import gzip
import re
import struct

import pytest
from desk_fixtures import HOST, MARK, ORIGIN, PASSWORD, add_result
from sqlalchemy import update

from defacto.pipeline.database import writing
from defacto.pipeline.desk_tables import SIGN_IN
from defacto.pipeline.store import Store

PAGES = ["/verify", "/manual", "/scans", "/study", "/check", "/people", "/log", "/sign-in"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e%2fsite.py",
        "/static/....//app.py",
        "/static/desk.css%00.js",
        "/picture/../../store.sqlite",
        "/picture/{token}/1/..%2f..%2f..%2fstore.sqlite",
        "/picture/{token}/1/volume",
        "/picture/{token}/1/attempt",
        "/picture/{token}/1/slices%00",
        "/picture/{token}/-1/slices",
        "/picture/{token}/99999999999999999999/slices",
        "/picture/sub-Doe00_T1w/1/slices",
        "/picture/aaaaaaaaaaaaaaaa/1/slices",
        "/scan/sub-Doe00_T1w",
        "/scan/' OR 1=1 --",
        "/openapi.json",
        "/docs",
        "/redoc",
    ],
)
def test_no_path_leads_out(desk, path):
    lead = desk("Lea")
    (case,) = lead.take("manual")
    got = lead.get(path.format(token=case["token"]))
    assert got.status_code in {404, 422}
    assert b"secret voxels" not in got.content
    assert "Doe" not in got.text


@pytest.mark.parametrize(
    "place", ["../secret.png", "/etc/hostname", "scans/../../secret.png", "scans/x.nii.gz"]
)
def test_a_store_that_was_tampered_with_gives_no_other_files(desk, place):
    (desk.out.parent / "secret.png").write_bytes(b"secret voxels")
    (desk.out / "scans" / "x.nii.gz").write_bytes(b"secret voxels")
    store = Store.open(desk.out, run="x")
    from attempts_made_up import SCAN, make_attempt

    store.add_scans([SCAN])
    from dataclasses import replace

    store.add_attempt(SCAN.name, replace(make_attempt(), files={"slices": place}), MARK)
    token = desk.site.desk.tokens([SCAN.name])[SCAN.name]
    got = desk("Lea").get(f"/picture/{token}/1/slices")
    assert got.status_code == 404
    assert b"secret" not in got.content


def test_links_out_of_the_folder_are_not_followed(desk):
    lead = desk("Lea")
    (case,) = lead.take("manual")
    secret = desk.out.parent / "secret.png"
    secret.write_bytes(b"secret voxels")
    name = desk.site.desk.find(case["token"]).scan.name
    picture = desk.out / "scans" / name / "attempt-1" / "slices.png"
    picture.unlink()
    picture.symlink_to(secret)
    assert lead.get(case["pictures"]["slices"]).status_code == 404


@pytest.mark.parametrize("cookie", ["x", "a" * 43, "../../etc/passwd", "a" * 5000, "%00"])
def test_forged_cookies_open_nothing(desk, cookie):
    browser = desk()
    got = browser.get("/study", headers={"cookie": f"defacto_desk={cookie}"})
    assert got.status_code == 303


def test_what_lies_in_the_store_signs_nobody_in(desk):
    desk("Ada")
    from sqlalchemy import select

    with desk.site.desk.store.engine.connect() as connection:
        digest = connection.execute(select(SIGN_IN.c.digest)).scalars().first()
    got = desk().get("/study", headers={"cookie": f"defacto_desk={digest}"})
    assert got.status_code == 303


def test_neither_password_nor_session_is_written_anywhere(desk):
    ada = desk()
    ada.sign_in("Ada")
    session = ada.client.cookies["defacto_desk"]
    for file in desk.out.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert PASSWORD.encode() not in content
            assert session.encode() not in content


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"https://{HOST}"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
        {"origin": ORIGIN, "sec-fetch-site": "same-site"},
        {"origin": ORIGIN, "x-desk-form": ""},
        {"origin": ORIGIN, "x-desk-form": "0" * 64},
        {"origin": ORIGIN, "x-desk-form": "é"},
    ],
)
def test_posts_from_other_sites_change_nothing(desk, headers):
    ada = desk("Ada")
    body = {"queue": "manual", "answers": []}
    headers = {name: value.encode() for name, value in ({"x-desk-form": ada.form} | headers).items()}
    assert ada.client.post("/api/take", json={"queue": "manual"}, headers=headers).status_code == 403
    assert ada.client.post("/api/answers", json=body, headers=headers).status_code == 403


def test_posts_without_an_origin_change_nothing(desk):
    ada = desk("Ada")
    assert ada.client.post("/sign-out", data={"form": ada.form}).status_code == 403
    assert ada.client.post("/verify", data={"form": "x"}, headers={"origin": ORIGIN}).status_code == 403
    assert ada.get("/study").status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:80", "localhost:8571.evil.example", ""]
)
def test_other_names_for_this_server_are_not_answered(desk, host):
    got = desk("Ada").get("/study", headers={"host": host})
    assert got.status_code == 421


def test_what_is_too_large_is_refused(desk):
    ada = desk("Ada")
    assert ada.api("take", {"queue": "manual", "wanted": ["a" * 16] * 20_000}).status_code == 413
    headers = {"origin": ORIGIN, "x-desk-form": ada.form, "content-type": "application/json"}

    def endless():
        for _ in range(2000):
            yield b" " * 1024

    assert ada.client.post("/api/take", content=endless(), headers=headers).status_code in {400, 413}
    lying = headers | {"content-length": "10_000"}
    assert ada.client.post("/api/take", content=b"{}", headers=lying).status_code == 413
    said = ada.client.post("/api/check", content=b"x", headers=headers | {"content-length": str(10**12)})
    assert said.status_code == 413


def nifti(shape=(4, 4, 4), voxels=b"", kind=2):
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, len(shape), *shape, *([1] * (7 - len(shape))))
    struct.pack_into("<2h", header, 70, kind, 8)
    struct.pack_into("<8f", header, 76, *([1.0] * 8))
    struct.pack_into("<f", header, 108, 352.0)
    header[344:348] = b"n+1\0"
    return bytes(header) + voxels


BOMBS = {
    "nothing": b"",
    "noise": b"\x93" * 5000,
    "a script": b"<script>alert(1)</script>" * 30,
    "a gzip of nothing": gzip.compress(b""),
    "a gzip that grows": gzip.compress(nifti((30000, 30000, 30000)) + bytes(30_000_000)),
    "a gzip in a gzip": gzip.compress(gzip.compress(nifti())),
    "half a gzip": gzip.compress(nifti() + bytes(64))[:-20],
    "more than it says": nifti() + bytes(5_000_000),
    "less than it says": nifti((200, 200, 200)),
    "a negative size": nifti((-5, 4, 4)),
    "a huge size": nifti((32767, 32767, 32767)),
    "all the same": nifti(voxels=bytes(64)),
    "colours": nifti(voxels=bytes(192), kind=128),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_with_a_sentence(desk, name):
    ada = desk("Ada")
    before = sorted(desk.out.rglob("*"))
    headers = {"origin": ORIGIN, "x-desk-form": ada.form, "content-type": "application/octet-stream"}
    got = ada.client.post("/api/check", content=BOMBS[name], headers=headers)
    assert got.status_code == 422
    said = got.json()["detail"]
    assert said.endswith(".")
    assert "/" not in said.replace(".nii.gz", "")
    assert sorted(desk.out.rglob("*")) == before


SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"


def test_script_in_notes_and_names_stays_text(desk):
    lead = desk("Lea")
    (case,) = lead.take("manual")
    got = lead.answer("manual", case, "shallow", "key-000001", note=SCRIPT)
    assert got.status_code == 200
    store = Store.open(desk.out, run="x")
    name = "sub-<b>Doe</b>_T1w"
    from dataclasses import replace

    from attempts_made_up import SCAN

    store.add_scans([replace(SCAN, name=name, note=SCRIPT)])
    add_result(store, desk.out, "sub-Doe06_T1w", 2)
    from defacto.review.accounts import Role

    desk.site.accounts.add("<i>Eve</i>".replace("/", "|"), Role.REVIEWER, PASSWORD)
    token = desk.site.desk.tokens([name])[name]
    for page in [*PAGES, f"/scan/{case['token']}", f"/scan/{token}", f"/scans?name={SCRIPT}"]:
        text = lead.get(page).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<b>Doe" not in text
        assert "<i>Eve" not in text
        assert "49" not in re.findall(r"\{\{.*?\}\}|>49<", text)
    assert "&lt;script&gt;alert(1)" in lead.get("/log").text


def test_script_in_a_name_that_signs_in_stays_text(desk):
    got = desk().sign_in(f'"> autofocus onfocus=alert(1) {SCRIPT}', "not the password")
    assert got.status_code == 401
    assert "<script>alert" not in got.text
    assert '"&gt; autofocus' not in got.text
    assert "&#34;&gt; autofocus" in got.text


@pytest.mark.parametrize("page", PAGES)
def test_no_page_holds_code_and_all_forbid_it(desk, page):
    got = desk("Lea").get(page)
    policy = got.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"] == "no-store"
    assert "server" not in got.headers
    assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>", got.text)
    assert not re.search(r"\s(style|on[a-z]+)=", got.text)
    assert not re.search(r"(src|href|action)=\"(https?:)?//", got.text)


def test_refusals_carry_the_headers_too(desk):
    for got in (
        desk().get("/nowhere"),
        desk().get("/study", headers={"host": "evil"}),
        desk("Ada").get("/log"),
    ):
        assert "default-src 'none'" in got.headers["content-security-policy"]


def test_who_guesses_passwords_waits(desk):
    browser = desk()
    codes = [browser.sign_in("Ada", f"wrong {n}").status_code for n in range(6)]
    assert codes[:3] == [401, 401, 401]
    assert codes[-1] == 429
    got = browser.sign_in("Ada")
    assert got.status_code == 429
    assert int(got.headers["retry-after"]) >= 1


def test_the_wait_doubles_and_ends(desk):
    from defacto.review.accounts import Brake

    now = [0.0]
    brake = Brake(lambda: now[0])
    waits = []
    for _ in range(6):
        brake.failed("Ada")
        waits.append(brake.wait_s("Ada", "other"))
    assert waits == [0, 0, 1, 2, 4, 8]
    now[0] = 8.0
    assert brake.wait_s("Ada") == 0
    brake.passed("Ada")
    brake.failed("Ada")
    assert brake.wait_s("Ada") == 0


def test_a_session_ends(desk):
    from defacto.review import accounts

    now = [1000.0]
    site = desk.site
    site.accounts._clock = lambda: now[0]
    session = site.accounts.begin(site.accounts.find("Ada"))
    assert site.accounts.signed_in(session).name == "Ada"
    now[0] += accounts.IDLE_S - 1
    assert site.accounts.signed_in(session)
    now[0] += accounts.IDLE_S + 1
    assert site.accounts.signed_in(session) is None
    session = site.accounts.begin(site.accounts.find("Ada"))
    for _ in range(int(accounts.LONGEST_S / accounts.IDLE_S) + 2):
        now[0] += accounts.IDLE_S - 5
        last = site.accounts.signed_in(session)
    assert last is None


def test_nobody_answers_for_another_or_by_guessed_keys(desk):
    ada, bo = desk("Ada"), desk("Bo")
    (case,) = ada.take("manual")
    ada.answer("manual", case, "shallow", "same-key-1")
    assert bo.api("undo", {"of": "same-key-1", "key": "undo-key-1"}).status_code == 409
    got = bo.answer("manual", case, "shallow", "same-key-1").json()["received"]
    assert not got[0]["repeated"]
    assert [r.reviewer for r in desk.site.desk.find(case["token"]).reviews] == ["Ada", "Bo"]


@pytest.mark.parametrize(
    "change",
    [
        {"word": "cleared"},
        {"word": "flag"},
        {"number": 0},
        {"number": 10**30},
        {"key": "a/b"},
        {"key": ""},
        {"note": "x" * 2001},
        {"features": ["soul"]},
        {"seconds": -1},
        {"seconds": "NaN"},
        {"reviewer": "Lea"},
        {"token": "x"},
    ],
)
def test_answers_that_are_none_are_refused(desk, change):
    ada = desk("Ada")
    (case,) = ada.take("manual")
    one = {"token": case["token"], "number": 1, "word": "deep", "key": "key-000001"} | change
    got = ada.api("answers", {"queue": "manual", "answers": [one]})
    assert got.status_code in {400, 422}
    assert desk.site.desk.find(case["token"]).reviews == ()


def test_an_error_tells_neither_reader_nor_log_what_it_was_about(desk, monkeypatch, capsys):
    def broken(*_):
        raise ValueError("/data/Doe^John/secret.nii")

    lead = desk("Lea")
    monkeypatch.setattr(desk.site.desk, "waiting", broken)
    lead.client._transport.raise_server_exceptions = False
    for got in (lead.get("/study"), lead.api("take", {"queue": "manual"})):
        assert got.status_code == 500
        assert "Doe" not in got.text
    assert "Doe" not in capsys.readouterr().err


def test_the_session_of_a_closed_account_is_worth_nothing(desk):
    ada = desk("Ada")
    with writing(desk.site.desk.store.engine) as connection:
        from defacto.pipeline.desk_tables import ACCOUNT

        connection.execute(update(ACCOUNT).where(ACCOUNT.c.name == "Ada").values(active=False))
    assert ada.get("/verify").status_code == 303


def test_one_persons_failures_keep_nobody_else_out(desk):
    browser = desk()
    for n in range(6):
        browser.sign_in("Ada", f"wrong {n}")
    assert browser.sign_in("Bo").status_code == 303
