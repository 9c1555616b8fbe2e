"""Identifiers planted in over two hundred places go through the whole job, and none comes out anywhere."""

import contextlib
import copy
import io
import re
import shutil
from urllib.parse import unquote

import bids_plants
import dicom_plants
import made_dicom
import numpy as np
import pydicom
import pytest
from pipeline_fixtures import OneAfterAnother
from planted import MARK, Plants, spellings

from defacto import cli
from defacto.privacy import dicom as dicom_cleaning
from defacto.privacy import header, person, sidecar

PEOPLE = {"StudyInstanceUID": "1.2.3.8", "BitsStored": 12}


def test_the_search_finds_a_word_in_every_spelling():
    for accent in (False, True):
        for index in range(3):
            plants = Plants()
            word = [plants.word("somewhere", accent=accent) for _ in range(index + 1)][-1]
            for name, content in spellings(word).items():
                assert plants.find(b"\0\1 before " + content + b" behind"), (name, word)


def test_the_search_finds_days_numbers_and_times():
    plants = Plants()
    day, number, time = plants.day("a"), plants.number("b"), plants.time("c")
    for text in (day, f"{day[:4]}-{day[4:6]}-{day[6:]}", f"{day[6:]}.{day[4:6]}.{day[:4]}", f"1.2.{day}.3"):
        assert plants.find(text.encode()) == {day}
    assert plants.find(f"1.2.{number}.3".encode()) == {number}
    assert plants.find(b"at 04:37:11.731000") == {time}
    assert plants.find(b"nothing 19311 here, 1731, 04:37:12") == set()


def said_by(arguments):
    """Return the exit code of a command and all that it printed."""
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        code = cli.main([str(each) for each in arguments])
    return code, (out.getvalue() + error.getvalue()).encode()


class Job:
    """The whole job on planted inputs, in one folder."""

    def __init__(self, folder):
        self.plants = Plants()
        self.inside = folder / self.plants.word("folder above the input")
        bids_plants.make(self.inside / "study", self.plants, first_voxel=1)
        self.dicom_input()

    def dicom_input(self):
        scans = self.inside / "scans" / f"Doe^{self.plants.word('folder of DICOM files')}"
        for accents in (False, True):
            paths = made_dicom.write_series(
                scans / f"series {accents}",
                PatientID=f"P{accents}",
                **made_dicom.MPRAGE | PEOPLE | {"SeriesInstanceUID": f"1.2.300000{int(accents)}"},
            )
            dicom_plants.plant(paths, self.plants, accents=accents)
        frames = made_dicom.write_enhanced(scans / "frames")
        dicom_plants.plant_frames(frames, self.plants)
        dicom_plants.plant([frames], self.plants)
        (scans / f"{self.plants.word('name of a broken file')}.dcm").write_bytes(
            bytes(128) + b"DICM" + self.plants.word("broken DICOM file").encode()
        )

    def copied(self, folder):
        shutil.copytree(self.inside, folder / self.inside.name)
        job = copy.copy(self)
        job.inside, job.out, job.texts = folder / self.inside.name, folder / "results", {}
        return job

    def do(self, name, *arguments):
        code, said = said_by(arguments)
        self.texts[name] = said
        return code

    def run_bids(self, *options):
        out = self.out
        self.do("run", "run", self.inside / "study", out / "run", "participant", *self.shared(), *options)
        self.do("export", "export", out / "run", out / "shared")
        return self

    def run_dicom(self, *options):
        out = self.out
        self.do("dicom", "dicom", self.inside / "scans", out / "dicom", *self.shared(), *options)
        self.do("export of dicom", "export", out / "dicom-run", out / "shared2")
        return self

    def run_more(self, *options):
        study, out = self.inside / "study", self.out
        self.do("validation", "run", study, out / "never", "participant")
        self.do("run again", "run", study, out / "run", "participant", *self.shared(), *options)
        self.do("dry run", "run", study, out / "run3", "participant", "--dry-run", *self.shared(), *options)
        self.do("status", "status", out / "run")
        self.do("label", "label", out / "run", "sub-mgh_T1w", "pass", "--reviewer", "Lea")
        return self

    def shared(self):
        self.out.mkdir(exist_ok=True)
        return (
            "--skip-bids-validation",
            "--verify",
            "none",
            "--nprocs",
            "1",
            "--subject-key",
            self.out / "key",
        )

    def leaks(self):
        return self.plants.leaks(self.out, texts=self.texts)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    return Job(tmp_path_factory.mktemp("planted"))


@pytest.fixture
def job(planted, tmp_path, fake_rooms, monkeypatch):
    from defacto.pipeline import run

    monkeypatch.setattr(run, "Pool", OneAfterAnother)
    return planted.copied(tmp_path)


@pytest.mark.parametrize("options", [(), ("--dates", "shift", "--characteristics")])
def test_nothing_planted_comes_out(job, options):
    job.run_bids(*options).run_dicom(*options).run_more(*options)
    assert len(set(job.plants.places.values())) > 1500
    assert b"3 written, 0 not" in job.texts["dicom"]
    assert b"3 exported" in job.texts["export"], job.texts["status"].decode()
    assert len(list((job.out / "dicom").rglob("*.dcm"))) == 25
    assert job.leaks() == {}
    desk = pages_of_the_desk(job.out / "run") | pages_of_the_desk(job.out / "dicom-run")
    assert len(desk) > 10
    assert job.plants.leaks(texts=desk) == {}


def pages_of_the_desk(out):
    """Return every page and picture of the review desk that somebody signed in as lead can get at."""
    pytest.importorskip("fastapi")
    from starlette.testclient import TestClient

    from defacto.review import accounts
    from defacto.review.app import create_app
    from defacto.review.guard import COOKIE
    from defacto.review.serve import Options, open_site

    site = open_site(Options(out))
    lead = site.accounts.add("Lea", accounts.Role.LEAD, "correct horse battery")
    client = TestClient(
        create_app(site, ["127.0.0.1:1"]), base_url="http://127.0.0.1:1", follow_redirects=True
    )
    client.cookies.set(COOKIE, site.accounts.begin(lead or site.accounts.find("Lea")))
    pages, waiting = {}, ["/"]
    while waiting and len(pages) < 300:
        path = waiting.pop()
        if path in pages:
            continue
        answer = client.get(path)
        pages[path] = answer.content + repr(dict(answer.headers)).encode()
        links = re.findall(r"""(?:href|src|action)=["'](/[^"'#]*)""", answer.text)
        waiting += [unquote(link) for link in links if "sign-out" not in link]
    client.close()
    return {f"desk {out.name} {path}": content for path, content in pages.items()}


def allow_all(monkeypatch):
    monkeypatch.setattr(sidecar, "is_allowed", lambda tag, value: True)


def keep_headers(monkeypatch):
    monkeypatch.setattr(header, "clean", lambda scan: scan)


def trust_labels(monkeypatch):
    monkeypatch.setattr(person, "gives_away", lambda label, known: False)
    monkeypatch.setattr("defacto.pipeline.people.gives_away", lambda label, known: False)


def keep_descriptors(monkeypatch):
    monkeypatch.setattr(dicom_cleaning, "_known_words", lambda value, words: str(value))


def keep_codes(monkeypatch):
    monkeypatch.setitem(dicom_cleaning._PLAIN, "CS", lambda value, vr: value)


def keep_uids(monkeypatch):
    monkeypatch.setattr(dicom_cleaning.Pseudonym, "uid", lambda self, uid: uid)


BREAKS = {
    allow_all: Job.run_bids,
    keep_headers: Job.run_bids,
    trust_labels: Job.run_bids,
    keep_descriptors: Job.run_dicom,
    keep_codes: Job.run_dicom,
    keep_uids: Job.run_dicom,
}


@pytest.mark.parametrize("broken", BREAKS, ids=lambda rule: rule.__name__)
def test_a_broken_rule_is_caught(job, monkeypatch, broken):
    broken(monkeypatch)
    assert BREAKS[broken](job).leaks()


def test_the_planted_series_holds_what_it_should(job):
    """The places are really in the files that go in: else nothing would be tested."""
    found = job.plants.leaks(job.inside)
    places = set(job.plants.places.values()) - {"folder above the input"}
    missing = {place for place in places if not any(f"({place})" in leak for leak in found)}
    assert {place for place in missing if "unused bits" not in place} == set()


def test_written_images_say_what_was_done(job):
    job.run_dicom()
    for path in (job.out / "dicom").rglob("*.dcm"):
        data = pydicom.dcmread(path)
        assert data.PatientIdentityRemoved == "YES"
        assert data.LongitudinalTemporalInformationModified == "REMOVED"
        codes = {item.CodeValue for item in data.DeidentificationMethodCodeSequence}
        assert codes >= {"113100", "113102", "113105"}
        assert "BurnedInAnnotation" not in data
        assert data.PatientName == data.PatientID
        assert not any(element.tag.is_private for element in data)
        assert MARK not in str(data)
        assert np.frombuffer(data.PixelData, dtype="<u2").max() < 4096, "unused bits hold something"
