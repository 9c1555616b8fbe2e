"""The three real DICOM series go through the whole job: nothing planted comes out, intervals stay."""

import csv
import json
import re
import tarfile
from datetime import datetime
from pathlib import Path

import pydicom
import pytest
from pipeline_fixtures import OneAfterAnother
from planted import Plants

from defacto import cli
from defacto.privacy import dicom_terms as terms
from defacto.privacy.dates import read_moment

DATA = Path(__file__).parents[3] / "shared" / "data" / "dicom"
pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real DICOM series (../shared/data/dicom) are not here"),
]
SHORT = 5
PLAIN = {"follow", "reader", "general", "children", "hospital"}


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    for archive in DATA.glob("*.tar.gz"):
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def originals(series):
    """Return the attributes of one file of each series."""
    files = {path.parent: path for path in series.rglob("*") if path.is_file() and "json" not in path.name}
    return [pydicom.dcmread(path, stop_before_pixels=True, force=True) for path in files.values()]


@pytest.fixture
def out(series, tmp_path, fake_rooms, monkeypatch):
    from defacto.pipeline import run

    monkeypatch.setattr(run, "Pool", OneAfterAnother)
    monkeypatch.setattr(fake_rooms, "code", lambda scan: fake_rooms.PASS)

    def work(*options):
        shared = ["--verify", "none", "--nprocs", "1", "--subject-key", str(tmp_path / "key"), *options]
        assert cli.main(["dicom", str(series), str(tmp_path / "out" / "dicom"), *shared]) == 0
        assert cli.main(["export", str(tmp_path / "out" / "dicom-run"), str(tmp_path / "out" / "bids")]) == 0
        return tmp_path / "out"

    return work


def test_no_planted_identifier_comes_out(out, originals):
    folder, plants = out(), Plants()
    texts = [
        t
        for tags in json.loads((DATA / "planted_identifiers.json").read_text()).values()
        for t in tags.values()
    ]
    for text in texts:
        plants.places[text] = text
        plants.places |= {
            w: text for w in re.split(r"[^A-Za-z0-9]+", text) if len(w) >= SHORT and w.casefold() not in PLAIN
        }
    assert plants.leaks(folder, plain=True) == {}


def test_no_tag_of_the_profile_keeps_its_value(out, originals):
    values = {
        str(element.value)
        for data in originals
        for element in data.iterall()
        if int(element.tag) in terms.PROFILE
        and element.VR != "SQ"
        and len(str(element.value)) >= SHORT
        and element.keyword not in terms.DESCRIPTORS
    }
    assert len(values) > 30
    for path in (out() / "dicom").rglob("*.dcm"):
        cleaned = pydicom.dcmread(path, stop_before_pixels=True)
        kept = {str(element.value) for element in cleaned.iterall() if not isinstance(element.value, float)}
        assert not kept & values


def test_intervals_between_scans_of_a_person_stay_when_asked_for(out, originals):
    folder = out("--dates", "shift")
    before = {
        (data.PatientID, int(data.SeriesNumber)): read_moment(data.SeriesDate, data.SeriesTime)
        for data in originals
    }
    after = {}
    for path in (folder / "dicom").rglob("0001.dcm"):
        data = pydicom.dcmread(path, stop_before_pixels=True)
        after[data.PatientID, int(data.SeriesNumber)] = read_moment(data.SeriesDate, data.SeriesTime)
    gaps = [
        sorted(b - a for a in moments.values() for b in moments.values()) for moments in per_person(before)
    ]
    moved = [
        sorted(b - a for a in moments.values() for b in moments.values()) for moments in per_person(after)
    ]
    assert sorted(map(str, gaps)) == sorted(map(str, moved))
    assert not {moment.date() for moment in before.values()} & {moment.date() for moment in after.values()}
    tables = list((folder / "bids").rglob("*_scans.tsv"))
    rows = [row for table in tables for row in csv.DictReader(table.open(), delimiter="\t")]
    assert len(rows) == 3
    assert all(datetime.fromisoformat(row["acq_time"]).year < 1926 for row in rows)


def per_person(moments):
    people = {person for person, _ in moments}
    return [{number: m for (who, number), m in moments.items() if who == person} for person in people]
