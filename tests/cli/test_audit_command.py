"""`defacto audit` as a person calls it, and the way of a strike through audit, run and export."""

import json
import re
import stat
import sys
import tomllib
from pathlib import Path

import pytest

from defacto.cli import main
from defacto.config import read_settings
from defacto.pipeline.review import add_label
from defacto.report.audit import MOST_ON_PAGE
from defacto.types import Outcome

sys.path.insert(0, str(Path(__file__).parents[1] / "privacy"))
from planted_set import make_plain, plant, write_json

SECRETS = ("Quill", "quill", "Finch", "70012345", "5557788", "2019")


@pytest.fixture
def plain(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make_plain(tmp_path / "set")


def call(*words):
    return main(["audit", *(str(word) for word in words)])


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', Path(page).read_text("utf-8"), re.DOTALL)[1])


def test_a_plain_set_is_clean(plain, capsys):
    assert call(plain) == 0
    assert capsys.readouterr().out == "17 files, 6 subjects, 22 tags: 0 suspicious values to decide.\n"


def test_the_terminal_is_told_tags_and_no_value(plain, capsys):
    plant(plain)
    assert call(plain) == 3
    said = capsys.readouterr().out
    assert "PatientName" in said
    assert "2 files and folders not looked into" in said
    assert [secret for secret in SECRETS if secret in said] == []


def test_the_outputs_are_for_the_owner_alone_and_agree(plain, tmp_path):
    plant(plain)
    assert call(plain, "--out", "out", "--json", "o.json") == 3
    modes = {path: stat.S_IMODE(Path(path).stat().st_mode) for path in ("out", "o.json", "out/audit.tsv")}
    assert modes == {"out": 0o700, "o.json": 0o600, "out/audit.tsv": 0o600}
    assert stat.S_IMODE(Path("out/index.html").stat().st_mode) == 0o600
    document = json.loads(Path("o.json").read_text("utf-8"))
    listed = [(tag["tag"], value["value"]) for tag in document["tags"] for value in tag["values"]]
    rows = [line.split("\t") for line in Path("out/audit.tsv").read_text("utf-8").splitlines()]
    assert {len(row) for row in rows} == {8}
    assert len([row for row in rows[1:] if row[1]]) == len([value for _, value in listed if value])
    assert ["PatientName", "Quill^Dorothea", "1", "1", "1", "name, identifying tag", "open"] in [
        r[:7] for r in rows
    ]
    on_page = {(tag["tag"], value[0]) for tag in data_of("out/index.html")["tags"] for value in tag["values"]}
    assert on_page == set(listed)


def test_the_page_loads_nothing_and_no_value_ends_its_data(plain):
    nasty = "</script><script>alert(1)</script><!--"
    write_json(plain / "sub-01" / "anat" / "sub-01_T1w.json", {"ImageComments": nasty, "=cmd": "=1+1"})
    assert call(plain, "--out", "out") == 3
    text = Path("out/index.html").read_text("utf-8")
    assert nasty not in text
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", text)
    assert "default-src 'none'" in text
    assert any(value[0] == nasty for tag in data_of("out/index.html")["tags"] for value in tag["values"])
    assert "\t=1+1" not in Path("out/audit.tsv").read_text("utf-8")


def test_many_values_are_counted_where_they_are_not_listed(plain):
    rows = "".join(f"sub-{n:04d}\tDorothea Quill{n}x\n" for n in range(MOST_ON_PAGE + 50))
    (plain / "participants.tsv").write_text("participant_id\tnotes\n" + rows)
    assert call(plain, "--out", "out", "--json", "o.json") == 3
    (tag,) = [tag for tag in data_of("out/index.html")["tags"] if tag["tag"] == "participants.tsv:notes"]
    assert (len(tag["values"]), tag["hidden"], tag["hiddenMarked"], tag["more"]) == (MOST_ON_PAGE, 50, 50, 50)
    assert json.loads(Path("o.json").read_text("utf-8"))["to_decide"] >= MOST_ON_PAGE + 50


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere",), "no BIDS data set"),
        (("set", "--out", "set/audit"), "lies in the data set"),
        (("set", "--json", "set/o.json"), "lies in the data set"),
        (("set", "--json", "o.txt"), "ends in .json"),
        (("set", "--nprocs", "0"), "expected 1 or more"),
        (("set", "--strikes", "none.toml"), "cannot be read"),
        (("set", "--out", "full"), "holds x"),
        (("set", "--out", "full", "--overwrite"), "holds x"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_writes_nothing(plain, tmp_path, capsys, words, said):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    before = sorted(tmp_path.rglob("*"))
    assert call(*words) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_an_audit_again_takes_the_decisions_and_its_folder(plain, tmp_path, capsys):
    plant(plain)
    assert call(plain, "--out", "out", "--json", "o.json") == 3
    document = json.loads(Path("o.json").read_text("utf-8"))
    asked = [tag["tag"] for tag in document["tags"] if any(value["reasons"] for value in tag["values"])]
    Path("s.toml").write_text(f"accepted = {json.dumps(asked)}\n", "utf-8")
    assert call(plain, "--out", "out", "--strikes", "s.toml") == 2
    assert call(plain, "--out", "out", "--overwrite", "--strikes", "s.toml") == 0
    assert data_of("out/index.html")["accepted"] == sorted(asked)
    Path("s.toml").write_text('strike = ["Modality=MR"]\n')
    assert call(make_plain(tmp_path / "other"), "--strikes", "s.toml") == 3
    assert "1 struck out but still there" in capsys.readouterr().out


@pytest.fixture
def cleared(done):
    _, out, _ = done
    for name in ("sub-pass_T1w", "sub-shallow_T1w"):
        add_label(out, name, Outcome.PASS, reviewer="Ada")
    return out


def sidecars(folder, pattern="*_T1w.json"):
    return [json.loads(path.read_text("utf-8")) for path in sorted(Path(folder).rglob(pattern))]


def test_an_export_is_clean(cleared, tmp_path, capsys):
    assert main(["export", str(cleared), str(tmp_path / "shared")]) == 3
    assert call(tmp_path / "shared") == 0, capsys.readouterr().out


def test_an_export_with_moved_dates_and_grouped_ages_is_clean(study, tmp_path, in_process, capsys):
    for n, path in enumerate(sorted(study.rglob("*_T1w.json"))):
        day = {"AcquisitionDateTime": f"2019-03-0{n + 1}T10:11:12"}
        write_json(path, {**json.loads(path.read_text("utf-8")), **day})
    (study / "participants.tsv").write_text("participant_id\tage\tsex\nsub-pass\t93\tF\nsub-lost\t40\tM\n")
    words = ["run", study, tmp_path / "out", "participant", "--skip-bids-validation", "--verify", "none"]
    assert main([str(word) for word in [*words, "--dates", "shift", "--characteristics"]]) == 3
    assert main(["export", str(tmp_path / "out"), str(tmp_path / "shared")]) == 3
    assert "89+" in (tmp_path / "shared" / "participants.tsv").read_text("utf-8")
    assert list((tmp_path / "shared").rglob("*_scans.tsv"))
    assert call(tmp_path / "shared") == 0, capsys.readouterr().out


@pytest.mark.parametrize("entry", ["Manufacturer", "Manufacturer=Siemens", "EchoTime=0.003"])
def test_a_strike_made_after_the_run_holds_in_the_export(cleared, tmp_path, entry):
    tag, strikes, shared = entry.partition("=")[0], tmp_path / "s.toml", tmp_path / "shared"
    main(["export", str(cleared), str(shared)])
    assert all(tag in sidecar for sidecar in sidecars(shared))
    strikes.write_text(f'strike = ["{entry}", "name:sub=pass"]\n')
    main(["export", str(cleared), str(shared), "--strikes", str(strikes)])
    assert len(sidecars(shared)) == 2
    assert not any(tag in sidecar for sidecar in sidecars(shared))
    strikes.write_text(f'strike = ["{entry}"]\n')
    assert call(shared, "--strikes", strikes) == 0


def test_a_run_keeps_the_strikes_without_their_values(study, tmp_path, in_process):
    strikes, out = tmp_path / "s.toml", tmp_path / "out"
    strikes.write_text('strike = ["Manufacturer=Siemens"]\n')
    words = ["run", study, out, "participant", "--skip-bids-validation", "--strikes", strikes]
    assert main([str(word) for word in words]) == 3
    kept = sidecars(out / "scans", "*.json")
    assert not any("Manufacturer" in sidecar for sidecar in kept)
    assert any("EchoTime" in sidecar for sidecar in kept)
    (saved,) = read_settings(out / "settings.toml").privacy.strike
    assert saved.startswith("Manufacturer=sha256:")
    assert tomllib.loads((out / "settings.toml").read_text("utf-8"))


def test_a_bad_strikes_file_stops_run_and_export_before_they_begin(done, tmp_path, capsys):
    study, cleared, _ = done
    strikes = tmp_path / "s.toml"
    strikes.write_text("strike = 3\n")
    for words in (["export", cleared, tmp_path / "x"], ["run", study, tmp_path / "x", "participant"]):
        assert main([str(word) for word in [*words, "--strikes", strikes]]) == 2
        assert "expected strike to be a list" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
