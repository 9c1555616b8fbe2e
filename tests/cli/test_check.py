import csv
import json
import os
import random
import re
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from defacto.cli import main
from defacto.pipeline import check
from defacto.qc.classify import DATA
from defacto.types import Feature, Outcome
from report.checked_made_up import blobs, checked
from report.test_pages import Page

sys.path.insert(0, str(Path(__file__).parents[1] / "privacy"))
from planted_set import make_plain, plant

KINDS = {
    "deep": {"outcome": Outcome.DEEP},
    "shallow": {"outcome": Outcome.SHALLOW, "p": 0.9, "features": (Feature.NOSE,)},
    "failure": {"outcome": Outcome.FAILURE},
    "unsure": {"outcome": None, "p": 0.6},
    "broken": {"p": None},
}


class StandIn:
    """Answers by the word in a file's name, in no order, and keeps how it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, paths, settings, **options):
        self.asked.append(options)
        shuffled = random.Random(2).sample(list(paths), len(paths))
        for path in shuffled:
            kind = next((k for k in KINDS if k in Path(path).name), None)
            drawn = blobs(size=60) if options["draw"] and kind != "broken" else None
            yield checked(path, **KINDS.get(kind, {}), pictures=drawn)


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    made = StandIn()
    monkeypatch.setattr(check, "check_files", made)
    monkeypatch.chdir(tmp_path)
    return made


def touch(*names):
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def call(*words):
    return main(["check", *(str(word) for word in words)])


ODD = (
    "in/=cmd.nii",
    "in/a b/x deep.nii.gz",
    "in/c/'q\" <b>.nii",
    "in/c/x deep.nii.gz",
    "in/Müller shallow.mgz",
)


def test_all_outputs_are_in_the_order_of_the_paths(stand_in, capsys):
    touch(*ODD, "in/broken.nii", "in/x_mask.nii")
    outputs = ["--csv", "o.csv", "--json", "o.json", "--report", "report", "--sort", "sort"]
    assert call("in", *outputs) == 3
    order = [
        *("in/=cmd.nii", "in/Müller shallow.mgz", "in/broken.nii", "in/a b/x deep.nii.gz"),
        *("in/c/'q\" <b>.nii", "in/c/x deep.nii.gz"),
    ]
    document = json.loads(Path("o.json").read_text("utf-8"))
    assert [row["path"] for row in document] == order
    assert [row["outcome"] for row in document] == ["pass", "shallow", None, "deep", "pass", "deep"]
    with Path("o.csv").open(encoding="utf-8", newline="") as table:
        assert [row["path"] for row in csv.DictReader(table)] == order
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said[:4]] == ["shallow", "unsure", "deep", "deep"]
    assert "6 scans: 2 pass, 2 deep, 1 shallow, 1 unsure." in said
    assert "1 file left out: the name says that it is no structural image (mask)." in said
    assert stand_in.asked == [
        {"ears": False, "draw": True, "replaced": False, "network": DATA, "nprocs": None}
    ]


def test_the_report_and_the_sorted_pictures_are_whole(stand_in):
    touch(*ODD, "in/broken.nii")
    assert call("in", "--report", "report", "--sort", "sort") == 3
    assert {each.name for each in Path("report").iterdir()} == {"index.html", "pictures"}
    page = Page(Path("report/index.html").read_text("utf-8"))
    assert len(page.images) == 2 * len(ODD)
    for image in page.images:
        assert Path("report", unquote(image["src"])).is_file()
    count = {each.name: len(list(each.iterdir())) for each in Path("sort").iterdir()}
    assert count == {"pass": 2, "deep": 2, "shallow": 1, "failure": 0, "unsure": 0}


def test_it_passes_only_if_all_pass(stand_in, capsys):
    touch("a.nii", "b.nii", "x shallow.nii")
    assert call("a.nii", "b.nii") == 0
    assert capsys.readouterr().out == "2 scans: 2 pass.\n"
    assert call("a.nii", "x shallow.nii") == 3
    assert stand_in.asked[0]["draw"] is False


def test_ears_and_processes_are_passed_on(stand_in):
    touch("a.nii")
    assert call("a.nii", "--ears", "--nprocs", "3", "--sort", "s") == 0
    assert stand_in.asked == [{"ears": True, "draw": True, "replaced": False, "network": DATA, "nprocs": 3}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("empty",), "Nothing to check was found"),
        (("masks",), "1 file left out"),
        (("nowhere",), "no nowhere"),
        (("a.txt",), "expected a NIfTI or MGH file"),
        (("a.nii", "--nprocs", "0"), "--nprocs"),
        (("a.nii", "--settings", "nowhere"), "cannot be read"),
        (("a.nii", "--csv", "o.txt"), ".csv"),
        (("a.nii", "--csv", "there.csv"), "is there already"),
        (("a.nii", "--csv", "nowhere/o.csv"), "is not there"),
        (("a.nii", "--json", "folder.json", "--overwrite"), "is a folder"),
        (("a.nii", "--sort", "masks"), "holds x_mask.nii"),
        (("a.nii", "--report", "masks"), "holds x_mask.nii"),
        (("a.nii", "--report", "a.txt"), "is a file"),
        (("a.nii", "--report", "new", "--sort", "new"), "same folder"),
        (("a.nii", "--sort", "new", "--report", "a.txt/new"), "cannot be"),
    ],
)
def test_wrong_usage_is_told_before_any_work(stand_in, tmp_path, words, said, capsys):
    touch("a.nii", "a.txt", "there.csv", "masks/x_mask.nii")
    Path("empty").mkdir()
    Path("folder.json").mkdir()
    before = sorted(tmp_path.rglob("*"))
    assert call(*words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert stand_in.asked == []
    assert sorted(tmp_path.rglob("*")) == before


def test_files_are_replaced_if_asked_for(stand_in):
    touch("a.nii")
    Path("o.csv").write_text("old")
    assert call("a.nii", "--csv", "o.csv", "--overwrite") == 0
    assert (
        Path("o.csv")
        .read_text()
        .startswith("path,outcome,pass,deep,shallow,failure,features,reasons,model\n")
    )


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupted_check_leaves_nothing(stand_in, monkeypatch, tmp_path, error, capsys):
    def fail(paths, settings, **options):
        yield checked(paths[0], pictures=blobs(size=60))
        raise error

    monkeypatch.setattr(check, "check_files", fail)
    touch("a.nii", "b.nii")
    Path("empty").mkdir()
    before = sorted(tmp_path.rglob("*"))
    words = ("--csv", "o.csv", "--json", "o.json", "--report", "new", "--sort", "empty")
    assert call("a.nii", "b.nii", *words) == (130 if error is KeyboardInterrupt else 1)
    assert sorted(tmp_path.rglob("*")) == before
    assert capsys.readouterr().err.startswith("defacto: ")


def test_a_name_that_is_no_text_breaks_nothing(stand_in, capsys):
    name = os.fsdecode(b"x \xff\x1b[2J deep.nii")
    try:
        touch(name)
    except OSError:
        pytest.skip("the file system takes no such name")
    assert call(".", "--csv", "o.csv", "--json", "o.json", "--report", "r", "--sort", "s") == 3
    assert json.loads(Path("o.json").read_text("utf-8"))[0]["path"] == name
    assert "x ??[2J deep.nii" in capsys.readouterr().out
    (picture,) = Path("s/deep").iterdir()
    assert re.fullmatch(r"[\w.~-]+\.jpg", picture.name, re.ASCII)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("a.nii").write_bytes(b"nothing")
    assert call("a.nii", "--json", "o.json", "--sort", "s") == 3
    said = capsys.readouterr().out
    assert re.match(r"unsure   a.nii  .*\n1 scan: 1 unsure\.\n", said)
    assert json.loads(Path("o.json").read_text())[0]["probabilities"] == {}


def test_metadata_is_in_the_same_report_and_exit_code(stand_in, tmp_path, capsys):
    plain, planted = make_plain(tmp_path / "plain"), plant(make_plain(tmp_path / "planted"))
    assert call(plain, "--metadata") == 0
    assert call(planted) == 0
    assert call(plain, planted, "--metadata", "--report", "new") == 3
    said = capsys.readouterr().out
    assert "files of plain, 6 subjects" in said
    assert "PatientName" in said
    assert "Quill" not in said
    page = Path("new/index.html").read_text("utf-8")
    assert "Quill" not in page
    assert "of metadata to decide" in page
    addresses = re.findall(r'href="(metadata[^"]*)"', page)
    assert addresses == ["metadata/index.html", "metadata-2/index.html"]
    assert "Quill" in Path("new", addresses[1]).read_text("utf-8")


def test_decisions_and_faces_both_count(stand_in, tmp_path):
    root = make_plain(tmp_path / "set")
    Path("s.toml").write_text('strike = ["Modality"]\n')
    assert call(root, "--metadata", "--strikes", "s.toml") == 3
    Path("s.toml").write_text('accepted = ["Modality"]\n')
    assert call(root, "--metadata", "--strikes", "s.toml") == 0
    (root / "sub-01" / "anat" / "sub-01_acq-deep_T1w.nii.gz").touch()
    assert call(root, "--strikes", "s.toml", "--metadata") == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a.nii", "--metadata"), "no BIDS data set"),
        (("a.nii", "--strikes", "s.toml"), "is for --metadata"),
        (("set", "--metadata", "--strikes", "s.toml"), "is not TOML"),
    ],
)
def test_metadata_that_cannot_be_looked_at_is_one_sentence(stand_in, tmp_path, capsys, words, said):
    make_plain(tmp_path / "set")
    touch("a.nii")
    Path("s.toml").write_text("strike = ")
    assert call(*words) == 2
    assert said in capsys.readouterr().err
    assert not stand_in.asked
