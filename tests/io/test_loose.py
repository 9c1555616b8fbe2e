"""Finding scans: loose volume files."""

import pytest

from defacto.config import InputSettings
from defacto.errors import SettingsError
from defacto.io import bids

SETTINGS = InputSettings()


@pytest.fixture
def key_file(tmp_path):
    return tmp_path / "keys" / "subject.key"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "loose"
    (folder / "Plantov, John").mkdir(parents=True)
    for name in (
        "Plantov_T2_FLAIR.nii.gz",
        "plantov-t2.nii",
        "john_t1gd.nii.gz",
        "scan.mgz",
        "plantov_dwi.nii",
        "PD.nii",
    ):
        (folder / "Plantov, John" / name).touch()
    (folder / "sub-7_ses-x_T1w.nii").touch()
    return folder


def test_contrast_comes_from_the_name_and_labels_hold_nothing_of_it(folder, key_file):
    sources, left_out = bids.find(folder, SETTINGS, key_file=key_file)
    kinds = sorted("_".join(source.name.split("_")[1:]) for source in sources)
    assert kinds == ["FLAIR", "PDw", "T1w", "T2w", "ce-gd_T1w", "ses-x_T1w"]
    assert ["dwi" in each.reason for each in left_out] == [True]
    shown = repr((sources, left_out)).lower()
    assert "plantov" not in shown
    assert "john" not in shown
    assert str(folder).lower() not in shown


def test_bids_like_names_are_kept(folder, key_file):
    sources, _ = bids.find(folder, SETTINGS, key_file=key_file, participants=["7"])
    assert [(each.name, each.session, each.identity) for each in sources] == [("sub-7_ses-x_T1w", "x", None)]


def test_labels_are_stable_and_unique(folder, key_file):
    first = [source.name for source in bids.find(folder, SETTINGS, key_file=key_file)[0]]
    again = [source.name for source in bids.find(folder, SETTINGS, key_file=key_file)[0]]
    assert first == again
    assert len(set(first)) == len(first)


def test_unknown_contrast_is_noted(folder, key_file):
    sources, _ = bids.find(folder / "Plantov, John" / "scan.mgz", SETTINGS, key_file=key_file)
    assert [source.suffix for source in sources] == ["T1w"]
    assert "assumed" in sources[0].note


def test_same_bids_name_twice_gives_new_labels(folder, key_file):
    (folder / "other").mkdir()
    (folder / "other" / "sub-7_ses-x_T1w.nii").touch()
    names = [source.name for source in bids.find(folder, SETTINGS, key_file=key_file)[0]]
    assert "sub-7_ses-x_T1w" not in names
    assert len(set(names)) == len(names) == 7


def test_no_key_is_made_where_none_is_needed(tmp_path, key_file):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "sub-1_T1w.nii").touch()
    bids.find(tmp_path / "in", SETTINGS, key_file=key_file)
    assert not key_file.exists()


def test_sidecar_beside_the_file(tmp_path, key_file):
    (tmp_path / "brain_t1.nii.gz").touch()
    (tmp_path / "brain_t1.json").write_text('{"EchoTime": 0.01}')
    sources, _ = bids.find(tmp_path / "brain_t1.nii.gz", SETTINGS, key_file=key_file)
    assert sources[0].sidecar == {"EchoTime": 0.01}


def test_unknown_participant(folder, key_file):
    with pytest.raises(SettingsError, match="participant 8"):
        bids.find(folder, SETTINGS, key_file=key_file, participants=["8"])
