"""Data sets: resumed, parallel, remade, all the same to the byte."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from defacto.errors import SettingsError, StepError
from defacto.render.looks import ROWS_PX, look
from defacto.render.surface import from_codes, from_depth_codes, surface_views
from defacto.simulate import group
from defacto.simulate.base import load_base
from defacto.simulate.dataset import Dataset, build_dataset, remake
from defacto.simulate.group import make_group
from defacto.simulate.outcome import result_of
from defacto.simulate.plan import make_plan
from defacto.simulate.recipe import Recipe, Slot, read_recipe, recipe_names
from defacto.simulate.sheet import draw_sheet, make_card
from defacto.simulate.trial import read_trial, trial_names

SMOKE = read_recipe("smoke")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "set"
    build_dataset(folder, SMOKE, seed=3, nprocs=2)
    return folder


@pytest.fixture(scope="module")
def served():
    return make_group(SMOKE, 3, 0, load_base())


def _files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_what_was_lost_is_made_again_to_the_byte_by_any_number_of_processes(built, tmp_path):
    before = _files(built)
    copy = tmp_path / "set"
    shutil.copytree(built, copy)
    shutil.rmtree(copy / "shards" / "00001")
    (copy / "shards" / ".00001.77").mkdir()
    (copy / "manifest.tsv").unlink()
    told = []
    build_dataset(copy, SMOKE, seed=3, nprocs=1, progress=lambda done, total: told.append((done, total)))
    assert _files(copy) == before
    assert told == [(8, 16), (16, 16)]


def test_a_sample_is_remade_alone(built):
    data = Dataset(built)
    for name, values in remake(SMOKE, 3, 9).items():
        assert np.array_equal(values, data.arrays(9)[name]), name


def test_the_manifest_tells_the_truth(built):
    data = Dataset(built)
    assert len(data) == SMOKE.samples == 16
    assert [row["index"] for row in data.rows] == list(range(16))
    for row in data.rows:
        assert row["slot"] == row["outcome"]
        assert row["face_left"] >= (row["outcome"] == "shallow")
        assert row["brain_lost"] >= (row["outcome"] == "deep")
    assert {row["split"] for row in data.rows} <= {"train", "validation", "test"}
    assert data.description["split_by"] == "made person"
    arrays = data.arrays(0)
    assert arrays["shade"].shape == arrays["depth"].shape == (3, 84, 68)
    assert arrays["slice"].shape == (64, 64)


def test_a_folder_of_something_else_is_left_alone(built, tmp_path):
    with pytest.raises(SettingsError, match="another"):
        build_dataset(built, SMOKE, seed=4)
    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(SettingsError, match="not empty"):
        build_dataset(tmp_path, SMOKE)


def test_every_slot_gets_what_it_wants(served):
    assert [sample.outcome.value for sample in served.samples] == ["pass", "shallow", "deep", "failure"]
    for sample in served.samples:
        assert sample.truth.outcome(SMOKE.limits.settings()) == sample.outcome
        assert sample.truth.outcome(SMOKE.limits.settings(clear=True)) == sample.outcome


def test_codes_give_back_the_pictures_of_the_main_job(served):
    scan = result_of(served.scene, served.samples[0].made)
    seen = look(scan.volume, scan.grid, columns=ROWS_PX)
    pictures = surface_views(scan.volume, scan.grid, size=ROWS_PX)
    for number, name in enumerate(SMOKE.views):
        again = from_codes(seen.shade[number], from_depth_codes(seen.depth[number]))
        apart = np.abs(again.astype(int) - pictures[name])
        assert np.mean(apart > 2) < 0.02
        assert apart.mean() < 1


def test_sheet_holds_all_cards(served):
    cards = [make_card(served.scene, sample) for sample in served.samples]
    assert cards[0].caption.startswith("pass: template")
    sheet = draw_sheet(cards[:3], columns=2)
    assert sheet.shape[0] > 2 * cards[0].picture.shape[0]


def test_what_no_kind_gives_is_an_error_and_not_a_loop(monkeypatch):
    monkeypatch.setattr(group, "TRIES", 2)
    monkeypatch.setattr(group, "HEADS", 1)
    wanted = replace(SMOKE, slots=(Slot({"nothing": 1.0}, "deep"),))
    with pytest.raises(StepError, match="'deep'"):
        make_group(wanted, 1, 0, load_base())


@pytest.mark.parametrize("name", recipe_names())
def test_recipes_are_whole(name):
    recipe = read_recipe(name)
    assert recipe.name == name
    assert recipe.about.endswith(".")
    assert {"renders-24k": 24000, "volumes-2656": 2656}.get(name, recipe.samples) == recipe.samples


def test_renders_24k_has_the_mix_of_the_paper():
    recipe = read_recipe("renders-24k")
    counts = {slot.outcome: slot.count * recipe.heads for slot in recipe.slots}
    assert counts == {"pass": 8000, "shallow": 8000, "deep": 4000, "failure": 4000}


@pytest.mark.parametrize("name", trial_names())
def test_recipes_of_studies_are_whole(name):
    assert read_trial(name).name == name


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "missing"),
        ('name = "x"\nabout = "."\nstore = "renders"\nheads = 1\ntypo = 3', "no typo"),
        ('name = "x"\nabout = "."\nstore = "renders"\nheads = 1', "at least one head and one slot"),
        ('name = "x"\nabout = "."\nstore = "renders"\nheads = 1\n[[slots]]\nkinds = {magic = 1}', "magic"),
        ('name = "x"\nabout = "."\nstore = "jpeg"\nheads = 1\n[[slots]]\nkinds = {box = 1}', "jpeg"),
        ("heads = [", "not TOML"),
    ],
)
def test_a_recipe_that_is_wrong_is_said_so(tmp_path, text, what):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=what):
        read_recipe(str(path))
    with pytest.raises(SettingsError, match="no recipe"):
        read_recipe("nonsense")


def test_splits_have_their_shares_and_share_no_base_person(monkeypatch):
    names = [f"head{n:02d}" for n in range(1, 14)]
    monkeypatch.setattr("defacto.simulate.plan.load_bases", lambda folder: dict.fromkeys(names))
    plan = make_plan(Recipe("x", ".", "renders", 10, ()), 1, Path("labels"))
    owners = {}
    for place in plan.places:
        assert owners.setdefault(place.base, place.split) == place.split
    assert set(owners) == set(names)
    shares = [np.mean([p.split == split for p in plan.places]) for split in ("train", "validation", "test")]
    assert shares == pytest.approx([0.6, 0.2, 0.2], abs=0.02)
    assert plan.split_by == "base person"
