"""A made head is dropped on the page of checks."""

import pytest
from desk_fixtures import ORIGIN

pytestmark = pytest.mark.slow


def test_a_head_with_its_face_is_told_and_nothing_of_it_kept(desk, tmp_path):
    from defacto.simulate.study import make_study

    make_study(tmp_path / "study")
    scan = next((tmp_path / "study").rglob("sub-01_T1w.nii.gz"))
    ada = desk("Ada")
    before = sorted(desk.out.rglob("*"))
    headers = {"origin": ORIGIN, "x-desk-form": ada.form, "content-type": "application/octet-stream"}
    got = ada.client.post("/api/check", content=scan.read_bytes(), headers=headers).json()
    assert got["word"] in {"failure", "shallow"}
    assert "nose" in " ".join(got["reasons"])
    assert set(got["pictures"]) == {"left", "right", "front", "slices", "class_maps"}
    assert sorted(desk.out.rglob("*")) == before
