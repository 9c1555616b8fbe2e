import csv
import io
import json
import os
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defacto.config import Settings
from defacto.errors import SettingsError
from defacto.report.check import Entry, render_check
from defacto.report.check_files import Pictures, check_csv, check_json, flat_names, short_names
from defacto.report.check_text import tell_check
from defacto.report.new_folder import whole_folder
from defacto.types import Feature, Outcome

from .checked_made_up import blobs, checked
from .test_pages import Page

BOTH = frozenset({"views", "slices"})
nasty = st.text(
    alphabet=st.sampled_from("<>&\"'`{}%#?;\n\t/=\\ aé\u202e\x00\x1b\udcff"), min_size=1, max_size=30
)


def some():
    return [
        checked("in/a.nii"),
        checked("in/b.nii", Outcome.SHALLOW, 0.95, features=(Feature.NOSE, Feature.MOUTH)),
        checked("in/c.nii", Outcome.DEEP, 0.9),
        checked("in/d.nii", Outcome.FAILURE, 0.9),
        checked("in/e.nii", None, 0.6),
        checked("in/f.nii", p=None),
        checked("in/g.nii", p=0.81),
    ]


def entries(results, kinds=BOTH):
    names = short_names([each.path for each in results])
    return [
        Entry(each, name, file, kinds if each.prediction else frozenset())
        for each, name, file in zip(results, names, flat_names(names), strict=True)
    ]


def page_of(results, **options):
    return render_check(entries(results), options.pop("left_out", {}), Settings(), **options)


def cards(page):
    return re.findall(r'<li data-o="(\w+)">.*?<b>(.*?)</b>', page)


def test_the_worst_come_first_and_passes_last():
    order = ["failure", "shallow", "deep", "unsure", "unsure", "pass", "pass"]
    page = page_of(some())
    assert [word for word, _ in cards(page)] == order
    assert [name for _, name in cards(page)][3:] == ["f.nii", "e.nii", "g.nii", "a.nii"]
    assert "2 of 7 scans pass" in page


def test_pictures_of_anything_but_a_pass_are_veiled():
    page = page_of([*some(), checked("in/h.nii", Outcome.PASS, 0.9, sure=False)])
    for part in page.split("<li data-o=")[1:]:
        veiled = not part.startswith('"pass"') or "h.nii" in part
        for image in re.findall(r"<img[^>]*>", part):
            assert ("blur" in image) == veiled
            assert 'loading="lazy"' in image
            assert re.search(r'alt="[^"]+"', image)
    ids = [each for each in Page(page).ids if each.startswith("show-")]
    assert len(ids) == 5
    assert set(re.findall(r'for="(show-\d+)"', page)) == set(ids)


def test_the_page_needs_nothing_but_its_pictures(tmp_path):
    page = page_of(some())
    assert not re.search(r"https?:|//[a-z]|@import|url\(", page.replace("// The cards", ""))
    for link in Page(page).links:
        assert link.startswith(("pictures/", "#", "data:,"))
    assert Page(page).tags.count("script") == 1


def test_the_script_is_the_one_that_the_page_allows():
    import base64
    import hashlib

    page = page_of(some())
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page


def test_probabilities_features_reasons_and_what_was_left_out_are_told():
    page = page_of(some(), left_out={"a": "why so", "b": "why so"}, ears=True)
    text = " ".join(" ".join(Page(page).text).split())
    assert "Can be made out: nose 0.90 , mouth 0.90" in text
    assert "is truncated: expected 100 bytes of voxels, got 20." in text
    assert re.search(r"\b2 why so", text)
    assert "An ear that can be made out counts" in text
    assert page.count('style="--p:95.0%"') == 1
    assert "Ears do not count" in page_of(some())


def test_no_place_outside_is_named(tmp_path):
    results = [checked(str(tmp_path / name)) for name in ("a/x.nii", "b/x.nii")]
    page = page_of(results)
    assert str(tmp_path) not in page
    assert [name for _, name in cards(page)] == ["b/x.nii", "a/x.nii"][::-1]


@given(nasty, nasty)
@settings(max_examples=50)
def test_markup_in_any_text_stays_text(path, reason):
    marked = f"in/{path}<script>x</script>\"'><img src=x onerror=y>.nii"
    page = page_of([checked(marked, Outcome.DEEP, reason=f"<b>{reason}"), checked("in/b")])
    assert Page(page).tags.count("script") == 1
    assert Page(page).tags.count("img") == 4
    page.encode("utf-8")


@given(st.lists(nasty, min_size=1, max_size=8))
@settings(max_examples=100)
def test_flat_names_are_plain_and_differ(paths):
    names = list(dict.fromkeys(path + ending for path in paths for ending in ("", ".nii", ".NII.gz")))
    flat = flat_names(names)
    assert len({each.lower() for each in flat}) == len(names)
    for each in flat:
        assert re.fullmatch(r"[A-Za-z0-9_.+~-]{1,140}", each)
        assert not each.startswith((".", "-"))


def test_plain_names_stay_readable():
    assert flat_names(["sub-01/anat/sub-01_T1w.nii.gz", "b.mgz"]) == ["sub-01__anat__sub-01_T1w", "b"]
    same = flat_names(["a__b/c.nii", "a/b__c.nii", "A/x.nii", "a/x.nii"])
    assert all(re.fullmatch(r"(a__b__c|[Aa]__x)~[0-9a-f]{10}", each) for each in same)


def test_names_are_seen_from_the_folder_that_holds_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert short_names(["a/x.nii", str(tmp_path / "b" / "x.nii")]) == ["a/x.nii", "b/x.nii"]
    assert short_names(["a/x.nii"]) == ["x.nii"]
    assert short_names([]) == []


@given(st.lists(nasty, max_size=5), nasty)
@settings(max_examples=50)
def test_tables_parse_whatever_the_texts(paths, reason):
    results = [checked(path, Outcome.DEEP, reason=reason) for path in paths]
    assert [row["path"] for row in json.loads(check_json(results))] == paths
    table = check_csv(results).encode().decode()
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert len(rows) == len(paths)
    for row in rows:
        assert row["outcome"] == "deep"
        for cell in row.values():
            assert not cell.lstrip().startswith(("=", "+", "-", "@"))


def test_a_row_holds_all_that_was_found():
    head, a, b, *_, f, _ = csv.reader(io.StringIO(check_csv(some())))
    assert head == ["path", "outcome", "pass", "deep", "shallow", "failure", "features", "reasons", "model"]
    assert b[:2] == ["in/b.nii", "shallow"]
    assert b[4] == "0.9500"
    assert b[6] == "nose mouth"
    assert a[8] == "stand-in 1"
    assert f[:7] == ["in/f.nii", "unsure", "", "", "", "", ""]
    assert "truncated" in f[7]


def test_unknown_probabilities_are_empty_not_nan():
    results = [checked("a.nii", Outcome.DEEP, float("nan"))]
    assert json.loads(check_json(results))[0]["probabilities"]["deep"] is None
    assert "nan" not in check_csv(results).split("\n", 1)[1].split(",The")[0]
    assert "unknown" in page_of(results)


def test_a_path_like_a_formula_is_still_the_file():
    assert check_csv([checked("=cmd|' /C calc'!A0.nii")]).splitlines()[1].startswith("./=cmd|")


def test_the_terminal_gets_a_short_line_for_each_that_is_no_pass():
    long = checked("in/\x1b[2Jx\udcff.nii", Outcome.DEEP, reason="why " * 100)
    lines = tell_check([*some(), long], {"a": "no head", "b": "no head", "c": "else"}).splitlines()
    order = ["shallow", "deep", "failure", "unsure", "unsure", "deep"]
    assert [line.split()[0] for line in lines[:6]] == order
    assert lines[0].split()[1] == "in/b.nii"
    assert all(len(line) < 200 and line.isprintable() for line in lines)
    assert lines[6] == "8 scans: 2 pass, 2 deep, 1 shallow, 1 failure, 2 unsure."
    assert lines[7:] == ["2 files left out: no head.", "1 file left out: else."]
    assert tell_check([checked("a")], {}) == "1 scan: 1 pass."


def test_pictures_go_where_their_outcome_is(tmp_path):
    from PIL import Image

    sort, report = tmp_path / "sort", tmp_path / "report"
    for folder in (sort, report):
        folder.mkdir()
    pictures = Pictures(sort, report)
    assert pictures.write(checked("a", Outcome.DEEP, pictures=blobs()), "x") == BOTH
    assert pictures.write(checked("b", p=None), "y") == frozenset()
    assert {each.name for each in sort.iterdir()} == {"pass", "deep", "shallow", "failure", "unsure"}
    files = [each.relative_to(tmp_path).as_posix() for each in sorted(tmp_path.rglob("*.jpg"))]
    assert files == ["report/pictures/slices/x.jpg", "report/pictures/x.jpg", "sort/deep/x.jpg"]
    with Image.open(sort / "deep" / "x.jpg") as picture:
        assert picture.size == (900, 300)
        assert not picture.getexif()


def interrupt(target):
    with whole_folder(target) as part:
        (part / "half").touch()
        raise KeyboardInterrupt


def test_a_folder_is_whole_or_not_there(tmp_path):
    for target in (tmp_path / "new" / "deep", tmp_path / "empty"):
        if target.name == "empty":
            target.mkdir()
        with pytest.raises(KeyboardInterrupt):
            interrupt(target)
        assert target.exists() == (target.name == "empty")
        with whole_folder(target) as part:
            (part / "whole").mkdir()
        assert [each.name for each in target.iterdir()] == ["whole"]
        with pytest.raises(SettingsError, match="holds whole"), whole_folder(target):
            pass


def test_a_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("file", "link", "file/x"):
        with pytest.raises(SettingsError), whole_folder(tmp_path / name):
            pass
    assert not os.path.lexists(tmp_path / "nowhere")


def test_a_thousand_results_are_tabulated_at_once():
    results = [checked(f"in/sub-{n}/x.nii", Outcome.DEEP, features=(Feature.NOSE,)) for n in range(1000)]
    begin = time.process_time()
    check_csv(results)
    check_json(results)
    tell_check(results, {})
    page = page_of(results)
    assert time.process_time() - begin < 1
    assert len(page) < 3_000_000
