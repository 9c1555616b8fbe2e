"""DICOM: series found, recognised, named and converted."""

import nibabel as nib
import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_dicom import MPRAGE, TSE, write_enhanced, write_series
from pydicom.uid import RLELossless, generate_uid

from defacto import io
from defacto.config import InputSettings
from defacto.errors import DicomError, SettingsError
from defacto.io import bids, dicom

SETTINGS = InputSettings()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


@pytest.fixture
def find(folder, tmp_path):
    def run(**options):
        return bids.find(folder, SETTINGS, key_file=tmp_path / "key", **options)

    return run


def endings(sources):
    return ["_".join(source.name.split("_")[2:]) for source in sources]


def open_in(tmp_path, source):
    work = tmp_path / "work"
    work.mkdir()
    return io.open_source(source, work)


def test_persons_studies_and_series_are_told_apart(folder, find):
    for patient in ("A", "B"):
        for description in (MPRAGE, TSE):
            write_series(folder / "mixed", PatientID=patient, suffix="", **description)
    write_series(folder / "mixed" / "deep", PatientID="A", StudyInstanceUID=generate_uid(), **MPRAGE)
    (folder / "mixed" / "notes.txt").write_text("Plantov")
    (folder / "mixed" / "noise").write_bytes(b"no image")
    sources, left_out = find()
    assert left_out == []
    assert sorted(endings(sources)) == ["T1w", "T1w", "T1w", "T2w", "T2w"]
    assert len({source.subject for source in sources}) == 2
    assert len({source.name.split("_")[1] for source in sources}) == 3
    assert len({source.name for source in sources}) == 5


def test_labels_do_not_change_when_more_data_arrive(folder, find):
    write_series(folder / "a", StudyInstanceUID="1.2.3", StudyDate="20210101", **MPRAGE)
    before = {source.name for source in find()[0]}
    write_series(folder / "b", StudyInstanceUID="1.2.4", StudyDate="20200101", **MPRAGE)
    write_series(folder / "c", PatientID="P0", **MPRAGE)
    after = {source.name for source in find()[0]}
    assert before < after
    assert len(after) == 3


def test_same_series_identifier_in_two_persons(folder, find):
    for patient in ("A", "B"):
        write_series(folder / patient, PatientID=patient, SeriesInstanceUID="1.2.9", **MPRAGE)
    assert len(find()[0]) == 2


def test_repeated_scans_are_runs(folder, find):
    for number in (7, 3):
        write_series(folder, SeriesNumber=number, **MPRAGE)
    sources, _ = find()
    assert endings(sources) == ["run-1_T1w", "run-2_T1w"]
    assert [source.series.number for source in sources] == [3, 7]


def test_two_echoes_of_one_contrast_get_the_entity(folder, find, tmp_path):
    uid = generate_uid()
    for echo, time in ((1, 1.6), (2, 3.5)):
        tags = MPRAGE | {"EchoTime": time, "EchoNumbers": echo}
        write_series(folder, SeriesInstanceUID=uid, suffix=f".e{echo}", **tags)
    sources, _ = find()
    assert endings(sources) == ["echo-1_T1w", "echo-2_T1w"]
    opened = open_in(tmp_path, sources[1])
    assert opened.sidecar["EchoTime"] == pytest.approx(0.0035)


def test_two_echoes_of_two_contrasts_are_two_scans(folder, find):
    uid = generate_uid()
    for echo, time in ((1, 20), (2, 90)):
        tags = TSE | {"EchoTime": time, "EchoNumbers": echo}
        write_series(folder, SeriesInstanceUID=uid, suffix=f".e{echo}", **tags)
    assert endings(find()[0]) == ["PDw", "T2w"]


def test_missing_slices_are_converted_and_said(folder, find, tmp_path):
    write_series(folder, slices=20, skip=(1, 7, 8), **MPRAGE)
    (source,), _ = find()
    assert "3 slices are missing" in source.note
    opened = open_in(tmp_path, source)
    image = nib.load(opened.path)
    assert image.shape == (16, 16, 17)
    assert image.header.get_zooms()[2] == pytest.approx(2)
    assert opened.note == source.note
    values = np.unique(np.asarray(image.dataobj))
    assert set(values) == {100 + place for place in range(20)} - {101, 107, 108}


def test_first_gap_does_not_spoil_the_spacing(folder, find, tmp_path):
    write_series(folder, slices=20, skip=(1,), **MPRAGE)
    image = nib.load(open_in(tmp_path, find()[0][0]).path)
    assert image.header.get_zooms()[2] == pytest.approx(2)


def test_files_beyond_one_volume_are_left_out(folder, find, tmp_path):
    uid = generate_uid()
    write_series(folder / "a", SeriesInstanceUID=uid, slices=14, **MPRAGE)
    write_series(folder / "copy", SeriesInstanceUID=uid, slices=3, **MPRAGE)
    (source,), _ = find()
    opened = open_in(tmp_path, source)
    assert nib.load(opened.path).shape == (16, 16, 14)
    assert "3 images" in opened.note


def test_broken_files_do_not_stop_the_others(folder, find):
    paths = write_series(folder / "a", slices=15, **MPRAGE)
    write_series(folder / "b", PatientID="B", **TSE)
    paths[4].write_bytes(paths[4].read_bytes()[:-100])
    paths[5].write_bytes(paths[5].read_bytes()[:200])
    sources, left_out = find()
    assert sorted(endings(sources)) == ["T1w", "T2w"]
    assert [(each.name, "broken" in each.reason) for each in left_out] == [("2 files or folders", True)]
    assert sum("2 slices are missing" in (source.note or "") for source in sources) == 1


def test_links_that_leave_the_folder_are_not_read(folder, find, tmp_path):
    outside = write_series(tmp_path / "outside", PatientID="X", **MPRAGE)
    write_series(folder, **TSE)
    (folder / "link.dcm").symlink_to(outside[0])
    sources, left_out = find()
    assert len(sources) == 1
    assert "leaves the input folder" in left_out[0].reason


def test_linked_folders_are_said(folder, find, tmp_path):
    write_series(tmp_path / "outside", PatientID="X", **MPRAGE)
    write_series(folder, **TSE)
    (folder / "link").symlink_to(tmp_path / "outside")
    sources, left_out = find()
    assert len(sources) == 1
    assert "not followed" in left_out[0].reason


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 5000), content=st.binary(min_size=1, max_size=16), cut=st.integers(200, 100_000))
def test_damaged_headers_raise_nothing(tmp_path, place, content, cut):
    folder = tmp_path / "fuzz"
    if not folder.exists():
        write_series(folder / "good", slices=1, **MPRAGE)
    (good,) = (folder / "good").iterdir()
    original = good.read_bytes()
    place = 132 + place % (len(original) - 132)
    damaged = (original[:place] + content + original[place + len(content) :])[:cut]
    (folder / "damaged").write_bytes(damaged)
    series, _ = dicom.find_series(folder)
    assert 1 <= sum(len(each.files) for each in series) <= 2
    assert [str(dicom.judge(each, (), SETTINGS.suffixes)) for each in series]


def test_enhanced_multi_frame(folder, find, tmp_path):
    write_enhanced(folder / "one", frames=20)
    (source,), left_out = find()
    assert left_out == []
    assert source.suffix == "T1w"
    assert source.series.layout.n_slices == 20
    assert nib.load(open_in(tmp_path, source).path).shape == (16, 16, 20)


def test_compressed_images(folder, find, tmp_path):
    for path in write_series(folder, **MPRAGE):
        data = pydicom.dcmread(path)
        data.compress(RLELossless, generate_instance_uid=False)
        data.save_as(path)
    assert nib.load(open_in(tmp_path, find()[0][0]).path).shape == (16, 16, 12)


def test_series_that_dcm2niix_cannot_convert(folder, find, tmp_path):
    paths = write_series(folder, **MPRAGE)
    (source,), _ = find()
    for path in paths:
        path.write_bytes(b"gone")
    with pytest.raises(DicomError, match="series 1") as caught:
        open_in(tmp_path, source)
    assert str(folder) not in str(caught.value)
    assert "Plantov" not in str(caught.value)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"Modality": "CT"}, "modality is CT"),
        ({"Modality": "Plantov"}, "modality is unknown"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "Modality": "OT"}, "secondary capture"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.4.2"}, "no MR images"),
        ({"ImageType": ["DERIVED", "SECONDARY", "MPR"]}, "reformatted"),
        ({"ImageType": ["DERIVED", "PRIMARY", "PROJECTION IMAGE"]}, "projection"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]}, "phase"),
        ({"ScanningSequence": "EP"}, "echo-planar"),
        ({"SeriesDescription": "Plantov localizer"}, "localizer"),
        ({"SeriesDescription": "ep2d_diff_mddw"}, "diffusion"),
        ({"SeriesDescription": "gre_field_mapping"}, "field map"),
        ({"SeriesDescription": "TOF 3D"}, "angiogram"),
        ({"BodyPartExamined": "KNEE"}, "knee"),
        ({"slices": 9}, "9 slices"),
        ({"SeriesDescription": "x", "EchoTime": None, "RepetitionTime": None}, "could not be told"),
    ],
)
def test_what_is_left_out_and_why(folder, find, tags, reason):
    write_series(folder, SeriesNumber=4, **(MPRAGE | tags))
    sources, left_out = find()
    assert sources == []
    assert [reason in each.reason for each in left_out] == [True]
    assert "series 4" in left_out[0].name
    assert "Plantov" not in str(left_out)


def test_time_series_are_left_out(folder, find):
    uid = generate_uid()
    for volume in range(9):
        write_series(folder / str(volume), SeriesInstanceUID=uid, **MPRAGE)
    assert "time series of 9" in find()[1][0].reason


def test_mapping_overrules(folder, find, tmp_path):
    write_series(folder, SeriesNumber=1, **MPRAGE)
    write_series(folder, SeriesNumber=2, **(TSE | {"SeriesDescription": "Localizer BLADE"}))
    rules = tmp_path / "mapping.toml"
    rules.write_text("""
        [[series]]
        match.description = "mprage"
        match.echo_time_ms = [0, 10]
        leave_out = "not asked for"
        [[series]]
        match.description = "blade"
        match.number = 2
        suffix = "T2w"
        entities.acquisition = "blade"
    """)
    sources, left_out = find(mapping_file=rules)
    assert endings(sources) == ["acq-blade_T2w"]
    assert [each.reason for each in left_out] == ["not asked for"]


def test_participants_and_filters(folder, find):
    write_series(folder, PatientID="A", **MPRAGE)
    write_series(folder, PatientID="B", **TSE)
    label = find()[0][0].subject
    assert {source.subject for source in find(participants=[f"sub-{label}"])[0]} == {label}
    assert endings(find(filters={"t1w": {"run": "*"}})[0]) == ["T2w"]
    with pytest.raises(SettingsError, match="no participant zz"):
        find(participants=["zz"])


def test_dicomdir_is_passed_over(folder, find):
    paths = write_series(folder, **MPRAGE)
    write_series(folder, slices=1, SOPClassUID="1.2.840.10008.1.3.10", PatientID="Z", suffix=".dir")
    sources, left_out = find()
    assert len(sources) == 1
    assert left_out == []
    assert len(sources[0].series.files) == len(paths)


def test_odd_values_are_neither_warned_of_nor_logged(folder, find, caplog):
    flip_angle = b"\x18\x00\x14\x13DS\x02\x00"
    odd = {"StudyDate": "Plantov", "SpecificCharacterSet": "ISO_IR 100", "FlipAngle": "90"}
    for path in write_series(folder, **(MPRAGE | odd)):
        content = path.read_bytes().replace(flip_angle + b"90", flip_angle + b"xx")
        path.write_bytes(content.replace(b"ISO_IR 100", b"Plantov 00"))
    sources, left_out = find()
    assert len(sources) == 1
    assert sources[0].series.tags.flip_angle_deg is None
    assert left_out == []
    assert caplog.text == ""


def test_series_shows_no_person(folder):
    paths = write_series(folder, **MPRAGE)
    series, _ = dicom.find_series(folder)
    assert "Plantov" not in repr(series)
    assert str(paths[0].parent) not in repr(series)
