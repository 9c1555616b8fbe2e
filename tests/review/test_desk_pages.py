"""What people do on the pages."""

from dataclasses import replace

import numpy as np
import pytest
from attempts_made_up import SCAN
from desk_fixtures import MARK, ORIGIN, PEOPLE, add_result

from defacto.config import DefaceSettings
from defacto.errors import InputError
from defacto.pipeline.attempt import refuse
from defacto.render import write_png
from defacto.review import serve
from defacto.review.accounts import Role
from defacto.review.options import LINK_USER
from defacto.types import State

PAGES = ["/verify", "/manual", "/scans", "/study", "/check"]
LEADS = ["/manual?queue=lead", "/people", "/log"]


def test_nobody_sees_anything_without_signing_in(desk):
    browser = desk()
    for page in ["/", *PAGES, *LEADS, "/log.tsv", "/picture/" + 16 * "a" + "/1/slices"]:
        got = browser.get(page)
        assert got.status_code in {303, 401}
        assert "Doe" not in got.text
    assert browser.api("take", {"queue": "verify"}).status_code == 401


def test_signing_in_and_out(desk):
    browser = desk()
    again = browser.sign_in("Ada", "wrong password")
    assert (again.status_code, 'value="Ada"' in again.text) == (401, True)
    assert "wrong password" not in again.text
    got = browser.sign_in("Ada")
    assert (got.status_code, got.headers["location"]) == (303, "/")
    cookie = got.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert browser.get("/verify").status_code == 200
    assert browser.send("/sign-out").status_code == 303
    assert browser.get("/verify").status_code == 303


def test_a_link_signs_in_once(desk):
    code = desk.site.make_link("Lea")
    assert desk().get(f"/enter/{code}").status_code == 303
    assert desk().get(f"/enter/{code}").status_code == 403


def test_who_has_a_password_signs_in_and_nobody_else_gets_a_link(desk, capsys):
    serve._tell(desk.site, LINK_USER, ORIGIN)
    assert "/enter/" not in capsys.readouterr().out
    for name in PEOPLE:
        desk.site.accounts.remove(name)
    desk.site.accounts.add("reviewer", Role.LEAD)  # as older versions called who came in by the link
    serve._tell(desk.site, LINK_USER, ORIGIN)
    link = capsys.readouterr().out.split()[-1]
    someone = desk()
    assert someone.get(link.removeprefix(ORIGIN)).status_code == 303
    assert '<span class="who"><b>lead</b></span>' in someone.get("/study").text


def test_a_refusal_is_no_attempt(desk):
    store = desk.site.desk.store
    error = InputError("sub-Doe00_T1w: the file is truncated.")
    parameters = DefaceSettings()
    store.add_scans([replace(SCAN, name="sub-Broken_T1w", subject="Broken")])
    store.add_attempt("sub-Broken_T1w", refuse(1, error, desk.out / "scans/a", desk.out, parameters), MARK)
    lea = desk("Lea")
    assert '<td class="n">0</td>' in lea.get("/scans?state=refused").text
    (row,) = desk.site.desk.rows(State.REFUSED, 0, 9)
    page = lea.get(f"/scan/{row.token}").text
    assert "truncated" in page
    assert "Attempt 1" not in page
    assert "Parameters" not in page


@pytest.mark.parametrize("who", [None, "Ada"])
def test_a_page_that_is_not_there_is_told_by_a_page(desk, who):
    got = (desk(who) if who else desk()).get("/nowhere")
    assert got.status_code == 404
    assert "Back to the desk" in got.text


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_for_a_reviewer_and_names_nobody(desk, page):
    got = desk("Ada").get(page)
    assert got.status_code == 200
    assert "Doe" not in got.text


@pytest.mark.parametrize("page", PAGES + LEADS)
def test_every_page_opens_for_a_lead(desk, page):
    assert desk("Lea").get(page).status_code == 200


def test_a_page_of_the_gallery_is_accepted_and_undone(desk):
    ada = desk("Ada")
    cases = ada.take("verify", 12)
    assert len(cases) == 4
    answers = [
        {"token": c["token"], "number": 1, "word": "flag" if n == 0 else "pass", "key": "page-key-1"}
        for n, c in enumerate(cases)
    ]
    body = {"queue": "verify", "answers": answers, "page": "page-key-1"}
    got = ada.api("answers", body).json()["received"]
    assert [each["state"] for each in got] == ["to decide", "cleared", "cleared", "cleared"]
    assert all(each["repeated"] for each in ada.api("answers", body).json()["received"])
    assert ada.api("undo", {"of": "page-key-1", "key": "undo-key-1"}).json()["tokens"] == [
        c["token"] for c in cases
    ]
    assert ada.take("verify", 12) == cases


def test_the_machines_opinion_comes_after_the_answer(desk):
    ada = desk("Ada")
    (case,) = ada.take("manual")
    assert "class_maps" in case["pictures"] or True
    assert ada.get(case["pictures"]["class_maps"]).status_code == 403
    before = ada.get(f"/scan/{case['token']}").text
    assert "0.0 ml" not in before
    got = ada.answer("manual", case, "pass", "key-00001", features=["nose"], note="Hm.", seconds=2)
    (received,) = got.json()["received"]
    assert received["machine"]["word"] == "not sure"
    assert received["machine"]["reasons"] == ["0.0 ml of brain were removed."]
    assert ada.get(case["pictures"]["class_maps"]).status_code == 200
    assert "0.0 ml" in ada.get(f"/scan/{case['token']}").text


@pytest.mark.parametrize("ears", [True, False])
def test_readers_are_told_whether_ears_count(desk, ears):
    settings = desk.site.settings
    desk.site.settings = replace(settings, deface=replace(settings.deface, ears=ears))
    ada = desk("Ada")
    assert ("mouth or an ear" in ada.get("/verify").text) is ears
    assert ("mouth or ear shows" in ada.get("/manual").text) is ears


def test_two_reviewers_get_different_scans(desk):
    first, second = desk("Ada").take("manual", 2), desk("Bo").take("manual", 2)
    assert not {c["token"] for c in first} & {c["token"] for c in second}


def test_without_a_script_the_forms_do(desk):
    ada = desk("Ada")
    page = ada.get("/verify").text
    cases = ada.take("verify", 12)
    assert all(case["token"] in page for case in cases)
    fields = {"case": [f"{c['token']}.1" for c in cases], "flag": [cases[1]["token"]], "key": "abcdef123456"}
    assert ada.send("/verify", **fields).status_code == 303
    assert desk.site.desk.waiting() == {"verify": 0, "manual": 4, "lead": 0}
    (case,) = ada.take("manual")
    fields = {"case": f"{case['token']}.1", "word": "deep", "key": "abcdef123457", "queue": "manual"}
    assert ada.send("/manual", feature="nose", note="Oh.", **fields).status_code == 303
    review = desk.site.desk.find(case["token"]).reviews[-1]
    assert (review.word, review.note, review.reviewer) == ("deep", "Oh.", "Ada")


def test_pictures_are_never_kept_by_the_browser(desk):
    ada = desk("Ada")
    (case,) = ada.take("manual")
    got = ada.get(case["pictures"]["render_left"])
    assert got.headers["content-type"] == "image/png"
    assert got.headers["cache-control"] == "no-store"
    assert got.content.startswith(b"\x89PNG")


def test_a_viewer_sees_passes_only(desk):
    viewer, ada = desk("Vi"), desk("Ada")
    (passed,), (doubtful,) = ada.take("verify"), ada.take("manual")
    assert viewer.get(passed["pictures"]["slices"]).status_code == 200
    assert viewer.get(doubtful["pictures"]["slices"]).status_code == 403
    assert viewer.get(f"/scan/{passed['token']}").status_code == 200
    assert viewer.get(f"/scan/{doubtful['token']}").status_code == 403
    assert viewer.get("/verify").status_code == 403
    assert viewer.api("take", {"queue": "verify"}).status_code == 403


def test_only_leads_see_names_and_the_log(desk):
    ada, lead = desk("Ada"), desk("Lea")
    (case,) = ada.take("manual")
    ada.answer("manual", case, "shallow", "key-00001", note="=cmd()")
    assert "Doe" not in ada.get("/scans").text
    assert "sub-Doe00_T1w" in lead.get("/scans").text
    assert ada.get("/log").status_code == 403
    assert ada.get("/log.tsv").status_code == 403
    lines = lead.get("/log.tsv").text.splitlines()
    assert lines[0].split("\t")[1:6] == ["reviewer", "scan", "attempt", "mode", "word"]
    assert lines[1].split("\t")[1:6] == ["Ada", "sub-Doe04_T1w", "1", "manual", "shallow"]
    assert "'=cmd()" in lines[1]


def test_large_pictures_are_shown_where_a_run_has_them_and_small_ones_where_not(desk):
    lea = desk("Lea")
    (case,) = lea.take("manual")
    assert "large_left" not in case["pictures"]
    assert f"/picture/{case['token']}/1/render_left" in lea.get("/manual").text
    store, name = desk.site.desk.store, "sub-Large_T1w"
    store.add_scans([replace(SCAN, name=name, subject="Large")])
    place = f"scans/{name}/attempt-1/large_left.png"
    (desk.out / place).parent.mkdir(parents=True)
    write_png(desk.out / place, np.zeros((12, 12, 3), dtype=np.uint8))
    add_result(store, desk.out, name, 1, None, sure=False, p_pass=0.01, files={"large_left": place})
    ada = desk("Ada")
    (case,) = ada.take("manual")
    address = f"/picture/{case['token']}/1/large_left"
    assert case["pictures"]["large_left"] == address
    assert ada.get(address).content == (desk.out / place).read_bytes()
    assert address in ada.get("/manual").text
    assert address in lea.get(f"/scan/{case['token']}").text
    assert desk("Vi").get(address).status_code == 403


def test_originals_are_not_shown_without_an_input(desk):
    lead = desk("Lea")
    (case,) = lead.take("manual")
    assert lead.get(f"/before/{case['token']}/1/before_left").status_code == 403
    assert desk("Ada").get(f"/before/{case['token']}/1/before_left").status_code == 403


def test_a_lead_asks_for_another_attempt(desk):
    lead = desk("Lea")
    (case,) = lead.take("manual")
    parameters = {
        "method": "template",
        "ears": True,
        "nudge_mm": [0, -6.5, 0],
        "brain_margin_mm": 3,
        "bias_correction": False,
        "fraction": 0.5,
    }
    body = {"token": case["token"], "number": 2, "parameters": parameters, "key": "ask-key-1"}
    assert desk("Ada").api("ask", body).status_code == 403
    assert lead.api("ask", body).status_code == 200
    assert desk.site.desk.find(case["token"]).asked.parameters["nudge_mm"] == [0, -6.5, 0]
    assert "asked for attempt 2" in lead.get(f"/scan/{case['token']}").text
    wrong = body | {"parameters": parameters | {"method": "axe"}, "key": "ask-key-2"}
    assert lead.api("ask", wrong).status_code == 400


@pytest.mark.parametrize(
    "change", [{"nudge_anterior": "-61"}, {"brain_margin_mm": "51"}, {"fraction": "1"}, {"fraction": "nan"}]
)
def test_a_form_and_a_script_may_ask_within_the_same_bounds(desk, change):
    lead = desk("Lea")
    (case,) = lead.take("manual")
    fields = {"method": "template", "nudge_right": "0", "nudge_anterior": "-60", "nudge_superior": "0"}
    fields |= {"brain_margin_mm": "50", "fraction": "0.95", "number": "2", "key": "form-key-1"}
    assert lead.send(f"/scan/{case['token']}/ask", **(fields | change)).status_code == 400
    assert desk.site.desk.find(case["token"]).asked is None
    assert lead.send(f"/scan/{case['token']}/ask", **fields).status_code == 303
    assert desk.site.desk.find(case["token"]).asked.parameters["brain_margin_mm"] == 50


def test_a_conflict_goes_to_a_lead(desk):
    ada, bo, lead = desk("Ada"), desk("Bo"), desk("Lea")
    (case,) = ada.take("manual")
    ada.answer("manual", case, "pass", "key-00001")
    bo.answer("manual", case, "shallow", "key-00001")
    assert ada.api("take", {"queue": "lead"}).status_code == 403
    (again,) = lead.take("lead")
    assert again["token"] == case["token"]
    got = lead.answer("lead", again, "pass", "key-00002").json()["received"]
    assert got[0]["state"] == "cleared"
    assert "Ada and Bo" in lead.get("/study").text
    assert "Ada" not in desk("Vi").get("/study").text


def test_who_is_removed_is_out_at_once(desk, monkeypatch):
    ada = desk("Ada")
    desk.site.accounts.remove("Ada")
    assert ada.get("/verify").status_code == 303
    assert desk().sign_in("Ada").status_code == 401
