"""Finding scans: BIDS data sets."""

import json
import os
from pathlib import Path

import pytest

from defacto import io
from defacto.config import InputSettings
from defacto.errors import BidsError, InputError, SettingsError
from defacto.io import bids, choice

SETTINGS = InputSettings()


def touch(folder: Path, *paths: str, content: str = "") -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)


@pytest.fixture
def data_set(tmp_path):
    touch(tmp_path, "dataset_description.json", content='{"Name": "made", "BIDSVersion": "1.10.0"}')
    touch(tmp_path, "T1w.json", content='{"Manufacturer": "Siemens", "RepetitionTime": 2}')
    touch(
        tmp_path,
        "sub-01/ses-a/anat/sub-01_ses-a_acq-high_T1w.nii.gz",
        "sub-01/ses-a/anat/sub-01_ses-a_FLAIR.nii",
        "sub-01/ses-b/anat/sub-01_ses-b_run-1_T1w.nii.gz",
        "sub-01/ses-b/anat/sub-01_ses-b_run-2_T1w.nii.gz",
        "sub-01/ses-b/func/sub-01_ses-b_task-rest_bold.nii.gz",
        "sub-02/anat/sub-02_T2w.nii.gz",
        "derivatives/x/sub-01/anat/sub-01_T1w.nii.gz",
        "sourcedata/sub-01/anat/sub-01_T1w.nii.gz",
        "code/sub-01_T1w.nii.gz",
        "sub-02/anat/.sub-02_T1w.nii.gz",
    )
    return tmp_path


def found_names(folder, **options):
    return [source.name for source in bids.find(folder, SETTINGS, **options)[0]]


def reasons(folder, **options):
    return {each.name: each.reason for each in bids.find(folder, SETTINGS, **options)[1]}


def test_takes_structural_images_and_says_what_it_leaves_out(data_set):
    assert found_names(data_set) == [
        "sub-01_ses-a_FLAIR",
        "sub-01_ses-a_acq-high_T1w",
        "sub-01_ses-b_run-1_T1w",
        "sub-01_ses-b_run-2_T1w",
        "sub-02_T2w",
    ]
    assert list(reasons(data_set)) == ["sub-01_ses-b_task-rest_bold"]


def test_source_holds_its_entities_and_hides_its_path(data_set):
    source = bids.find(data_set, SETTINGS)[0][1]
    assert (source.subject, source.session, source.suffix, source.datatype) == ("01", "a", "T1w", "anat")
    assert dict(source.entities) == {"sub": "01", "ses": "a", "acq": "high"}
    assert str(data_set) not in repr(source)
    opened = io.open_source(source, data_set)
    assert opened.path == source.path
    assert opened.path.is_absolute()


def test_sidecars_are_inherited_and_the_nearest_wins(data_set):
    touch(data_set, "sub-01/sub-01_T1w.json", content='{"RepetitionTime": 3, "EchoTime": 0.1}')
    touch(data_set, "sub-01/ses-a/anat/sub-01_ses-a_acq-high_T1w.json", content='{"EchoTime": 0.2}')
    sidecars = {each.name: each.sidecar for each in bids.find(data_set, SETTINGS)[0]}
    assert sidecars["sub-01_ses-a_acq-high_T1w"] == {
        "Manufacturer": "Siemens",
        "RepetitionTime": 3,
        "EchoTime": 0.2,
    }
    assert sidecars["sub-01_ses-b_run-1_T1w"]["EchoTime"] == 0.1
    assert sidecars["sub-02_T2w"] == {}


def test_broken_sidecar_is_noted(data_set):
    touch(data_set, "sub-02/anat/sub-02_T2w.json", content="{")
    source = bids.find(data_set, SETTINGS, participants=["02"])[0][0]
    assert source.sidecar == {}
    assert "sub-02_T2w.json" in source.note


def test_participants_with_and_without_prefix(data_set):
    assert found_names(data_set, participants=["sub-02"]) == found_names(data_set, participants=["02"])
    assert found_names(data_set, sessions=["ses-b"]) == ["sub-01_ses-b_run-1_T1w", "sub-01_ses-b_run-2_T1w"]


def test_unknown_participant_names_those_that_exist(data_set):
    with pytest.raises(SettingsError, match=r"participant 7 .*01, 02"):
        bids.find(data_set, SETTINGS, participants=["7"])
    with pytest.raises(SettingsError, match=r"session c .*a, b"):
        bids.find(data_set, SETTINGS, sessions=["c"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"session": "a"}, {"sub-01_ses-a_acq-high_T1w"}),
        ({"acquisition": None}, {"sub-01_ses-b_run-1_T1w", "sub-01_ses-b_run-2_T1w"}),
        ({"acq": "*"}, {"sub-01_ses-a_acq-high_T1w"}),
        ({"run": 2}, {"sub-01_ses-b_run-2_T1w"}),
        ({"run": ["1", None]}, {"sub-01_ses-a_acq-high_T1w", "sub-01_ses-b_run-1_T1w"}),
        ({"run": "Query.ANY", "datatype": "anat"}, {"sub-01_ses-b_run-1_T1w", "sub-01_ses-b_run-2_T1w"}),
        ({"session": "z"}, set()),
    ],
)
def test_filters_restrict_their_own_suffix_only(data_set, query, expected):
    taken = set(found_names(data_set, filters={"t1w": query, "bold": {"task": "rest"}}))
    assert {name for name in taken if name.endswith("T1w")} == expected
    assert {"sub-02_T2w", "sub-01_ses-a_FLAIR"} <= taken


def test_filter_of_an_unknown_entity_is_a_usage_error(data_set):
    with pytest.raises(SettingsError, match="no entity colour"):
        bids.find(data_set, SETTINGS, filters={"t1w": {"colour": "red"}})


def test_filter_file_that_is_no_object(tmp_path):
    touch(tmp_path, "filter.json", content="[1]")
    with pytest.raises(SettingsError, match="expected an object"):
        choice.read_filters(tmp_path / "filter.json")


def test_bidsignore(data_set):
    touch(data_set, ".bidsignore", content="# note\n*_FLAIR.nii\nsub-02/\nsub-01/ses-b/**/*_run-2_*\n")
    assert found_names(data_set) == ["sub-01_ses-a_acq-high_T1w", "sub-01_ses-b_run-1_T1w"]


def test_links_that_leave_the_folder_are_left_out(data_set, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    touch(outside, "x.nii", "anat/sub-04_T1w.nii")
    anat = data_set / "sub-03" / "anat"
    anat.mkdir(parents=True)
    (data_set / "store").mkdir()
    touch(data_set, "store/kept.nii")
    (anat / "sub-03_T1w.nii").symlink_to(outside / "x.nii")
    (anat / "sub-03_T2w.nii").symlink_to("../../store/kept.nii")
    (anat / "sub-03_PDw.nii").symlink_to("../../.git/annex/none")
    (data_set / "sub-04").symlink_to(outside)
    why = reasons(data_set)
    assert "sub-03_T2w" in found_names(data_set)
    assert "leaves the input folder" in why["sub-03_T1w"]
    assert "leads nowhere" in why["sub-03_PDw"]
    assert "leaves the input folder" in why["sub-04_T1w"]


def test_odd_images_are_left_out_with_a_reason(data_set):
    touch(
        data_set,
        "sub-05/anat/sub-06_T1w.nii",
        "sub-05/anat/sub-05_part-phase_T2starw.nii",
        "sub-05/anat/John Doe.nii.gz",
        "sub-05/sub-05_T1w.nii",
        "sub-05/anat/sub-05_T2w.nii",
        "sub-05/anat/sub-05_T2w.nii.gz",
    )
    taken, left_out = bids.find(data_set, SETTINGS, participants=["05"])
    assert [each.name for each in taken] == ["sub-05_T2w"]
    assert len(left_out) == 5
    assert "John" not in str(left_out)
    assert "Doe" not in str(left_out)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_left_out(data_set):
    (data_set / "sub-02/anat/sub-02_T2w.nii.gz").chmod(0)
    assert "cannot be read" in reasons(data_set)["sub-02_T2w"]


def test_kind_of(data_set, tmp_path_factory):
    assert bids.kind_of(data_set) == "bids"
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(InputError, match="Nothing to deface"):
        bids.kind_of(empty)
    with pytest.raises(InputError, match="no input"):
        bids.kind_of(empty / "none")
    touch(empty, "deep/brain.MGZ")
    assert bids.kind_of(empty) == "nifti"
    (empty / "deep" / "image").write_bytes(bytes(128) + b"DICM")
    assert bids.kind_of(empty) == "dicom"


def test_check_wants_a_description(data_set):
    description = data_set / "dataset_description.json"
    bids.check(data_set, skip=True)
    description.write_text(json.dumps({"Name": "x"}))
    with pytest.raises(BidsError, match="no BIDSVersion"):
        bids.check(data_set, skip=True)
    description.write_text("{")
    with pytest.raises(BidsError, match="not a JSON object"):
        bids.check(data_set, skip=True)
    description.unlink()
    with pytest.raises(BidsError, match="missing"):
        bids.check(data_set, skip=True)


def test_validator_names_codes_but_no_broken_volumes(data_set):
    pytest.importorskip("bids_validator_deno")
    touch(data_set, "task-rest_bold.json", content='{"TaskName": "rest", "RepetitionTime": 2}')
    bids.check(data_set)
    touch(data_set, "sub-02/anat/sub-02_what_ever.nii.gz")
    with pytest.raises(BidsError, match="NOT_INCLUDED"):
        bids.check(data_set)
