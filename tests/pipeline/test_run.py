import gzip
import json
import shutil

import pytest
import tiny_studies

from defacto.errors import BidsError, InputError, SettingsError
from defacto.pipeline.desk import Answer, Desk
from defacto.pipeline.locks import lock
from defacto.pipeline.pool import Pool
from defacto.pipeline.queue import Reader
from defacto.pipeline.review import add_label
from defacto.pipeline.run import Request, run, summarise
from defacto.pipeline.sources import Selection
from defacto.pipeline.state import Queue
from defacto.pipeline.store import Store
from defacto.qc.classify import DATA
from defacto.render import read_looks
from defacto.types import Mode, Outcome, Review, State


def states(summary):
    return {name: standing.state for name, standing in summary.standings.items()}


def request(study, out, **more):
    return Request(study, out, **{"skip_validation": True, "nprocs": 2, **more})


EXPECTED = {
    "sub-pass_T1w": State.VERIFY,
    "sub-shallow_T1w": State.VERIFY,
    "sub-lost_T1w": State.VERIFY,
    "sub-unsure_T1w": State.MANUAL,
    "sub-deep_T1w": State.MANUAL,
    "sub-faint_T1w": State.MANUAL,
    "sub-broken_T1w": State.REFUSED,
}


pytestmark = pytest.mark.usefixtures("in_process")


def test_every_scan_ends_where_it_should(finished):
    folder, summary = finished
    out = folder / "out"
    assert states(summary) == EXPECTED
    assert summary.exit_code == 3
    store = Store.open(out)
    assert [len(store.attempts(name)) for name in ("sub-shallow_T1w", "sub-deep_T1w")] == [2, 3]
    assert store.attempts("sub-shallow_T1w")[1].parameters["nudge_mm"] == [0.0, -5.0, 0.0]
    assert store.attempts("sub-lost_T1w")[1].parameters["rung"] == 1


def test_only_the_last_attempt_keeps_its_volume(done):
    _, out, _ = done
    volumes = sorted(p.parent.relative_to(out / "scans").as_posix() for p in out.rglob("defaced.nii.gz"))
    last = {"pass": 1, "shallow": 2, "lost": 2, "unsure": 1, "deep": 3, "faint": 1}
    assert volumes == sorted(f"sub-{name}_T1w/attempt-{number}" for name, number in last.items())


def test_what_the_classifier_saw_is_kept_of_every_attempt(done):
    _, out, _ = done
    folders = [path.parent for path in out.rglob("removal.nii.gz")]
    assert len(folders) > 5
    assert all(read_looks(folder / "looks.npz").shade.all() for folder in folders)


def test_a_run_keeps_to_its_own_classifier(study, tmp_path, in_process):
    own = tmp_path / "own"
    shutil.copytree(DATA, own)
    known = json.loads((own / "networks.json").read_text())
    known["defacto-render"]["version"] = "own"
    (own / "networks.json").write_text(json.dumps(known))
    run(request(study, tmp_path / "out", network=own))
    assert (tmp_path / "out" / "network" / "defacto-render.onnx").is_file()
    run(request(study, tmp_path / "out"))
    with pytest.raises(SettingsError, match="was made with defacto-render own"):
        run(request(study, tmp_path / "out", network=DATA))


def test_the_input_is_left_as_it_was(study, tmp_path):
    before = tiny_studies.tree(study, leave=())
    run(request(study, tmp_path / "out"))
    assert tiny_studies.tree(study, leave=()) == before


def test_nothing_written_names_a_person_or_a_path(done, tmp_path):
    _, out, _ = done
    written = tiny_studies.everything(out)
    for path in out.rglob("*.gz"):
        written += gzip.decompress(path.read_bytes())
    for word in (b"General", b"Doe", str(tmp_path).encode(), b"study"):
        assert word not in written


def test_only_the_owner_can_read_the_output(finished):
    out = finished[0] / "out"
    assert all(path.stat().st_mode & 0o077 == 0 for path in [out, *out.rglob("*")])


def test_two_runs_give_the_same_bytes(done, tmp_path):
    study, out, _ = done
    run(request(study, tmp_path / "again", nprocs=1))
    assert tiny_studies.tree(tmp_path / "again") == tiny_studies.tree(out)


def test_nothing_temporary_is_left(done):
    _, out, _ = done
    assert not (out / ".work").exists()
    assert not list(out.rglob("*.part"))


def test_finished_work_is_not_repeated(done):
    study, out, first = done
    made = {path: path.stat().st_mtime_ns for path in out.rglob("attempt-*/*")}
    second = run(request(study, out))
    assert states(second) == states(first)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("attempt-*/*")} == made


def test_a_mended_input_is_taken_up_again(done, fake_rooms):
    study, out, _ = done
    tiny_studies.add_scan(study, "broken", fake_rooms.PASS)
    summary = run(request(study, out))
    assert states(summary)["sub-broken_T1w"] is State.VERIFY


def test_a_changed_input_is_done_anew(done, fake_rooms):
    study, out, _ = done
    add_label(out, "sub-pass_T1w", Outcome.PASS, reviewer="Ada")
    tiny_studies.add_scan(study, "pass", fake_rooms.UNSURE)
    summary = run(request(study, out))
    assert states(summary)["sub-pass_T1w"] is State.MANUAL
    assert not (out / "scans/sub-pass_T1w/attempt-1/defaced.nii.gz").exists()


def test_a_touched_input_is_not(done):
    study, out, _ = done
    (study / "sub-pass/anat/sub-pass_T1w.nii.gz").touch()
    run(request(study, out))
    assert len(Store.open(out).attempts("sub-pass_T1w")) == 1


def test_what_a_person_does_not_pass_is_tried_again(done):
    study, out, _ = done
    assert add_label(out, "sub-pass_T1w", Outcome.DEEP, reviewer="Ada").state is State.RETRY
    summary = run(request(study, out))
    assert states(summary)["sub-pass_T1w"] is State.VERIFY
    attempts = Store.open(out).attempts("sub-pass_T1w")
    assert [a.parameters["nudge_mm"][1] for a in attempts] == [0.0, 5.0]
    assert not (out / "scans/sub-pass_T1w/attempt-1/defaced.nii.gz").exists()


def test_a_crash_stops_nothing_and_tells_no_secret(study, tmp_path, fake_rooms, capfd, monkeypatch):
    monkeypatch.setattr("defacto.pipeline.run.Pool", Pool)
    tiny_studies.add_scan(study, "crash", fake_rooms.CRASH)
    tiny_studies.add_scan(study, "killed", fake_rooms.KILL)
    out = tmp_path / "out"
    summary = run(request(study, out))
    assert summary.exit_code == 1
    assert states(summary) == EXPECTED | {"sub-crash_T1w": State.MANUAL, "sub-killed_T1w": State.MANUAL}
    assert "ValueError" in summary.standings["sub-crash_T1w"].reason
    assert "signal 9" in summary.standings["sub-killed_T1w"].reason
    assert b"Doe" not in tiny_studies.everything(out)
    said = capfd.readouterr().err
    assert "Doe" not in said
    assert str(tmp_path) not in said
    tiny_studies.add_scan(study, "crash", fake_rooms.PASS)
    assert states(run(request(study, out)))["sub-crash_T1w"] is State.VERIFY


def test_one_log_line_a_scan(done):
    _, out, _ = done
    (log,) = (out / "logs").glob("run-*.log")
    lines = log.read_text().splitlines()
    for name in EXPECTED:
        assert sum(f"{name}:" in line for line in lines) == 1


def test_without_verification_a_pass_is_cleared(study, tmp_path):
    summary = run(request(study, tmp_path / "out", changes={"qc.verify": "none"}))
    assert states(summary)["sub-pass_T1w"] is State.CLEARED


def test_all_cleared_is_exit_code_0(study, tmp_path):
    chosen = request(
        study, tmp_path / "o", changes={"qc.verify": "none"}, selection=Selection(participants=("pass",))
    )
    assert run(chosen).exit_code == 0


def test_other_settings_need_another_folder(done, tmp_path):
    study, out, _ = done
    with pytest.raises(SettingsError, match=r"deface\.ears = true, now it is false"):
        run(request(study, out, changes={"deface.ears": False}))
    assert states(run(request(study, out, changes={"qc.verify": "none"})))["sub-pass_T1w"] is State.CLEARED
    assert states(run(request(study, out)))["sub-pass_T1w"] is State.CLEARED


def test_settings_are_saved_and_hold(study, tmp_path):
    out = tmp_path / "out"
    run(request(study, out, changes={"deface.ears": False}))
    run(request(study, out))
    assert Store.open(out).attempts("sub-pass_T1w")[0].parameters["ears"] is False


def test_parts_of_a_study_come_together(study, tmp_path):
    out = tmp_path / "out"
    first = run(request(study, out, selection=Selection(participants=("pass",))))
    assert list(first.standings) == ["sub-pass_T1w"]
    run(request(study, out, selection=Selection(participants=("sub-deep", "unsure"))))
    assert states(summarise(out, Store.open(out))) == {
        name: EXPECTED[name] for name in sorted(["sub-pass_T1w", "sub-deep_T1w", "sub-unsure_T1w"])
    }


def test_a_scan_that_another_run_works_on_is_left_to_it(study, tmp_path):
    out = tmp_path / "out"
    with lock(out / ".locks" / "sub-pass_T1w.lock", wait=True):
        summary = run(request(study, out))
    assert states(summary)["sub-pass_T1w"] is State.NEW
    assert summary.exit_code == 3


def test_postgresql_gives_the_same(study, tmp_path, monkeypatch, postgres_url):
    monkeypatch.setenv("DEFACTO_STORE", postgres_url)
    assert states(run(request(study, tmp_path / "out"))) == EXPECTED


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("study", "input itself"),
        (".", "input lies in the output"),
        ("study/out", "lies in the input"),
        ("study/derivatives", "lies in the input"),
        ("foreign", "not of defacto"),
        ("study/README.md", "lies in the input"),
    ],
)
def test_dangerous_places_are_refused(study, tmp_path, out, said):
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.txt").write_text("mine")
    before = tiny_studies.tree(tmp_path, leave=())
    with pytest.raises(SettingsError, match=said):
        run(request(study, tmp_path / out))
    assert tiny_studies.tree(tmp_path, leave=()) == before


def test_derivatives_of_a_bids_data_set_are_a_good_place(study):
    summary = run(request(study, study / "derivatives" / "defacto"))
    assert states(summary) == EXPECTED
    assert states(run(request(study, study / "derivatives" / "defacto"))) == EXPECTED


def test_the_work_folder_is_swept_and_elsewhere_if_asked(study, tmp_path):
    work = tmp_path / "work"
    stale = work / "defacto-run-dead"
    stale.mkdir(parents=True)
    (stale / "head.nii").write_bytes(b"x")
    (work / "defacto-run-dead.lock").touch()
    (work / "mine").mkdir()
    run(request(study, tmp_path / "out", work=work))
    assert [path.name for path in work.iterdir()] == ["mine"]


def test_an_input_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(InputError, match="no input nowhere"):
        run(request(tmp_path / "nowhere", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_an_invalid_data_set_is_refused_unless_asked(study, tmp_path):
    (study / "dataset_description.json").unlink()
    with pytest.raises(BidsError):
        run(request(study, tmp_path / "out", skip_validation=False))


@pytest.mark.parametrize("more", [{"nprocs": 0}, {"mem_gb": 0.0}, {"changes": {"qc.verify": "nobody"}}])
def test_nonsense_is_refused(study, tmp_path, more):
    with pytest.raises(SettingsError, match="expected"):
        run(request(study, tmp_path / "out", **more))


def test_little_memory_means_one_at_a_time(study, tmp_path, monkeypatch):
    monkeypatch.setattr("defacto.pipeline.run.Pool", Pool)
    assert states(run(request(study, tmp_path / "out", mem_gb=0.001))) == EXPECTED


def test_a_copied_output_folder_goes_on(done, tmp_path):
    study, out, first = done
    shutil.move(out, tmp_path / "moved")
    assert states(run(request(study, tmp_path / "moved"))) == states(first)


def test_an_attempt_that_a_person_asked_for_is_made_with_its_parameters(done):
    study, out, _ = done
    name = "sub-pass_T1w"
    desk = Desk(Store.open(out))
    token = desk.tokens([name])[name]
    parameters = dict(desk.find(token).attempts[-1].parameters) | {"nudge_mm": [1.0, -7.0, 0.0]}
    desk.ask(Reader("Lea"), token, 2, parameters, "key")
    assert summarise(out, Store.open(out)).standings[name].state is State.RETRY
    assert states(run(request(study, out)))[name] is State.VERIFY
    attempts = Store.open(out).attempts(name)
    assert [a.parameters["nudge_mm"] for a in attempts] == [[0.0, 0.0, 0.0], [1.0, -7.0, 0.0]]
    assert states(run(request(study, out)))[name] is State.VERIFY
    assert len(Store.open(out).attempts(name)) == 2


def test_the_words_of_the_desk_lead_to_the_next_attempt(done):
    study, out, _ = done
    name = "sub-unsure_T1w"
    desk, ada = Desk(Store.open(out)), Reader("Ada")
    (case,) = [c for c in desk.take(ada, Queue.MANUAL, 9) if c.token == desk.tokens([name])[name]]
    said = Answer(case.token, Review(1, Outcome.SHALLOW, "Ada", mode=Mode.MANUAL), "k")
    desk.answer(ada, [said])
    run(request(study, out))
    assert Store.open(out).attempts(name)[-1].parameters["nudge_mm"] == [0.0, -5.0, 0.0]
    assert desk.find(case.token).attempts[-1].number == 2
