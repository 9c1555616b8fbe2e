import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from defacto.errors import VolumeError
from defacto.io.volume import read
from defacto.simulate import study
from defacto.simulate.study import PROTOCOLS, draw_study, make_study


@pytest.fixture(scope="module")
def coarse():
    """The study with coarse voxels: 3 times fewer along each axis."""
    protocols = []
    for protocol in PROTOCOLS:
        acquisition = replace(
            protocol.acquisition,
            shape=tuple(n // 3 for n in protocol.acquisition.shape),
            voxel_mm=tuple(3 * v for v in protocol.acquisition.voxel_mm),
        )
        protocols.append(replace(protocol, acquisition=acquisition))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "PROTOCOLS", tuple(protocols))
        yield protocols


@pytest.fixture(scope="module")
def made(coarse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    make_study(folder)
    return folder


def _files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_study_is_bids(made):
    files = _files(made)
    scans = [name for name in files if name.endswith(".nii.gz")]
    assert len(scans) == len(PROTOCOLS) == 8
    for name in scans:
        subject, folder, file = name.split("/")
        assert (folder, file.startswith(subject + "_")) == ("anat", True)
        assert json.loads(files[name.removesuffix(".nii.gz") + ".json"])["Modality"] == "MR"
    assert json.loads(files["dataset_description.json"])["DatasetType"] == "raw"
    people = {line.split(b"\t")[0] for line in files["participants.tsv"].splitlines()[1:]}
    assert people == {name.split("/")[0].encode() for name in scans}


def test_all_scans_but_the_truncated_one_can_be_read(made):
    for protocol in PROTOCOLS:
        path = made / f"sub-{protocol.participant}/anat/sub-{protocol.participant}_{protocol.name}.nii.gz"
        if protocol.truncated:
            with pytest.raises(VolumeError, match="truncated"):
                read(path)
        else:
            assert read(path).volume.max() > 0


@pytest.mark.slow
def test_the_bids_validator_finds_no_error(made):
    program = Path(sys.executable).with_name("bids-validator-deno")
    done = subprocess.run([program, "--json", "--ignoreWarnings", made], capture_output=True, check=False)
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert {each["code"] for each in issues if each["severity"] == "error"} <= {"NIFTI_HEADER_UNREADABLE"}


def test_the_same_seed_makes_the_same_bytes(coarse, monkeypatch, tmp_path):
    monkeypatch.setattr(study, "PROTOCOLS", (coarse[1], coarse[-1]))
    make_study(tmp_path / "one", seed=4)
    make_study(tmp_path / "two", seed=4)
    assert _files(tmp_path / "one") == _files(tmp_path / "two")


def test_another_seed_makes_other_people():
    assert draw_study(1)[0].person != draw_study(2)[0].person
    assert draw_study(1) == draw_study(1)


def test_a_person_is_the_same_in_all_scans():
    first, second = draw_study(1)[:2]
    assert first.protocol.participant == second.protocol.participant
    assert first.person == second.person
    assert first.contrast != second.contrast
