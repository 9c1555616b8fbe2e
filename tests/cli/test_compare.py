"""The command: bad words are one sentence, and what is done already is not done again."""

import pytest

from defacto.cli import main
from defacto.io.arrays import scan_from_arrays
from defacto.io.volume import write

CASES = [
    (["absent", "out"], "no folder absent"),
    (["data", "out", "--methods", "pixelate"], "no method pixelate"),
    (["data", "out", "--nprocs", "0"], "--nprocs"),
    (["data", "out", "--limit", "0"], "--limit"),
    (["empty", "out"], "holds no scan"),
    (["data", "other"], "holds something else"),
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    import numpy as np

    monkeypatch.chdir(tmp_path)
    for name in ("data", "empty", "other"):
        (tmp_path / name).mkdir()
    write(tmp_path / "data" / "head.nii.gz", scan_from_arrays(np.ones((8, 8, 8), np.int16), np.eye(4)))
    (tmp_path / "other" / "notes.txt").touch()
    return tmp_path


@pytest.mark.parametrize(("words", "said"), CASES)
def test_what_cannot_be_done_is_one_sentence(here, capsys, words, said):
    assert main(["compare", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (here / "out").exists()


@pytest.mark.slow
def test_a_file_that_is_no_head_is_not_done_and_still_on_the_page(here, capsys):
    assert main(["compare", "data", "out", "--methods", "auto,template"]) == 0
    assert "0 of 1 succeed" in capsys.readouterr().out
    assert (here / "out" / "compare.html").is_file()
    before = (here / "out" / "heads" / "head.json").stat().st_mtime_ns
    assert main(["compare", "data", "out", "--methods", "auto,template"]) == 0
    assert (here / "out" / "heads" / "head.json").stat().st_mtime_ns == before
