"""Labels that would give a person away are replaced; what may stay of a person is kept with the scan."""

import csv
import json
from pathlib import Path

import pytest
import tiny_studies

from defacto.config import InputSettings, PrivacySettings
from defacto.io.bids import find
from defacto.pipeline.export import export
from defacto.pipeline.people import with_facts, with_new_labels
from defacto.pipeline.run import Request, run
from defacto.pipeline.sources import Selection

CHECK, NEW, KEEP = (PrivacySettings(labels=labels) for labels in ("check", "new", "keep"))


@pytest.fixture
def key(tmp_path):
    return tmp_path / "key"


def study(root, label, *, session=None, patient="Plantov^Olga", acq=None):
    """Add a scan of a subject whose sidecar names the patient."""
    if not root.exists():
        tiny_studies.make_empty(root)
    folder = root / f"sub-{label}" / (f"ses-{session}" if session else "") / "anat"
    folder.mkdir(parents=True, exist_ok=True)
    made = tiny_studies.add_scan(root.parent / "spare", label, 1)
    parts = [
        f"sub-{label}",
        *([f"ses-{session}"] if session else []),
        *([f"acq-{acq}"] if acq else []),
        "T1w",
    ]
    stem = folder / "_".join(parts)
    made.rename(stem.with_name(stem.name + ".nii.gz"))
    stem.with_name(stem.name + ".json").write_text(json.dumps({"PatientName": patient}))
    return root


def sources(root):
    return find(root, InputSettings())[0]


def names(root, settings, key):
    return [source.name for source in with_new_labels(sources(root), settings, key)]


def test_plain_labels_stay(tmp_path, key):
    study(tmp_path / "in", "1000234", session="2")
    assert names(tmp_path / "in", CHECK, key) == ["sub-1000234_ses-2_T1w"]
    assert not key.exists()


@pytest.mark.parametrize(
    ("label", "session", "acq"),
    [("olga", "1", None), ("01", "20190304", None), ("01", "1", "x19790203"), ("plantov1", "2", None)],
)
def test_labels_that_give_away_are_replaced(tmp_path, key, label, session, acq):
    study(tmp_path / "in", label, session=session, acq=acq)
    (source,) = with_new_labels(sources(tmp_path / "in"), CHECK, key)
    for told in {"olga", "plantov1", "20190304", "x19790203"} & {label, session, acq}:
        assert told not in source.name + str(source.note)
    assert "were replaced" in source.note
    assert [source.name] == names(tmp_path / "in", CHECK, key)
    assert with_new_labels(sources(tmp_path / "in"), KEEP, key)[0].name != source.name


def test_scans_of_a_subject_stay_together_and_apart_from_others(tmp_path, key):
    for label in ("olga", "02"):
        for session in ("20190304", "20200304"):
            study(tmp_path / "in", label, session=session)
    found = with_new_labels(sources(tmp_path / "in"), CHECK, key)
    assert len({source.subject for source in found}) == 2
    assert len({source.name for source in found}) == 4
    assert {source.identity for source in found} == {"sub-olga", None}


def test_all_labels_are_new_where_asked_for(tmp_path, key):
    study(tmp_path / "in", "01", session="1", acq="hi")
    (source,) = with_new_labels(sources(tmp_path / "in"), NEW, key)
    assert source.subject != "01"
    assert source.session != "1"
    assert source.entities["acq"] == "hi"


def test_nothing_is_kept_of_a_person_unless_asked_for(tmp_path, key):
    study(tmp_path / "in", "01")
    assert with_facts(sources(tmp_path / "in"), tmp_path / "in", PrivacySettings(), key)[0].facts == {}


def test_age_sex_and_moved_times_go_out_as_tables(tmp_path, key, fake_rooms, in_process):
    root = study(tmp_path / "in", "01", session="1")
    study(root, "01", session="2")
    study(root, "02", session="1")
    (root / "participants.tsv").write_text(
        "participant_id\tage\tsex\tname\nsub-01\t93\tfemale\tOlga\nsub-02\tn/a\tM\tIgor\n"
    )
    for session, made in (("1", "2020-03-01T10:00:00"), ("2", "2020-03-15T11:30:00")):
        (root / "sub-01" / f"ses-{session}" / f"sub-01_ses-{session}_scans.tsv").write_text(
            f"filename\tacq_time\tnote\nanat/sub-01_ses-{session}_T1w.nii.gz\t{made}\tOlga\n"
        )
    changes = {"qc.verify": "none", "privacy.dates": "shift", "privacy.characteristics": True}
    run(Request(root, tmp_path / "out", Selection(key_file=key), changes=changes, skip_validation=True))
    export(tmp_path / "out", tmp_path / "shared")
    people = rows(tmp_path / "shared" / "participants.tsv")
    assert people == [
        {"participant_id": "sub-01", "age": "89+", "sex": "F"},
        {"participant_id": "sub-02", "age": "n/a", "sex": "M"},
    ]
    tables = sorted((tmp_path / "shared").rglob("*_scans.tsv"))
    assert [path.name for path in tables] == ["sub-01_ses-1_scans.tsv", "sub-01_ses-2_scans.tsv"]
    first, second = (rows(path)[0] for path in tables)
    assert first["filename"] == "anat/sub-01_ses-1_T1w.nii.gz"
    assert gap_hours(first["acq_time"], second["acq_time"]) == 14 * 24 + 1.5
    assert first["acq_time"] < "1926"
    sidecar = json.loads(next((tmp_path / "shared").rglob("sub-01_ses-1_T1w.json")).read_text())
    assert not {"Participant", "AcquisitionDateTime"} & sidecar.keys()


def rows(path: Path):
    return list(csv.DictReader(path.open(), delimiter="\t"))


def gap_hours(one, other):
    from datetime import datetime

    return (datetime.fromisoformat(other) - datetime.fromisoformat(one)).total_seconds() / 3600
