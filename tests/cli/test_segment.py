import numpy as np
import pytest

from anatomy.heads import seen_template, template_scan
from defacto.anatomy import network
from defacto.anatomy.regions import Region
from defacto.cli import main
from defacto.io import volume


@pytest.fixture
def scan(tmp_path, monkeypatch):
    monkeypatch.setattr(network, "segment", lambda volume, grid: seen_template())
    volume.write(tmp_path / "head.nii.gz", template_scan())
    return tmp_path / "head.nii.gz"


def call(*words):
    return main(["segment", *(str(word) for word in words)])


def test_labels_lie_on_the_scans_voxels_and_volumes_are_told(scan, tmp_path, capsys):
    files = ["--tsv", tmp_path / "volumes.tsv", "--mask", tmp_path / "mask.nii.gz"]
    assert call(scan, tmp_path / "labels.nii.gz", *files) == 0
    assert np.array_equal(volume.read(tmp_path / "mask.nii.gz").volume > 0, seen_template().brain)
    labels = volume.read(tmp_path / "labels.nii.gz")
    assert labels.stored.dtype == np.uint8
    assert np.array_equal(labels.volume.astype(np.uint8), seen_template().labels)
    head, *rows = [line.split("\t") for line in (tmp_path / "volumes.tsv").read_text().splitlines()]
    assert head == ["label", "region", "volume_ml"]
    assert len(rows) == len(Region) - 1
    found = {row[1]: float(row[2]) for row in rows}
    assert found["cerebral_wm"] == pytest.approx(
        (seen_template().labels == Region.CEREBRAL_WM).sum() * 0.008, abs=0.01
    )
    assert "Seen of the face: eyes, nose, mouth, left ear, right ear." in capsys.readouterr().out


def test_the_brain_alone_has_no_face(scan, tmp_path):
    assert call(scan, tmp_path / "labels.nii.gz", "--brain") == 0
    assert set(np.unique(volume.read(tmp_path / "labels.nii.gz").volume)) == {0, Region.CEREBRAL_WM}


def test_nothing_is_overwritten_unasked(scan, tmp_path, capsys):
    assert call(scan, scan) == 2
    assert call(scan, tmp_path / "a.nii.gz", "--tsv", tmp_path / "a.csv") == 2
    (tmp_path / "a.nii.gz").touch()
    assert call(scan, tmp_path / "a.nii.gz") == 2
    assert call(scan, tmp_path / "a.nii.gz", "--overwrite") == 0
    assert call(tmp_path / "none.nii.gz", tmp_path / "b.nii.gz") == 2
