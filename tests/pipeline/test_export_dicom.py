"""DICOM leaves as NIfTI does: only what is cleared, only as it was checked."""

import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
import made_dicom
from pydicom.uid import RLELossless

from defacto import cli
from defacto.errors import SettingsError
from defacto.io import volume
from defacto.io.convert import convert
from defacto.io.dicom import find_series
from defacto.pipeline.export_dicom import export_dicom
from defacto.pipeline.review import add_label
from defacto.pipeline.run import Request, run
from defacto.pipeline.sources import Selection
from defacto.types import Outcome

pytestmark = pytest.mark.usefixtures("in_process", "fake_rooms")


@pytest.fixture
def input_folder(tmp_path):
    for person in ("P1", "P2"):
        for number, kind in ((3, made_dicom.MPRAGE), (4, made_dicom.TSE | {"MRAcquisitionType": "2D"})):
            made_dicom.write_series(
                tmp_path / "in" / person / str(number), PatientID=person, SeriesNumber=number, **kind
            )
    made_dicom.write_series(
        tmp_path / "in" / "scout", slices=3, **made_dicom.MPRAGE | {"SeriesDescription": "localizer"}
    )
    return tmp_path / "in"


@pytest.fixture
def selection(tmp_path):
    return Selection(key_file=tmp_path / "key")


@pytest.fixture
def out(input_folder, selection, tmp_path):
    run(Request(input_folder, tmp_path / "run", selection, changes={"qc.verify": "none"}))
    return tmp_path / "run"


def files(target):
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in sorted(target.rglob("*.dcm"))}


def test_series_come_back_to_the_defaced_volumes(out, input_folder, selection, tmp_path):
    exported = export_dicom(out, input_folder, tmp_path / "target", selection)
    assert len(exported.names) == 4
    assert exported.kept == {}
    for name in exported.names:
        again = converted_again(tmp_path, name)
        inside = volume.read(out / "scans" / name / "attempt-1" / "defaced.nii.gz")
        assert np.array_equal(again.stored, inside.stored)
        assert np.allclose(again.grid.affine, inside.grid.affine, atol=1e-4)


def test_compressed_and_multi_frame_series_come_back_too(selection, tmp_path):
    for path in made_dicom.write_series(tmp_path / "in" / "rle", **made_dicom.MPRAGE):
        data = pydicom.dcmread(path)
        data.compress(RLELossless)
        data.save_as(path)
    made_dicom.write_enhanced(tmp_path / "in" / "frames")
    run(Request(tmp_path / "in", tmp_path / "run", selection, changes={"qc.verify": "none"}))
    exported = export_dicom(tmp_path / "run", tmp_path / "in", tmp_path / "target", selection)
    assert len(exported.names) == 2
    for name in exported.names:
        again = converted_again(tmp_path, name)
        inside = volume.read(tmp_path / "run" / "scans" / name / "attempt-1" / "defaced.nii.gz")
        assert np.array_equal(again.stored, inside.stored)
        assert np.allclose(again.grid.affine, inside.grid.affine, atol=1e-4)


def test_pixels_that_cannot_be_unpacked_are_told(out, input_folder, selection, tmp_path, monkeypatch):
    def refuse(self):
        raise RuntimeError("no plugin for Doe^John")

    monkeypatch.setattr(pydicom.Dataset, "pixel_array", property(refuse))
    exported = export_dicom(out, input_folder, tmp_path / "target", selection)
    assert exported.names == ()
    assert all("pip install 'defacto[dicom]'" in reason for reason in exported.kept.values())
    assert not any("Doe" in reason for reason in exported.kept.values())


def converted_again(folder, name):
    (place,) = folder.glob(f"target/*/*/{name}")
    (series,), _ = find_series(place)
    (folder / name).mkdir()
    return volume.read(convert(series, folder / name).path)


def test_series_of_a_person_stay_together_and_say_so_alike(out, input_folder, selection, tmp_path):
    export_dicom(out, input_folder, tmp_path / "target", selection)
    images = [pydicom.dcmread(path) for path in (tmp_path / "target").rglob("*.dcm")]
    assert len({image.SOPInstanceUID for image in images}) == len(images) == 48
    assert len({image.SeriesInstanceUID for image in images}) == 4
    assert {image.PatientID for image in images} == {p.name for p in (tmp_path / "target").iterdir()}
    assert all(image.file_meta.MediaStorageSOPInstanceUID == image.SOPInstanceUID for image in images)


def test_the_same_comes_out_twice_and_nothing_is_written_anew(out, input_folder, selection, tmp_path):
    export_dicom(out, input_folder, tmp_path / "one", selection)
    export_dicom(out, input_folder, tmp_path / "two", selection)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "one").rglob("*.dcm")}
    export_dicom(out, input_folder, tmp_path / "one", selection)
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "one").rglob("*.dcm")}


def test_what_is_cleared_no_more_goes_and_is_said(out, input_folder, selection, tmp_path):
    names = export_dicom(out, input_folder, tmp_path / "target", selection).names
    add_label(out, names[0], Outcome.SHALLOW, reviewer="Lea")
    again = export_dicom(out, input_folder, tmp_path / "target", selection)
    assert list(again.kept) == [names[0]]
    assert not list(tmp_path.glob(f"target/*/*/{names[0]}"))
    assert len(files(tmp_path / "target")) == 36


def test_nothing_leaves_before_a_person_looked(input_folder, selection, tmp_path):
    run(Request(input_folder, tmp_path / "run", selection))
    exported = export_dicom(tmp_path / "run", input_folder, tmp_path / "target", selection)
    assert exported.names == ()
    assert all(reason.startswith("verify") for reason in exported.kept.values())
    assert files(tmp_path / "target") == {}


def test_an_input_that_changed_or_went_stays_inside(out, input_folder, selection, tmp_path):
    victim = next((input_folder / "P1" / "3").iterdir())
    data = pydicom.dcmread(victim)
    data.PixelData = bytes(len(data.PixelData))
    data.save_as(victim)
    exported = export_dicom(out, input_folder, tmp_path / "target", selection)
    assert len(exported.names) == 3
    assert list(exported.kept.values()) == ["The input changed since the scan was checked; run again."]
    other = Selection(key_file=tmp_path / "other key")
    assert len(export_dicom(out, input_folder, tmp_path / "third", other).kept) == 4


def test_a_volume_that_was_touched_stays_inside(out, input_folder, selection, tmp_path):
    path = next(out.glob("scans/*/attempt-1/defaced.nii.gz"))
    path.write_bytes(path.read_bytes() + b"x")
    assert len(export_dicom(out, input_folder, tmp_path / "target", selection).kept) == 1


def test_places_that_lie_in_one_another_are_refused(out, input_folder, selection):
    for target in (out / "target", input_folder / "target", input_folder):
        with pytest.raises(SettingsError):
            export_dicom(out, input_folder, target, selection)


def test_foreign_files_are_left_alone(out, input_folder, selection, tmp_path):
    export_dicom(out, input_folder, tmp_path / "target", selection)
    path = next((tmp_path / "target").rglob("*.dcm"))
    path.write_bytes(b"mine now")
    with pytest.raises(SettingsError, match="changed since the last export"):
        export_dicom(out, input_folder, tmp_path / "target", selection)
    assert path.read_bytes() == b"mine now"


def test_the_command_does_it_all(input_folder, tmp_path, capsys):
    arguments = [
        "dicom",
        input_folder,
        tmp_path / "target",
        "--subject-key",
        tmp_path / "key",
        "--nprocs",
        "1",
    ]
    assert cli.main([str(each) for each in arguments]) == 3
    assert "0 written, 4 not." in capsys.readouterr().out
    assert cli.main([str(each) for each in (*arguments, "--verify", "none")]) == 0
    assert "4 written, 0 not." in capsys.readouterr().out
    assert (tmp_path / "target-run" / "report" / "index.html").is_file()


def test_the_command_says_where_other_scans_go(tmp_path, capsys):
    volume.write(tmp_path / "head.nii.gz", volume.scan_from_arrays(np.ones((4, 4, 4)), np.eye(4)))
    assert cli.main(["dicom", str(tmp_path / "head.nii.gz"), str(tmp_path / "target")]) == 2
    assert "holds no DICOM files; `defacto run` takes other scans." in capsys.readouterr().err
