import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_studies
from attempts_made_up import histories, make_attempt
from hypothesis import given
from hypothesis import strategies as st

from defacto.config import Settings, from_mapping
from defacto.errors import NotClearedError, SettingsError, StoreError
from defacto.io import volume
from defacto.pipeline import export as export_module
from defacto.pipeline.export import export
from defacto.pipeline.export_texts import mask_sidecar, mask_stem, scan_sidecar, scan_stem
from defacto.pipeline.outgoing import Wanted, bring
from defacto.pipeline.records import Record, ScanRow
from defacto.pipeline.review import add_label
from defacto.pipeline.state import state_of
from defacto.types import Measure, Outcome, State

NOBODY = from_mapping({"qc": {"verify": "none"}})


@pytest.fixture
def cleared(done):
    """Return an output folder in which people cleared two scans."""
    _, out, _ = done
    for name in ("sub-pass_T1w", "sub-shallow_T1w"):
        add_label(out, name, Outcome.PASS, reviewer="Ada")
    return out


def validate(folder):
    program = Path(sys.executable).with_name("bids-validator-deno")
    if not program.exists():
        pytest.skip("bids-validator-deno is not installed")
    ran = subprocess.run([program, "--format", "json", str(folder)], capture_output=True, check=False)
    issues = json.loads(ran.stdout)["issues"]["issues"]
    return [issue for issue in issues if issue.get("severity") == "error"]


def volumes(folder):
    return sorted(path.name for path in folder.rglob("*.nii.gz"))


def test_what_is_cleared_goes_out_and_nothing_else(cleared, tmp_path):
    exported = export(cleared, tmp_path / "shared")
    assert exported.names == ("sub-pass_T1w", "sub-shallow_T1w")
    assert set(exported.kept) == {f"sub-{n}_T1w" for n in ("broken", "deep", "faint", "lost", "unsure")}
    assert volumes(tmp_path / "shared") == [
        "sub-pass_T1w.nii.gz",
        "sub-pass_mod-T1w_defacemask.nii.gz",
        "sub-shallow_T1w.nii.gz",
        "sub-shallow_mod-T1w_defacemask.nii.gz",
    ]


def test_it_is_valid_bids(cleared, tmp_path):
    export(cleared, tmp_path / "shared")
    assert validate(tmp_path / "shared") == []


def test_the_sidecar_says_what_was_done(cleared, tmp_path):
    export(cleared, tmp_path / "shared")
    sidecar = json.loads((tmp_path / "shared/sub-shallow/anat/sub-shallow_T1w.json").read_text())
    assert (sidecar["EchoTime"], sidecar["Manufacturer"]) == (0.003, "Siemens")
    assert not {"InstitutionName", "PatientName"} & set(sidecar)
    assert any("defacto" in line for line in sidecar["DeidentificationMethod"])
    assert all(len(line) <= 64 for line in sidecar["DeidentificationMethod"])
    assert sidecar["DeidentificationMethodCodeSequence"][0]["CodeValue"] == "113102"
    assert sidecar["Defacing"]["Parameters"]["nudge_mm"] == [0.0, -5.0, 0.0]
    assert sidecar["Defacing"]["ClearedBy"] == "person"


def test_the_mask_is_1_where_voxels_were_removed_and_says_so(cleared, done, tmp_path):
    study, _, _ = done
    export(cleared, tmp_path / "shared")
    anat = tmp_path / "shared/sub-pass/anat"
    mask = volume.read(anat / "sub-pass_mod-T1w_defacemask.nii.gz").stored == 1
    before = volume.read(study / "sub-pass/anat/sub-pass_T1w.nii.gz").stored
    after = volume.read(anat / "sub-pass_T1w.nii.gz").stored
    assert mask.any()
    assert (after[mask] == 0).all()
    assert np.array_equal(after[~mask], before[~mask])
    says = json.loads((anat / "sub-pass_mod-T1w_defacemask.json").read_text())
    assert says["Values"] == {"0": "kept as it was", "1": "removed"}
    assert "1 = removed, 0 = kept" in says["Description"]


def test_again_it_changes_nothing(cleared, tmp_path):
    export(cleared, tmp_path / "shared")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "shared").rglob("*")}
    export(cleared, tmp_path / "shared")
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "shared").rglob("*")} == before


def test_two_places_get_the_same_bytes(cleared, tmp_path):
    export(cleared, tmp_path / "one")
    export(cleared, tmp_path / "two")
    assert tiny_studies.tree(tmp_path / "one", leave=()) == tiny_studies.tree(tmp_path / "two", leave=())
    assert str(tmp_path).encode() not in tiny_studies.everything(tmp_path / "one")


def test_it_is_brought_up_to_date(cleared, tmp_path):
    shared = tmp_path / "shared"
    export(cleared, shared)
    (shared / "CHANGES").write_text("1.0.0 2026-01-01\n  - first\n")
    add_label(cleared, "sub-pass_T1w", Outcome.DEEP, reviewer="Ada")
    add_label(cleared, "sub-lost_T1w", Outcome.PASS, reviewer="Ada")
    export(cleared, shared)
    assert volumes(shared)[::2] == ["sub-lost_T1w.nii.gz", "sub-shallow_T1w.nii.gz"]
    assert not (shared / "sub-pass").exists()
    assert (shared / "CHANGES").exists()
    assert "sub-pass" not in (shared / "participants.tsv").read_text()
    assert validate(shared) == []


def test_the_last_to_be_withdrawn_goes_too(cleared, tmp_path):
    shared = tmp_path / "shared"
    export(cleared, shared)
    for name in ("sub-pass_T1w", "sub-shallow_T1w"):
        add_label(cleared, name, Outcome.DEEP, reviewer="Ada")
    assert export(cleared, shared).names == ()
    assert volumes(shared) == []


def test_named_scans_add_to_what_is_there(cleared, tmp_path):
    shared = tmp_path / "shared"
    export(cleared, shared, scans=["sub-pass_T1w"])
    assert volumes(shared)[::2] == ["sub-pass_T1w.nii.gz"]
    export(cleared, shared, scans=["sub-shallow_T1w"])
    assert volumes(shared)[::2] == ["sub-pass_T1w.nii.gz", "sub-shallow_T1w.nii.gz"]


def test_a_named_scan_that_is_not_cleared_is_an_error_that_names_it(cleared, tmp_path):
    with pytest.raises(NotClearedError, match="sub-deep_T1w"):
        export(cleared, tmp_path / "shared", scans=["sub-pass_T1w", "sub-deep_T1w"])
    assert not (tmp_path / "shared").exists()


def test_nothing_cleared_is_an_error(done, tmp_path):
    with pytest.raises(NotClearedError, match="None of the 7"):
        export(done[1], tmp_path / "shared")
    assert not (tmp_path / "shared").exists()


@pytest.mark.parametrize("role", ["volume", "mask", "sidecar", "attempt"])
@pytest.mark.parametrize("how", ["change", "remove"])
def test_a_file_that_changed_since_it_was_checked_stays_inside(cleared, tmp_path, role, how):
    name = {"volume": "defaced.nii.gz", "mask": "removal.nii.gz"}.get(role, f"{role}.json")
    path = cleared / "scans/sub-pass_T1w/attempt-1" / name
    if how == "change":
        path.write_bytes(path.read_bytes() + b" ")
    else:
        path.unlink()
    with pytest.raises(NotClearedError, match="not what it was"):
        export(cleared, tmp_path / "shared")
    assert not (tmp_path / "shared").exists()


def test_originals_are_never_overwritten(cleared, done):
    study = done[0]
    before = tiny_studies.tree(study, leave=())
    with pytest.raises(SettingsError, match="did not export"):
        export(cleared, study)
    assert tiny_studies.tree(study, leave=()) == before


def test_what_a_person_edited_is_not_overwritten(cleared, tmp_path):
    shared = tmp_path / "shared"
    export(cleared, shared)
    (shared / "participants.tsv").write_text("participant_id\tage\nsub-pass\t40\n")
    before = tiny_studies.tree(shared, leave=())
    add_label(cleared, "sub-lost_T1w", Outcome.PASS, reviewer="Ada")
    with pytest.raises(SettingsError, match=r"participants\.tsv in shared would be overwritten"):
        export(cleared, shared)
    assert tiny_studies.tree(shared, leave=()) == before


@pytest.mark.parametrize("where", ["out/shared", "out", ".", "file"])
def test_dangerous_places_are_refused(cleared, tmp_path, where):
    (tmp_path / "file").write_text("x")
    with pytest.raises(SettingsError):
        export(cleared, tmp_path / where)


def test_cut_off_in_the_middle_it_goes_on(cleared, tmp_path, monkeypatch):
    from defacto.pipeline import outgoing

    shared, put, left = tmp_path / "shared", outgoing._put, [3]

    def dying(*arguments):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        put(*arguments)

    export(cleared, shared, scans=["sub-pass_T1w"])
    monkeypatch.setattr(outgoing, "_put", dying)
    with pytest.raises(KeyboardInterrupt):
        export(cleared, shared)
    monkeypatch.undo()
    export(cleared, shared)
    export(cleared, tmp_path / "whole")
    assert tiny_studies.tree(shared, leave=()) == tiny_studies.tree(tmp_path / "whole", leave=())


def test_a_folder_without_a_run_has_nothing_to_export(tmp_path):
    with pytest.raises(StoreError):
        export(tmp_path, tmp_path.parent / "shared")


def test_what_was_labelled_in_between_stays_inside(cleared, tmp_path):
    add_label(cleared, "sub-pass_T1w", Outcome.SHALLOW, reviewer="Bo")
    with pytest.raises(NotClearedError, match="sub-pass_T1w"):
        export(cleared, tmp_path / "shared", scans=["sub-pass_T1w"])


@given(st.lists(histories(), min_size=1, max_size=4), st.sampled_from([Settings(), NOBODY]))
def test_no_path_leads_from_not_cleared_to_exported(many, settings):
    records = {
        f"sub-{i}_T1w": Record(
            ScanRow(f"sub-{i}_T1w", str(i), None, "T1w", "anat", "bids"), tuple(a), tuple(r)
        )
        for i, (a, r) in enumerate(many)
    }
    for name, record in records.items():
        if state_of(record.scan, record.attempts, record.reviews, settings) is State.CLEARED:
            continue
        standings = {n: export_module.standing_of_record(r, settings) for n, r in records.items()}
        for scans in (None, [name]):
            for before in ({}, {f"{scan_stem(record.scan)}.nii.gz": ["x"]}):
                try:
                    chosen = export_module._choose(records, standings, scans, before)
                except NotClearedError:
                    chosen = []
                assert record not in chosen
        with pytest.raises(NotClearedError, match=name):
            export_module._scan_files(Path("nowhere"), record, settings)


ENTITIES = {"acq": "hi", "echo": "2", "inv": "1", "run": "3", "flip": "1", "ce": "gd"}


@given(st.sets(st.sampled_from(sorted(ENTITIES))), st.sets(st.sampled_from(sorted(ENTITIES))))
def test_two_scans_never_share_a_mask(one, other):
    def row(keys):
        name = "_".join(["sub-1", *(f"{key}-{ENTITIES[key]}" for key in sorted(keys)), "T1w"])
        return ScanRow(name, "1", None, "T1w", "anat", "bids")

    assert (mask_stem(row(one)) == mask_stem(row(other))) == (one == other)
    contrast = replace(row(one), name=row(one).name[:-3] + "T2w", suffix="T2w")
    assert mask_stem(contrast) != mask_stem(row(one))


def test_foreign_files_are_kept_and_ours_replaced(tmp_path):
    target, manifest = tmp_path / "t", tmp_path / "m" / "x.json"
    bring(target, {"a/b": Wanted.text("1"), "c": Wanted.text("2")}, manifest)
    (target / "a" / "mine").write_text("x")
    bring(target, {"c": Wanted.text("3")}, manifest)
    assert tiny_studies.everything(target) == b"a/mine\nx\nc\n3"
    shutil.rmtree(target)
    bring(target, {"c": Wanted.text("3")}, manifest)
    assert tiny_studies.everything(target) == b"c\n3"


@pytest.mark.parametrize(("measure", "done"), [("nose_left", "removed"), ("nose_moved_mm", "replaced")])
def test_a_face_that_was_replaced_is_not_called_removed(measure, done):
    row = ScanRow("sub-1_T1w", "1", None, "T1w", "anat", "bids")
    attempt = replace(make_attempt(1), measures={measure: Measure(measure, 2.0, "mm")})
    said = scan_sidecar({}, attempt, verified=True, tool="0.1")["DeidentificationMethod"][0]
    assert f" {done} by defacto" in said
    assert mask_sidecar(row, attempt, "0.1")["Values"]["1"] == done
