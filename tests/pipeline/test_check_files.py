"""Which files are checked, and that no file stops the others."""

import os
from pathlib import Path

import pytest

from defacto.config import InputSettings, Settings
from defacto.errors import InputError, VolumeError
from defacto.pipeline import check
from defacto.pipeline.check import check_file, check_files, find_files
from defacto.types import Outcome

SETTINGS = Settings()


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(*names):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def test_folders_give_scans_and_tell_what_they_leave_out(here):
    scans = ["bids/derivatives/fs/sub-01_desc-x_T1w.nii.gz", "bids/sub-01/anat/sub-01_T1w.nii.gz"]
    others = ["bids/derivatives/fs/sub-01_desc-brain_mask.nii.gz", "bids/sub-01/func/sub-01_bold.nii.gz"]
    touch(*scans, *others, "bids/sub-01/anat/sub-01_T1w.json", "bids/.git/x.nii", "bids/README")
    found, left_out = find_files(["bids"], SETTINGS)
    assert found == scans
    assert sorted(left_out) == others
    assert "mask" in left_out[others[0]]


def test_loose_files_are_taken_unless_their_names_speak_against_it(here):
    touch("in/head.MGZ", "in/head_mask.nii", "in/aseg.mgz", "in/notes.txt", "in/pair.hdr", "in/pair.img")
    found, left_out = find_files(["in"], SETTINGS)
    assert found == ["in/head.MGZ", "in/pair.hdr"]
    assert set(left_out) == {"in/head_mask.nii", "in/aseg.mgz"}


def test_a_label_that_sounds_like_a_mask_is_none(here):
    touch("in/sub-ADC001_T1w.nii", "in/sub-seg_T1w.nii")
    assert find_files(["in"], SETTINGS) == (["in/sub-ADC001_T1w.nii", "in/sub-seg_T1w.nii"], {})


def test_a_file_that_is_named_is_taken_whatever_its_name(here):
    touch("in/sub-01_bold.nii.gz", "in/x_mask.nii")
    names = ["in/x_mask.nii", "in/sub-01_bold.nii.gz"]
    assert find_files(names, SETTINGS) == (names, {})
    assert find_files(["in", names[0]], SETTINGS) == ([names[0]], {names[1]: find_left_out(names[1])})


def find_left_out(name):
    return find_files(["in"], SETTINGS)[1][name]


def test_patterns_and_names_with_signs_of_patterns(here):
    touch("in/a/x.nii", "in/b/x.nii.gz", "in/b/x.txt", "in/[1] b?.nii")
    assert find_files(["in/**/*x*"], SETTINGS)[0] == ["in/a/x.nii", "in/b/x.nii.gz"]
    assert find_files(["in/[1] b?.nii"], SETTINGS)[0] == ["in/[1] b?.nii"]


def test_each_file_is_taken_once_in_the_order_asked_for(here):
    touch("in/b.nii", "in/a.nii")
    words = ["in/b.nii", "in", "./in/a.nii", str(here / "in"), "in/../in/*.nii"]
    assert find_files(words, SETTINGS)[0] == ["in/b.nii", "in/a.nii"]


def test_an_empty_folder_gives_nothing(here):
    (here / "in").mkdir()
    assert find_files(["in"], SETTINGS) == ([], {})


@pytest.mark.parametrize("word", ["nowhere.nii", "in/*.nii", "notes.txt"])
def test_what_cannot_be_meant_is_refused(here, word):
    touch("notes.txt")
    with pytest.raises(InputError):
        find_files([word], SETTINGS)


def test_suffixes_are_a_setting(here):
    touch("sub-01_bold.nii", "sub-01_T1w.nii")
    only = Settings(input=InputSettings(suffixes=("bold",)))
    assert find_files(["."], only)[0] == ["sub-01_bold.nii"]


@pytest.mark.parametrize("error", [VolumeError("x.nii is\ntruncated."), MemoryError("secret/x")])
def test_no_file_stops_the_others(here, monkeypatch, error):
    def read(path, **_):
        raise error

    monkeypatch.setattr(check.volume, "read", read)
    found = list(check_files(["a.nii", "b.nii"], SETTINGS, nprocs=1))
    assert [each.path for each in found] == ["a.nii", "b.nii"]
    for each in found:
        assert each.decision.outcome is None
        assert not each.passed
        assert each.word == "unsure"
        (said,) = each.document()["reasons"]
        assert "\n" not in said
        assert "secret" not in said
    assert check.tell_apart(found) == {**dict.fromkeys(Outcome, 0), "unsure": 2}


def test_a_broken_file_says_so_in_other_processes_too(here):
    touch("a.nii", "b.nii")
    found = {each.path: each for each in check_files(["a.nii", "b.nii"], SETTINGS, nprocs=2)}
    assert set(found) == {"a.nii", "b.nii"}
    assert found["a.nii"].document() == check_file("a.nii", SETTINGS).document()
    assert os.sep not in " ".join(found["a.nii"].document()["reasons"])


@pytest.mark.parametrize(
    ("name", "sidecar", "expected"),
    [
        ("sub-01_T1w.nii.gz", None, False),
        ("sub-01_desc-refaced_T1w.nii.gz", None, True),
        ("sub-01_T1w.reface.nii", None, True),
        ("sub-01_T1w.nii.gz", '{"Defacing": {"Method": "reface"}}', True),
        ("sub-01_T1w.nii.gz", '{"Defacing": {"Method": "blur"}}', True),
        ("sub-01_T1w.nii.gz", '{"DeidentificationMethod": ["AFNI @afni_refacer_run, refaced"]}', True),
        ("sub-01_T1w.nii.gz", '{"Defacing": {"Method": "template"}, "Parameters": {"blur_mm": 8}}', False),
        ("sub-01_T1w.nii.gz", "not JSON", False),
        ("sub-01_T1w.nii.gz", "[1]", False),
    ],
)
def test_name_or_sidecar_may_say_that_a_face_was_replaced(here, name, sidecar, expected):
    if sidecar is not None:
        Path("sub-01_T1w.json").write_text(sidecar)
    assert check.says_replaced(Path(name)) is expected
