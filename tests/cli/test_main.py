import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_studies

from defacto import __version__
from defacto.cli import main, make_parser
from defacto.io import volume

COMMANDS = (
    *("run", "deface", "check", "status", "label", "export", "demo", "segment"),
    *("simulate", "train", "evaluate", "calibrate"),
)


def call(*words):
    return main([str(word) for word in words])


def make_input(path, first_voxel):
    folder = tiny_studies.make_empty(path / "made")
    return tiny_studies.add_scan(folder, "x", first_voxel)


@pytest.mark.parametrize("command", [(), *[(c,) for c in COMMANDS]])
def test_help_tells_the_exit_codes(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for code in range(4):
        assert re.search(rf"^  {code}  ", said, re.MULTILINE)


def test_every_option_has_help():
    (commands,) = [action for action in make_parser()._actions if action.dest == "==SUPPRESS=="] or [
        make_parser()._subparsers._group_actions[0]
    ]
    for parser in commands.choices.values():
        for action in parser._actions:
            assert action.help, action.dest


@pytest.mark.parametrize("words", [("--version",), ("run", "--version")])
def test_version(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"defacto {__version__}\n"


@pytest.mark.parametrize(
    "words", [(), ("run",), ("paint",), ("run", "a", "b", "nobody"), ("label", "o", "s", "x")]
)
def test_wrong_usage_is_2(words):
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == 2


def test_help_comes_at_once():
    def seconds():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "defacto.cli", "--help"], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.3


def test_the_package_and_the_command_line_load_nothing_heavy():
    code = "import sys, defacto, defacto.cli; defacto.cli.make_parser(); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    heavy = {"torch", "SimpleITK", "numba", "numpy", "nibabel", "sqlalchemy", "alembic", "pydicom", "rich"}
    assert not heavy & set(ran.stdout.split())


def test_run_then_label_then_export(study, tmp_path, in_process, capsys):
    out, shared = tmp_path / "out", tmp_path / "shared"
    assert call("run", study, out, "participant", "--skip-bids-validation") == 3
    assert (out / "report" / "index.html").is_file()
    assert "3 verify" in capsys.readouterr().out
    assert call("export", out, shared) == 3
    assert "None of the 7 scans is cleared" in capsys.readouterr().err
    assert call("label", out, "sub-pass_T1w", "pass", "--reviewer", "Ada") == 0
    assert capsys.readouterr().out == "sub-pass_T1w: cleared. Ada says pass.\n"
    assert call("export", out, shared) == 3
    said = capsys.readouterr()
    assert said.out == "1 exported, 6 not.\n"
    assert "sub-deep_T1w: not exported, manual." in said.err
    assert call("export", out, shared, "--scan", "sub-pass_T1w") == 0
    assert call("export", out, shared, "--scan", "sub-deep_T1w") == 3
    assert call("run", study, out, "group") == 3


def test_status(done, capsys):
    _, out, _ = done
    assert call("status", out) == 3
    said = capsys.readouterr().out
    assert re.search(r"^sub-broken_T1w +refused +.*truncated", said, re.MULTILINE)
    assert said.endswith("7 scans: 3 verify, 3 manual, 1 refused.\n")
    assert call("status", out, "--json", "--state", "refused") == 3
    document = json.loads(capsys.readouterr().out)
    assert [scan["name"] for scan in document["scans"]] == ["sub-broken_T1w"]
    assert document["counts"] == {"verify": 3, "manual": 3, "refused": 1}


def test_a_dry_run_writes_nothing(study, tmp_path, capsys):
    before = tiny_studies.tree(tmp_path, leave=())
    assert call("run", study, tmp_path / "out", "participant", "--dry-run", "--skip-bids-validation") == 0
    assert "sub-deep_T1w: bids" in capsys.readouterr().out
    assert tiny_studies.tree(tmp_path, leave=()) == before


def test_participants_are_chosen(study, tmp_path, in_process):
    words = ("--participant-label", "pass", "sub-deep", "--skip-bids-validation", "--verify", "none")
    assert call("run", study, tmp_path / "out", "participant", *words) == 3
    assert sorted(p.name for p in (tmp_path / "out/scans").iterdir()) == ["sub-deep_T1w", "sub-pass_T1w"]
    words = ("--participant-label", "pass", "--skip-bids-validation")
    assert call("run", study, tmp_path / "out", "participant", *words) == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("run", "{nowhere}", "{out}", "participant"), 2, "no input nowhere"),
        (("run", "{study}", "{study}", "participant"), 2, "the input itself"),
        (("run", "{study}", "{out}", "participant", "--settings", "{nowhere}"), 2, "cannot be read"),
        (("run", "{study}", "{out}", "participant", "--participant-label", "99"), 2, "99"),
        (("status", "{nowhere}"), 2, "has no store.sqlite"),
        (("export", "{nowhere}", "{out}"), 2, "has no store.sqlite"),
        (("label", "{nowhere}", "s", "pass", "--reviewer", "A"), 2, "has no store.sqlite"),
        (("deface", "{nowhere}", "{out}.nii.gz"), 2, "nowhere"),
    ],
)
def test_an_error_is_one_sentence_without_a_path(study, tmp_path, words, code, said, capsys):
    places = {name: str(tmp_path / name) for name in ("nowhere", "study", "out")}
    assert main([word.format(**places) for word in words]) == code
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("defacto: ")
    assert error.count("\n") == 1
    assert str(tmp_path) not in error


def test_label_wants_a_scan_that_is_there(done, capsys):
    _, out, _ = done
    assert call("label", out, "sub-99_T1w", "pass", "--reviewer", "Ada") == 2
    assert "no scan sub-99_T1w" in capsys.readouterr().err
    assert call("label", out, "sub-broken_T1w", "pass", "--reviewer", "Ada") == 3
    assert "left no volume" in capsys.readouterr().err
    assert call("label", out, "sub-pass_T1w", "pass", "--reviewer", " ") == 2


def test_an_error_that_nobody_foresaw_shows_no_secret(monkeypatch, capsys, tmp_path):
    def fail(options):
        raise ValueError(f"{tmp_path}/Doe^John.nii")

    monkeypatch.setattr("defacto.cli.status.command", fail)
    assert call("status", tmp_path) == 1
    error = capsys.readouterr().err
    assert "The tool itself failed: ValueError" in error
    assert "Doe" not in error


def test_deface_writes_what_passes(tmp_path, fake_rooms, capsys):
    source, target, mask = (
        make_input(tmp_path, fake_rooms.SHALLOW_ONCE),
        tmp_path / "o.nii.gz",
        tmp_path / "m.nii",
    )
    assert call("deface", source, target, "--mask", mask, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["passed"], document["attempts"]) == (True, 2)
    removed = volume.read(mask).stored == 1
    before, after = volume.read(source).stored, volume.read(target).stored
    assert np.array_equal(after[~removed], before[~removed])
    assert (after[removed] == 0).all()


@pytest.mark.parametrize("kind", ["UNSURE", "ALWAYS_DEEP", "FAINT"])
def test_deface_writes_nothing_that_did_not_pass(tmp_path, fake_rooms, kind, capsys):
    source, target = make_input(tmp_path, getattr(fake_rooms, kind)), tmp_path / "o.nii.gz"
    assert call("deface", source, target) == 3
    assert not target.exists()
    assert "was not written" in capsys.readouterr().err
    assert call("deface", source, target, "--keep-uncertain") == 3
    assert target.exists()
    assert "do not share it" in capsys.readouterr().err
    assert call("deface", source, target, "--overwrite") == 3
    assert not target.exists()


def test_deface_replaces_nothing(tmp_path, fake_rooms, capsys):
    source = make_input(tmp_path, fake_rooms.PASS)
    link, other = tmp_path / "link.nii.gz", tmp_path / "other.nii.gz"
    os.link(source, link)
    other.write_bytes(b"mine")
    before = source.read_bytes()
    for target, said in ((source, "is the input"), (link, "is the input"), (other, "is there already")):
        assert call("deface", source, target) == 2
        assert said in capsys.readouterr().err
    assert call("deface", source, link, "--overwrite") == 2
    assert source.read_bytes() == before
    assert other.read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["o.png", "o", "missing/o.nii.gz"])
def test_deface_wants_a_place_that_can_be_written(tmp_path, fake_rooms, name):
    assert call("deface", make_input(tmp_path, fake_rooms.PASS), tmp_path / name) == 2


def test_deface_refuses_a_broken_file(tmp_path, capsys):
    source = tmp_path / "x.nii.gz"
    source.write_bytes(b"\x1f\x8bnothing")
    assert call("deface", source, tmp_path / "o.nii.gz") == 2
    assert "x.nii.gz" in capsys.readouterr().err
    assert not (tmp_path / "o.nii.gz").exists()


def test_demo_shows_where_the_report_is(tmp_path, fake_rooms, in_process, monkeypatch, capsys):
    from defacto.simulate import study

    monkeypatch.setattr(study, "make_study", lambda folder: tiny_studies.make(folder, fake_rooms))
    assert call("demo", tmp_path / "demo") == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert Path(last.removeprefix("Report: ")).is_file()


@pytest.mark.parametrize("network", ["pose", "anatomy"])
def test_networks_of_regions_are_not_trained_on_scans(network, tmp_path, capsys):
    pytest.importorskip("torch")
    (tmp_path / "a_person.nii.gz").write_bytes(b"")
    assert main(["train", network, str(tmp_path / "out"), "--base", str(tmp_path)]) == 2
    assert "needs label maps, got scans" in capsys.readouterr().err
