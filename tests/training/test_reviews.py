"""Learning from people's labels; only where torch is installed."""

import json
from dataclasses import replace

import numpy as np
import pytest

from defacto.cli import main
from defacto.errors import InputError, SettingsError
from defacto.pipeline.labels import labelled_looks
from defacto.pipeline.records import Mark, ScanRow
from defacto.pipeline.store import Store
from defacto.render import read_looks, write_looks
from defacto.simulate.dataset import Dataset
from defacto.types import Attempt, Decision, Feature, Labelled, Looks, Outcome, Reason, Review

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from defacto.training.outcome_samples import OUTCOMES, UNKNOWN, targets_of_people  # noqa: E402
from defacto.training.reviews import LEAST_PERSONS, Standard, write_labelled  # noqa: E402

WRITTEN = (Outcome.PASS, Outcome.SHALLOW)


def looks_of(outcome, seed):
    """Return looks whose brightness is the outcome."""
    shade = np.random.default_rng(seed).integers(90, 130, (3, 165, 135), dtype=np.uint8)
    shade[:, 20:140] = 230 if outcome is Outcome.PASS else 40
    return Looks(shade, shade, shade[0, :128, :128])


@pytest.fixture
def labelled(tmp_path):
    (tmp_path / "looks").mkdir()
    found = []
    for n in range(30):
        outcome = WRITTEN[n % 2]
        path = tmp_path / "looks" / f"{n}.npz"
        write_looks(path, looks_of(outcome, n))
        found.append(Labelled(f"Jane{n // 2:02d}", path, outcome, ears=True))
    return found


def make_run(folder, outcomes):
    """Make the output folder of a run in which people judged the first attempt on each scan."""
    folder.mkdir()
    store = Store.create(folder, run="run")
    names = [f"sub-{n:02d}_T1w" for n in range(len(outcomes))]
    store.add_scans([ScanRow(name, name[4:6], None, "T1w", "anat", "bids") for name in names])
    for n, (name, outcome) in enumerate(zip(names, outcomes, strict=True)):
        (folder / "scans" / name).mkdir(parents=True)
        path = f"scans/{name}/looks.npz"
        write_looks(folder / path, looks_of(outcome, n))
        attempt = Attempt(
            1, "template", "1", {}, {}, Decision(Outcome.PASS, (Reason("So."),)), files={"looks": path}
        )
        store.add_attempt(name, attempt, Mark("f", "s"))
        store.add_review(name, Review(1, outcome, "Ada"))
    return folder


def test_looks_come_back_as_they_were_and_the_same_bytes(tmp_path):
    looks = looks_of(Outcome.PASS, 1)
    for name in ("one.npz", "two.npz"):
        write_looks(tmp_path / name, looks)
    again = read_looks(tmp_path / "one.npz")
    assert all(
        np.array_equal(getattr(again, name), getattr(looks, name)) for name in ("shade", "depth", "slice")
    )
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "shape"])
def test_damaged_looks_are_refused_in_one_sentence(tmp_path, damage):
    path = tmp_path / "looks.npz"
    write_looks(path, looks_of(Outcome.PASS, 1))
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "other":
        np.savez(path, shade=np.zeros(3))
    else:
        write_looks(path, Looks(*(np.zeros((2, 2), np.uint8),) * 3))
    with pytest.raises(InputError, match=r"^looks.npz: expected what a classifier sees"):
        read_looks(path)


def test_persons_are_split_and_not_named(labelled, tmp_path):
    write_labelled(tmp_path / "data", labelled)
    dataset = Dataset(tmp_path / "data")
    splits = {}
    for row in dataset.rows:
        splits.setdefault(row["split"], set()).add(row["person"])
    assert set(splits) == {"train", "validation", "test"}
    assert sum(map(len, splits.values())) == 15
    assert len(set.union(*splits.values())) == 15
    for path in (tmp_path / "data").rglob("*"):
        assert not path.is_file() or b"Jane" not in path.read_bytes()


def test_too_few_labels_are_too_few(labelled, tmp_path):
    few = labelled[: 2 * (LEAST_PERSONS - 1)]
    for some in (few, [each for each in labelled if each.outcome is Outcome.PASS], []):
        with pytest.raises(SettingsError, match="Too few labels"):
            write_labelled(tmp_path / "data", some)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("outcome", "ears", "known"),
    [
        (Outcome.PASS, True, (True, True)),
        (Outcome.DEEP, True, (True, True)),
        (Outcome.SHALLOW, True, (True, False)),
        (Outcome.FAILURE, True, (True, False)),
        (Outcome.PASS, False, (False, True)),
        (Outcome.DEEP, False, (False, True)),
        (Outcome.SHALLOW, False, (True, True)),
        (Outcome.FAILURE, False, (True, True)),
    ],
)
def test_what_is_said_with_ears_is_not_always_known_without(outcome, ears, known):
    targets = targets_of_people([{"outcome": outcome.value, "ears": str(int(ears)), "seen": "nose"}])
    place = OUTCOMES.index(outcome)
    assert targets.with_ears.tolist() == [place if known[0] else UNKNOWN]
    assert targets.without_ears.tolist() == [place if known[1] else UNKNOWN]
    nose = list(Feature).index(Feature.NOSE)
    assert targets.parts[0, nose] == 1
    others = np.delete(targets.parts[0], nose)
    absent = (outcome is Outcome.PASS) * (len(Feature) - 1 - (0 if ears else 2))
    assert (others == 0).sum() == absent
    assert (others == UNKNOWN).sum() == others.size - absent


def test_only_reviews_that_agree_are_learnt_from(tmp_path):
    out = make_run(tmp_path / "run", [Outcome.PASS, Outcome.SHALLOW, Outcome.DEEP])
    store = Store.open(out)
    store.add_review("sub-01_T1w", Review(1, Outcome.PASS, "Bo"))
    (out / "scans" / "sub-02_T1w" / "looks.npz").unlink()
    found, without = labelled_looks(out)
    assert [(each.person, each.outcome, each.ears) for each in found] == [("00", Outcome.PASS, True)]
    assert without == 1


def test_a_network_that_lets_more_through_takes_no_place():
    old = Standard("old", 10, 8, 5, 0, 0.5)
    assert replace(old, log_loss=0.4).outdoes(old)
    assert not replace(old, log_loss=0.4, missed=1).outdoes(old)
    assert not old.outdoes(old)


@pytest.mark.slow
def test_the_whole_way_from_reviews_to_a_network_of_ones_own(tmp_path, capsys):
    run = make_run(tmp_path / "run", [WRITTEN[n % 2] for n in range(40)])
    command = ["train", "render", str(tmp_path / "out"), "--from-store", str(run), "--steps", "100"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "40 reviewed attempts on scans of 40 persons" in said
    assert "Better." in said
    known = json.loads((tmp_path / "out" / "network" / "networks.json").read_text())
    assert set(known["defacto-render"]["temperature"]) == {"ears", "no_ears", "parts"}
    assert not list((tmp_path / "out").glob("tmp*"))


def test_a_network_that_is_no_better_is_not_written(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Standard, "outdoes", lambda self, other: False)
    run = make_run(tmp_path / "run", [WRITTEN[n % 2] for n in range(LEAST_PERSONS)])
    assert main(["train", "render", str(tmp_path / "out"), "--from-store", str(run), "--steps", "1"]) == 3
    assert "the old one stays" in capsys.readouterr().out
    assert not (tmp_path / "out" / "network").exists()
