"""Leads compare with the originals of a run over DICOM: found under their new names, drawn in memory."""

import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from attempts_made_up import SCAN
from desk_fixtures import add_result

from defacto.anatomy import load_template
from defacto.anatomy.resample import carry
from defacto.config import Settings
from defacto.io import volume
from defacto.pipeline.sources import Selection, find_sources
from defacto.review.originals import Originals
from defacto.types import Grid, Outcome

sys.path.insert(0, str(Path(__file__).parents[1] / "io"))

from made_dicom import MPRAGE, write_series

MM = 4.0
REAL = Path(__file__).parents[3] / "shared/data/dicom/adult_t1.tar.gz"


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "key"
    path.write_bytes(bytes(range(32)))
    return path


@pytest.fixture
def head(tmp_path):
    """Return a folder of DICOM that holds the average head, which is nobody's."""
    template = load_template()
    shape = tuple(round(n * template.grid.voxel_size_mm[0] / MM) for n in template.grid.shape)
    corner = template.grid.affine @ [*(n - 1 for n in template.grid.shape[:2]), 0, 1]
    affine = np.diag([-MM, -MM, MM, 1.0])
    affine[:3, 3] = corner[:3]
    coarse = carry(template.head, template.grid, Grid(shape, affine), np.eye(4))
    codes = np.clip(coarse * (3000 / coarse.max()), 0, 4095).astype("<u2")
    size = {"Rows": shape[1], "Columns": shape[0], "PixelSpacing": [MM, MM], "spacing_mm": MM}
    paths = write_series(tmp_path / "dicom", slices=shape[2], **size, **MPRAGE)
    for place, path in enumerate(paths):
        image = pydicom.dcmread(path)
        image.ImagePositionPatient = [-affine[0, 3], -affine[1, 3], affine[2, 3] + place * MM]
        image.PixelData = codes[:, :, place].T.tobytes()
        image.save_as(path)
    return tmp_path / "dicom"


def put_on_desk(desk, folder, key):
    """Add a result of the one scan of a folder, with an empty mask; return its token and name."""
    originals = Originals(folder, desk.out, Settings(), shown=True, selection=Selection(key_file=key))
    ((source,), _) = find_sources(folder, Settings(), Selection(key_file=key))
    store = desk.site.desk.store
    store.add_scans([replace(SCAN, name=source.name, subject=source.subject, origin="dicom")])
    with originals._lock:
        scan = originals._open(source.name).scan
    mask = replace(scan, stored=np.zeros_like(scan.stored))
    (desk.out / "scans" / source.name / "attempt-1").mkdir(parents=True)
    place = f"scans/{source.name}/attempt-1/removal.nii.gz"
    volume.write(desk.out / place, mask)
    add_result(store, desk.out, source.name, 1, Outcome.PASS, files={"mask": place})
    desk.site.originals = originals
    return desk.site.desk.tokens([source.name])[source.name], source.name


def look(desk, folder, key):
    token, name = put_on_desk(desk, folder, key)
    lea = desk("Lea")
    assert "Compare with the original" in lea.get(f"/scan/{token}").text
    for role in ("before_left", "before_front", "before_right", "slices_before_after"):
        got = lea.get(f"/before/{token}/1/{role}")
        assert got.status_code == 200, got.text
        assert got.content.startswith(b"\x89PNG")
        assert got.headers["cache-control"] == "no-store"
    assert desk("Ada").get(f"/before/{token}/1/before_left").status_code == 403
    before = lea.get(f"/volume/{token}/1/before.nii")
    assert before.status_code == 200
    assert not [path for path in (desk.out / "work").rglob("*") if path.is_file()]
    return before.content, name


def test_originals_are_made_from_dicom_and_nothing_stays(desk, head, key):
    content, name = look(desk, head, key)
    image = nib.Nifti1Image.from_bytes(content)
    assert image.header.get_zooms()[:3] == pytest.approx((MM, MM, MM))
    assert b"Plantov" not in content
    assert "Plantov" not in name


def test_another_key_knows_no_such_scan_and_says_why(desk, head, key, tmp_path):
    token, _ = put_on_desk(desk, head, key)
    other = tmp_path / "other"
    other.write_bytes(bytes(32))
    desk.site.originals = Originals(
        head, desk.out, Settings(), shown=True, selection=Selection(key_file=other)
    )
    got = desk("Lea").get(f"/before/{token}/1/before_left")
    assert got.status_code == 409
    assert "subject key" in got.json()["detail"]


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_file(), reason="needs ../shared/data/dicom")
def test_a_real_series_is_compared(desk, key, tmp_path):
    with tarfile.open(REAL) as files:
        files.extractall(tmp_path / "dicom", filter="data")
    content, _ = look(desk, tmp_path / "dicom", key)
    assert len(content) > 1e6
