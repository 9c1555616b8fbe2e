"""One head under methods: rows that are kept, resumed, and worth no less for a method that fails."""

import json
import math

import numpy as np
import pytest

from anatomy.heads import known_context, motion, moved_scan, seen_template
from defacto import anatomy
from defacto.config import DefaceSettings, Settings
from defacto.errors import InputError, SettingsError
from defacto.io.volume import write
from defacto.studies import bench, compare, rows
from defacto.studies.heads import find_heads, first_heads
from defacto.studies.judge import NOT_DONE, VERDICTS

MOVED = motion((6, 0, 4), 1.0, (2, -3, 5))
METHODS = ["auto", "template", "brain", "fsl_deface"]


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    """A folder with one head whose registration is known, and an empty PATH."""
    monkeypatch.setenv("PATH", "/nonexistent")
    folder = tmp_path / "data" / "sub-01" / "anat"
    folder.mkdir(parents=True)
    write(folder / "sub-01_T1w.nii.gz", moved_scan(MOVED))
    calls = []

    def locate(scan, settings, **options):
        calls.append(options)
        return known_context(scan.grid, np.linalg.inv(MOVED), seen=seen_template(MOVED))

    monkeypatch.setattr(anatomy, "locate", locate, raising=False)
    monkeypatch.setattr(bench.anatomy, "locate", locate, raising=False)
    out = tmp_path / "out"
    (out / rows.HEADS).mkdir(parents=True)
    (out / compare.PICTURES).mkdir()
    return tmp_path / "data", out, calls


def done(dataset, methods, settings=None):
    data, out, _ = dataset
    settings = settings or Settings()
    (head,) = find_heads(data, settings)
    compare.compare_head(head, methods, out, settings, None, True)
    return rows.stored(out, head, rows.settings_key(settings))


def test_every_method_gives_a_row_also_one_that_cannot_be_done(dataset):
    rows = done(dataset, METHODS)
    assert list(rows) == METHODS
    assert {row.verdict for row in rows.values()} <= set(VERDICTS)
    assert (rows["fsl_deface"].verdict, rows["auto"].chosen) == (NOT_DONE, "atlas")
    assert "not found" in rows["fsl_deface"].error
    assert math.isnan(rows["fsl_deface"].removed_percent)
    assert rows["brain"].removed_percent > rows["template"].removed_percent > 0
    assert rows["template"].memory_mb > 0
    assert rows["template"].by == "measures"
    assert len(dataset[2]) == 1
    drawn = {path.name for path in (dataset[1] / compare.PICTURES).iterdir()}
    assert {"sub-01_T1w.original.png", "sub-01_T1w.template.png"} <= drawn


def test_what_is_there_is_kept_and_only_the_rest_is_done(dataset):
    one = done(dataset, ["template"])
    both = done(dataset, ["brain"])
    assert set(both) == {"template", "brain"}
    assert both["template"] == one["template"]


def test_other_settings_begin_anew(dataset):
    done(dataset, ["template"])
    assert set(done(dataset, ["brain"], Settings(deface=DefaceSettings(ears=False)))) == {"brain"}


def test_a_broken_file_is_as_if_nothing_were_there(dataset):
    done(dataset, ["brain"])
    data, out, _ = dataset
    (out / rows.HEADS / "sub-01_T1w.json").write_text("{")
    (head,) = find_heads(data, Settings())
    assert rows.stored(out, head, rows.settings_key(Settings())) == {}


def test_what_is_stored_is_json_without_nan_and_holds_no_path(dataset):
    done(dataset, METHODS)
    text = (dataset[1] / rows.HEADS / "sub-01_T1w.json").read_text()
    assert json.loads(text)["rows"]
    assert "NaN" not in text
    assert str(dataset[0]) not in text


def test_a_head_that_cannot_be_read_is_not_done_by_any_method(dataset):
    data = dataset[0]
    (data / "sub-01" / "anat" / "sub-01_T1w.nii.gz").write_bytes(b"no image")
    rows = done(dataset, ["template", "auto"])
    assert {row.verdict for row in rows.values()} == {NOT_DONE}


def test_methods_are_checked_and_all_is_all():
    assert bench.check_methods(["template", "template", "auto"]) == ["template", "auto"]
    every = bench.check_methods(["all"])
    assert set(every) >= {"auto", "template", "reface", "blur", "niimath"}
    with pytest.raises(SettingsError, match=r"no method pixelate.*fsl_deface"):
        bench.check_methods(["pixelate"])


def test_a_folder_without_heads_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no scan"):
        find_heads(tmp_path, Settings())


def test_the_first_heads_are_of_as_many_persons_as_there_are(tmp_path):
    for person, count in (("01", 3), ("02", 1), ("03", 2)):
        folder = tmp_path / f"sub-{person}"
        folder.mkdir()
        for run in range(count):
            (folder / f"sub-{person}_run-{run + 1}_T1w.nii.gz").touch()
    heads = find_heads(tmp_path, Settings())
    assert [head.person for head in first_heads(heads, 4)] == ["01", "02", "03", "01"]
    assert first_heads(heads, 99) != []
    assert {head.name for head in first_heads(heads, 99)} == {head.name for head in heads}
