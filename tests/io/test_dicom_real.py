"""The three real DICOM series: converted right, and no planted identifier comes through."""

import json
import re
import tarfile
from pathlib import Path

import nibabel as nib
import pytest

from defacto import io
from defacto.config import InputSettings
from defacto.io import bids

DATA = Path(__file__).parents[3] / "shared" / "data" / "dicom"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real DICOM series (../shared/data/dicom) are not here"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    for archive in DATA.glob("*.tar.gz"):
        with tarfile.open(archive) as tar:
            tar.extractall(folder / "mixed", filter="data")
    return folder / "mixed"


@pytest.fixture(scope="module")
def found(folder, tmp_path_factory):
    return bids.find(folder, InputSettings(), key_file=tmp_path_factory.mktemp("keys") / "key")


def planted():
    texts = [
        text
        for tags in json.loads((DATA / "planted_identifiers.json").read_text()).values()
        for text in tags.values()
    ]
    words = {word for text in texts for word in re.split(r"[^A-Za-z0-9]+", text) if len(word) > 3}
    return {text.lower() for text in texts} | {word.lower() for word in words} - {"follow", "seen"}


def test_two_persons_three_scans(found):
    sources, left_out = found
    assert left_out == []
    assert sorted(source.suffix for source in sources) == ["T1w", "T1w", "T2w"]
    assert len({source.subject for source in sources}) == 2


def test_missing_slices_are_said(found):
    notes = {len(source.series.files): source.note for source in found[0]}
    assert notes[192] is None
    assert "1 slice is missing in the series (of 176)" in notes[175]
    assert "1 slice is missing in the series (of 56)" in notes[55]


def test_converted_without_a_planted_identifier(found, tmp_path):
    shapes = set()
    for place, source in enumerate(found[0]):
        work = tmp_path / str(place)
        work.mkdir()
        opened = io.open_source(source, work)
        shapes.add(nib.load(opened.path).shape)
        shown = f"{source} {opened.note} {[path.name for path in work.rglob('*')]} {found[1]}".lower()
        assert [text for text in planted() if text in shown] == []
        header = opened.path.read_bytes()[:352].lower()
        assert [text for text in planted() if text.encode() in header] == []
    assert shapes == {(192, 256, 256), (192, 192, 175), (384, 512, 55)}


def test_cleaned_sidecars_hold_no_planted_identifier(found, tmp_path):
    clean = pytest.importorskip("defacto.privacy.sidecar").clean
    for place, source in enumerate(found[0]):
        work = tmp_path / str(place)
        work.mkdir()
        sidecar = io.open_source(source, work).sidecar
        assert any(text in json.dumps(dict(sidecar)).lower() for text in planted())
        kept = clean(sidecar)
        assert [text for text in planted() if text in json.dumps(kept).lower()] == []
        assert {"EchoTime", "RepetitionTime", "Manufacturer", "ManufacturersModelName"} <= set(kept)
