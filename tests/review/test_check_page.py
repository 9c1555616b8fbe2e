"""A made head is dropped on the page of checks."""

import shutil

import nibabel as nib
import numpy as np
import pytest
from desk_fixtures import ORIGIN

from defacto.pipeline.check import Checked
from defacto.qc.classify import DATA
from defacto.review import checking
from defacto.types import Decision, Outcome, Reason


def drop(guest, content):
    headers = {"origin": ORIGIN, "x-desk-form": guest.form, "content-type": "application/octet-stream"}
    return guest.client.post("/api/check", content=content, headers=headers).json()


def test_the_classifier_of_the_run_is_asked(desk, monkeypatch):
    asked = []

    def stand_in(scan, settings, **how):
        asked.append(how["network"])
        return Checked("", Decision(Outcome.PASS, (Reason("So."),)))

    monkeypatch.setattr(checking, "check_scan", stand_in)
    image = nib.Nifti1Image(np.arange(4096, dtype=np.int16).reshape(16, 16, 16), np.eye(4)).to_bytes()
    ada = desk("Ada")
    assert drop(ada, image)["word"] == "pass"
    shutil.copytree(DATA, desk.out / "network")
    drop(ada, image)
    assert asked == [DATA, desk.out / "network"]


@pytest.mark.slow
def test_a_head_with_its_face_is_told_and_nothing_of_it_kept(desk, tmp_path):
    from defacto.simulate.study import make_study

    make_study(tmp_path / "study")
    scan = next((tmp_path / "study").rglob("sub-01_T1w.nii.gz"))
    ada = desk("Ada")
    before = sorted(desk.out.rglob("*"))
    got = drop(ada, scan.read_bytes())
    assert got["word"] in {"failure", "shallow"}
    assert "Not defaced" in got["meaning"] or got["word"] == "shallow"
    assert "nose" in " ".join(got["reasons"])
    assert set(got["pictures"]) == {"left", "right", "front", "slices", "class_maps"}
    assert sorted(desk.out.rglob("*")) == before
