"""`defacto simulate`: what it makes, and what it says where it cannot."""

import numpy as np
import pytest
from PIL import Image

from defacto.cli import main
from defacto.io.volume import read

TRIAL = """
name = "small"
about = "Two coarse scans."
[heads_from]
voxel_mm = [3.5, 3.5]
thick_share = 0.0
cut_share = 0.0
[[scans]]
name = "T1w"
contrast = "T1w"
[[scans]]
name = "T2w"
contrast = "T2w"
"""


def call(*words):
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    (folder / "small.toml").write_text(TRIAL)
    out = folder / "study"
    assert (
        call("simulate", "study", out, "--recipe", folder / "small.toml", "--people", 1, "--nprocs", 1) == 0
    )
    return out


def test_study_has_its_scans_and_the_truth_beside(study):
    truth = study / "derivatives" / "truth"
    for suffix in ("T1w", "T2w"):
        scan = read(study / "sub-001" / "anat" / f"sub-001_{suffix}.nii.gz")
        for what in ("structures", "features"):
            name = f"sub-001_space-orig_desc-{suffix}{what}_dseg.nii.gz"
            labels = read(truth / "sub-001" / "anat" / name)
            assert labels.grid.shape == scan.grid.shape
            assert np.allclose(labels.grid.affine, scan.grid.affine)
            assert labels.volume.max() > 0
    head, *rows = (truth / "scans.tsv").read_text().splitlines()
    assert head.startswith("scan\tbase")
    assert len(rows) == 2
    assert (study / "participants.tsv").read_text().splitlines()[1].startswith("sub-001\t")


def test_sheet_is_a_picture(tmp_path):
    path = tmp_path / "sheet.png"
    words = ("--recipe", "smoke", "--outcome", "failure", "--count", 1, "--nprocs", 1)
    assert call("simulate", "sheet", path, *words) == 0
    assert Image.open(path).size[0] > 300


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dataset", "out", "--recipe", "nonsense"), "There is no recipe nonsense"),
        (("study", "out", "--recipe", "nonsense"), "There is no recipe nonsense"),
        (("sheet", "out.gif", "--recipe", "smoke"), "ends in .png"),
        (("dataset", "out", "--base", "nowhere"), "base heads nowhere is not there"),
        (("dataset", "out", "--nprocs", "0"), "--nprocs: expected a positive number"),
        (("study", "out", "--people", "-3"), "--people: expected a positive number"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("simulate", *words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_of_something_else_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("")
    for what in ("study", "dataset"):
        assert call("simulate", what, tmp_path) == 2
        assert "not empty" in capsys.readouterr().err
