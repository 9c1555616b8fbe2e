"""`defacto calibrate`: which labels count, what it says of them, and what it writes."""

from dataclasses import replace

import pytest
from attempts_made_up import SCAN, make_attempt

from defacto.cli import main
from defacto.config import QcSettings, Settings, read_settings, to_toml
from defacto.pipeline.folder import OutFolder
from defacto.pipeline.records import Mark
from defacto.pipeline.state import ORDER, lot
from defacto.pipeline.store import Store
from defacto.types import Outcome, Prediction, Review

MODEL = "seat 2"
MARK = Mark("f" * 64, "s" * 64)
LOOSE = ("--risk", 0.1, "--confidence", 0.9)


def call(*words):
    return main([str(word) for word in words])


class Run:
    """A store with made attempts and reviews."""

    def __init__(self, out):
        self.out = out
        self.store = Store.create(out, run="run-1")
        self.count = 0

    def add(self, count=1, p_pass=0.9, words=("pass",), *, model=MODEL, retried=None):
        """Add scans judged by a model and reviewed; *retried* is what is said of a second attempt."""
        for _ in range(count):
            self.count += 1
            name = f"sub-Doe{self.count:03}_T1w"
            self.store.add_scans([replace(SCAN, name=name, subject=f"Doe{self.count:03}")])
            self._attempt(name, 1, p_pass, words, model)
            if retried is not None:
                self._attempt(name, 2, p_pass, retried, model)

    def _attempt(self, name, number, p_pass, words, model):
        judged = model and Prediction(model, {Outcome.PASS: p_pass, Outcome.SHALLOW: 1 - p_pass})
        self.store.add_attempt(name, replace(make_attempt(number), prediction=judged), MARK)
        for i, word in enumerate(words):
            self.store.add_review(name, Review(number, Outcome(word), f"reviewer {i}"))


@pytest.fixture
def made(tmp_path):
    (tmp_path / "out").mkdir()
    return Run(tmp_path / "out")


def test_a_threshold_is_found_and_written(made, tmp_path, capsys):
    made.add(40, 0.9)
    made.add(5, 0.6, ("deep",))
    target = tmp_path / "found.toml"
    assert call("calibrate", made.out, *LOOSE, "--write", target) == 0
    said = capsys.readouterr().out
    assert "Model seat 2: 45 scans labelled, 5 bad." in said
    assert "Present threshold 0.75: accepts 40 scans (88.9%), 0 of them bad (0.00%); at most 5.59%" in said
    assert "Found threshold 0.61: accepts 40 scans" in said
    assert "drawn at random" in said
    assert read_settings(target) == Settings(qc=QcSettings(p_pass=0.61))
    text = target.read_text()
    assert '"seat 2"' in text
    assert "45 scans, 5 bad" in text
    assert "Risk: 0.1; confidence: 0.9" in text
    for secret in ("Doe", "reviewer", str(tmp_path)):
        assert secret not in text


def test_the_first_by_lot_are_a_fair_sample_whatever_else_was_labelled(made, capsys):
    made.add(30)
    made.add(10, 0.2, ("deep",))
    made.add(20, 0.99, ())
    names = [f"sub-Doe{n:03}_T1w" for n in (*range(1, 31), *range(41, 61))]
    lacking = sum(name > "sub-Doe040" for name in sorted(names, key=lambda name: lot(name, ORDER))[:25])
    assert 0 < lacking < 25
    assert call("calibrate", made.out, *LOOSE, "--first", 25) == 3
    assert f"Of the first 25 scans by lot, {lacking} are not labelled yet." in capsys.readouterr().out
    for name in names[30:]:
        made.store.add_review(name, Review(1, Outcome.PASS, "Ada"))
    assert call("calibrate", made.out, *LOOSE, "--first", 25) == 0
    said = capsys.readouterr().out
    assert "25 scans labelled, 0 bad" in said
    assert "a fair sample" in said
    assert call("calibrate", made.out, "--first", 0) == 2


def test_the_same_labels_make_the_same_bytes(made, tmp_path):
    made.add(40)
    for name in ("a.toml", "b.toml"):
        assert call("calibrate", made.out, *LOOSE, "--write", tmp_path / name) == 0
    assert (tmp_path / "a.toml").read_bytes() == (tmp_path / "b.toml").read_bytes()


def test_the_present_threshold_is_that_of_the_run(made, capsys):
    made.add(40)
    OutFolder(made.out).settings.write_text(to_toml(Settings(qc=QcSettings(p_pass=0.95))))
    assert call("calibrate", made.out, *LOOSE) == 0
    assert "Present threshold 0.95: accepts no labelled scan." in capsys.readouterr().out


def test_too_few_labels_say_how_many_it_takes(made, tmp_path, capsys):
    made.add(3)
    assert call("calibrate", made.out, "--write", tmp_path / "found.toml") == 3
    said = capsys.readouterr().out
    assert "a risk of 0.5% with 95% confidence: it takes at least 598 labelled passes" in said
    assert "there are 3." in said
    assert not (tmp_path / "found.toml").exists()


def test_too_many_bad_ones_say_so(made, tmp_path, capsys):
    made.add(40)
    made.add(20, words=("shallow",))
    assert call("calibrate", made.out, *LOOSE, "--write", tmp_path / "found.toml") == 3
    assert "No threshold keeps a risk of 10% with 90% confidence." in capsys.readouterr().out
    assert not (tmp_path / "found.toml").exists()


def test_reviewers_who_do_not_agree_make_a_bad_scan(made, capsys):
    made.add(40)
    made.add(1, 0.8, ("pass", "deep"))
    assert call("calibrate", made.out, *LOOSE) == 0
    said = capsys.readouterr().out
    assert "41 scans labelled, 1 bad." in said
    assert "1 scan of these count as bad: the reviewers do not agree." in said


def test_a_later_good_attempt_does_not_hide_what_was_let_through(made, capsys):
    made.add(10, words=("shallow",), retried=("pass",))
    call("calibrate", made.out)
    assert "10 scans labelled, 10 bad." in capsys.readouterr().out


def test_an_attempt_that_nobody_reviewed_gives_way_to_one_that_was(made, capsys):
    made.add(10, words=(), retried=("pass",))
    call("calibrate", made.out)
    assert "10 scans labelled, 0 bad." in capsys.readouterr().out


def test_only_the_newest_model_counts(made, capsys):
    made.add(7, words=("deep",), model="seat 1")
    made.add(4, model=None)
    made.add(40)
    assert call("calibrate", made.out, *LOOSE) == 0
    said = capsys.readouterr().out
    assert "Model seat 2: 40 scans labelled, 0 bad." in said
    assert "7 scans labelled but left out: judged by other models only." in said


def test_accepted_scans_without_a_label_are_told(made, capsys):
    made.add(40)
    made.add(2, 0.9, words=())
    made.add(3, 0.1, words=())
    assert call("calibrate", made.out, *LOOSE) == 0
    assert "2 scans that it accepts are not labelled" in capsys.readouterr().out


def test_a_run_without_a_classifier_has_nothing_to_calibrate(made, capsys):
    made.add(3, model=None)
    assert call("calibrate", made.out) == 3
    assert "nothing to calibrate" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--risk", 0), "--risk"),
        (("--risk", "nan"), "--risk"),
        (("--confidence", 0.5), "--confidence"),
        (("--confidence", 1), "--confidence"),
        (("--write", "{there}"), "is there already; choose another name"),
        (("--write", "{folder}/found.json"), "ends in .toml"),
        (("--write", "{folder}/missing/found.toml"), "make it first"),
    ],
)
def test_wrong_usage_is_one_sentence(made, tmp_path, words, said, capsys):
    there = tmp_path / "there.toml"
    there.write_text("mine")
    places = {"there": there, "folder": tmp_path}
    assert call("calibrate", made.out, *(str(word).format(**places) for word in words)) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert there.read_text() == "mine"


def test_help_says_which_scans_are_a_fair_sample(capsys):
    with pytest.raises(SystemExit):
        call("calibrate", "--help")
    said = " ".join(capsys.readouterr().out.split())
    assert "labels given only to doubtful scans" in said
    assert "Exit code 3" in said
