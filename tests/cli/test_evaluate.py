import re

import numpy as np
import pytest

from defacto.cli import main

CLASSES = ("pass", "deep", "shallow", "failure")
HEAD = "\t".join(("name", "truth", *CLASSES, "person"))


def call(*words):
    return main(["evaluate", *(str(word) for word in words)])


def table(rows, head=HEAD):
    return "\n".join([head, *("\t".join(map(str, row)) for row in rows)]) + "\n"


def rows(n=60):
    random = np.random.default_rng(2)
    for i in range(n):
        p = np.full(4, 0.04)
        p[(i + (random.random() < 0.1)) % 4] = 0.88
        yield (f"sub-secret{i}", CLASSES[i % 4], *p, f"person{i // 3}")


@pytest.fixture
def predictions(tmp_path):
    path = tmp_path / "predictions.tsv"
    path.write_text(table(rows()))
    return path


def test_the_main_figures_are_told_and_no_scan_is_named(predictions, tmp_path, capsys):
    assert call(predictions, tmp_path / "out") == 0
    said = capsys.readouterr().out
    assert re.search(r"% of 60 scans of 20 persons are called what they are \(95 % interval", said)
    for word in ("accuracy", "accepted", "miss rate", "macro AUC", "calibration error"):
        assert re.search(rf"^  {word}", said, re.MULTILINE)
    assert said.endswith("evaluation.html\n")
    for path in (tmp_path / "out").rglob("*.*"):
        assert not re.search(r"secret|person\d|predictions", path.read_text("utf-8")), path.name


def test_thresholds_come_from_the_settings(predictions, tmp_path, capsys):
    (tmp_path / "strict.toml").write_text("[qc]\np_pass = 0.9\np_other = 0.9\n")
    assert call(predictions, tmp_path / "out", "--settings", tmp_path / "strict.toml") == 0
    assert re.search(r"accepted, % +0 +0 of 60", capsys.readouterr().out)


def test_persons_may_be_left_out_columns_stand_in_any_order_and_answers_may_lack(tmp_path, capsys):
    head = "failure\tshallow\tdeep\tpass\ttruth"
    text = table([(0, 0, 0.005, 0.99, "pass"), ("n/a", "n/a", "n/a", "n/a", "deep")], head)
    (tmp_path / "p.tsv").write_text("\ufeff" + text.replace("\n", "\r\n"))
    assert call(tmp_path / "p.tsv", tmp_path / "out") == 0
    assert capsys.readouterr().out.startswith("50.0 % of 2 scans are")
    assert "1 scan without an answer" in (tmp_path / "out" / "evaluation.html").read_text("utf-8")


GOOD = ("a", "pass", 0.7, 0.1, 0.1, 0.1, "x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        (HEAD + "\n", "holds no scan"),
        (table([GOOD[:6]], HEAD.removesuffix("\tperson").replace("deep", "depp")), "no column deep"),
        (table([GOOD, ("a", "paas", *GOOD[2:])]), "scan 2: truth is 'paas'; expected pass, deep"),
        (table([("a", "pass", 1.2, 0, 0, 0, "x")]), "probability of pass is '1.2'"),
        (table([("a", "pass", 0.9, -0.1, 0.1, 0.1, "x")]), "probability of deep is '-0.1'"),
        (table([("a", "pass", "inf", 0, 0, 0, "x")]), "probability of pass is 'inf'"),
        (table([("a", "pass", "much", 0, 0, 0, "x")]), "expected a number from 0 to 1"),
        (table([("a", "pass", 0.5, 0.1, 0.1, 0.1, "x")]), "sum to 0.800; expected 1"),
        (table([GOOD[:6]]), "expected 7 columns, got 6"),
        (table([(*GOOD[:6], "")]), "the person is not given"),
        ("truth\tpass\x00\n", "no column pass"),
    ],
)
def test_a_wrong_table_is_one_clear_sentence(text, said, tmp_path, capsys):
    (tmp_path / "p.tsv").write_text(text)
    assert call(tmp_path / "p.tsv", tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_read_or_written_is_2(predictions, tmp_path, capsys):
    (tmp_path / "picture.tsv").write_bytes(b"\xff\xd8\xff")
    assert call(tmp_path / "picture.tsv", tmp_path / "out") == 2
    assert call(tmp_path / "absent.tsv", tmp_path / "out") == 2
    assert call(tmp_path, tmp_path / "out") == 2
    capsys.readouterr()
    assert call(predictions, tmp_path) == 2
    assert "holds something else" in capsys.readouterr().err
    assert call(predictions, predictions) == 2
    assert "is a file" in capsys.readouterr().err
