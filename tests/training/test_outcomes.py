"""Training of the classifiers of outcomes; only where torch is installed."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from defacto.qc.classify import DATA, RenderClassifier
from defacto.simulate import manifest
from defacto.simulate.dataset import Dataset
from defacto.simulate.recipe import Limits, read_recipe
from defacto.training import outcome_samples
from defacto.types import Feature, Looks, Outcome

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from defacto.training import outcomes  # noqa: E402
from defacto.training.learner import BEST  # noqa: E402
from defacto.training.outcome_export import export, load  # noqa: E402
from defacto.training.outcome_networks import DelbarreNet, RenderNet  # noqa: E402

LIMITS = read_recipe("renders-24k").limits
"""What counts in the data set that the networks are trained on."""


def row(index=0, outcome="shallow", **values):
    """Return a row of a manifest, of a sample where nothing is seen and nothing lost but what is given."""
    columns = dict.fromkeys(manifest.COLUMNS, 0)
    return columns | {"index": index, "outcome": outcome, "split": "train", "person": index} | values


@pytest.fixture
def made(tmp_path):
    """Return a data set on which the outcome is how bright the head is."""
    rng, rows, folder = np.random.default_rng(0), [], tmp_path / "data"
    (folder / "shards" / "00000").mkdir(parents=True)
    shade = rng.integers(100, 140, (48, 3, 165, 135), dtype=np.uint8)
    for n in range(48):
        outcome = n % 4
        shade[n, :, 20:140] = (20, 90, 160, 230)[outcome]
        split = "validation" if n >= 32 else "train"
        rows.append(row(n, list(Outcome)[outcome].value, split=split))
    np.save(folder / "shards" / "00000" / "shade.npy", shade)
    np.save(folder / "shards" / "00000" / "depth.npy", shade)
    np.save(folder / "shards" / "00000" / "slice.npy", shade[:, 0, :128, :128])
    (folder / "manifest.tsv").write_text(manifest.HEAD + manifest.to_text(rows))
    recipe = read_recipe("renders-24k").to_json()
    (folder / "dataset.json").write_text(json.dumps({"samples_a_shard": 48, "recipe": recipe}))
    return folder


def look_like(shade):
    return Looks(shade=shade, depth=shade, slice=shade[0, :128, :128])


def test_what_lies_between_two_limits_is_not_learnt():
    rows = [row(left_eye_left=0.05), row(left_eye_left=0.2), row(left_eye_left=0.4, brain_lost_ml=30.0)]
    names = [name for name in manifest.COLUMNS if "left_eye" in name]
    rows = [{**each, names[0]: each.pop("left_eye_left")} for each in rows]
    parts = outcome_samples.targets_of(rows, LIMITS).parts
    assert parts[:, 0].tolist() == [0, outcome_samples.UNKNOWN, 1]
    assert parts[:, len(Feature)].tolist() == [0, 0, 1]


def test_an_ear_alone_is_a_pass_where_ears_do_not_count():
    name = next(name for name in manifest.COLUMNS if "left_ear" in name)
    targets = outcome_samples.targets_of([row(**{name: 0.9})], LIMITS)
    assert targets.with_ears.tolist() == [list(Outcome).index(Outcome.SHALLOW)]
    assert targets.without_ears.tolist() == [list(Outcome).index(Outcome.PASS)]


def test_every_sample_comes_once_an_epoch_and_again_the_same(made):
    dataset = Dataset(made)
    indices, targets = outcomes.split_of(dataset, "train")
    stream = outcome_samples.batches(dataset, indices, targets, 8, seed=1)
    first = [next(stream) for _ in range(4)]
    again = next(outcome_samples.batches(dataset, indices, targets, 8, seed=1, first=2))
    assert np.array_equal(first[2].shade, again.shade)
    assert np.array_equal(first[2].targets.parts, again.targets.parts)
    assert sum((batch.targets.with_ears == 1).sum() for batch in first) == 8


def test_a_mirrored_head_has_its_other_eye(made):
    dataset = Dataset(made)
    name = next(name for name in manifest.COLUMNS if "left_eye" in name)
    dataset.rows[0][name] = 1.0
    targets = outcome_samples.targets_of(dataset.rows[:1], Limits(**dataset.description["recipe"]["limits"]))
    batch = outcome_samples.read_batch(dataset, np.array([0]), targets)
    seen = {
        tuple(outcome_samples.vary(batch, np.random.default_rng(seed)).targets.parts[0, :2])
        for seed in range(20)
    }
    assert seen == {(1, 0), (0, 1)}


def test_every_other_batch_is_of_the_other_data_set_also_after_a_pause(made, tmp_path):
    other = shutil.copytree(made, tmp_path / "other")
    np.save(other / "shards" / "00000" / "slice.npy", np.zeros((48, 128, 128), np.uint8))
    training = replace(outcomes.TRAININGS["defacto-render"], batch=8)
    whole = [batch for batch, _ in zip(outcomes._Stream([made, other], training, 0), range(7), strict=False)]
    assert [batch.slice.any() for batch in whole] == [True, False] * 3 + [True]
    rest = [batch for batch, _ in zip(outcomes._Stream([made, other], training, 3), range(4), strict=False)]
    assert all(np.array_equal(one.shade, two.shade) for one, two in zip(whole[3:], rest, strict=True))


@pytest.mark.parametrize("network", ["defacto-render", "delbarre-cnn"])
def test_what_is_written_large_is_learnt_and_goes_on(made, tmp_path, network):
    training = replace(outcomes.TRAININGS[network], steps=60, rate=1e-3, batch=8, judge_every=30, keep=0.5)
    outcomes.train(replace(training, steps=30), made, tmp_path / "out")
    seen = []
    figures = outcomes.train(training, made, tmp_path / "out", tell=lambda step, loss: seen.append(step))
    assert seen == list(range(31, 61))
    assert figures["right"] > 0.7  # by chance it would be 0.25
    assert (tmp_path / "out" / BEST).exists()


@pytest.mark.parametrize("kind", [RenderNet, DelbarreNet])
def test_an_exported_network_comes_back_and_says_the_same(kind, tmp_path):
    torch.manual_seed(0)
    network = kind()
    for weights in network.parameters():
        weights.data += 0.05 * torch.randn_like(weights)
    if kind is RenderNet:  # always equal: their gradients are the same; ONNX stores them once
        network.views[3].shortcut[1].bias.data[:] = network.views[3].path[4].bias.data
    network.eval()
    export(network, tmp_path / "network.onnx")
    missing = kind().load_state_dict(load(tmp_path / "network.onnx"), strict=False).missing_keys
    assert all(name.endswith("num_batches_tracked") for name in missing)
    listed = {"network": {"version": "0", "sha256": "", "temperature": {"ears": 1.0}}}
    import hashlib

    listed["network"]["sha256"] = hashlib.sha256((tmp_path / "network.onnx").read_bytes()).hexdigest()
    (tmp_path / "networks.json").write_text(json.dumps(listed))
    looks = [look_like(np.random.default_rng(n).integers(0, 255, (3, 165, 135), np.uint8)) for n in range(3)]
    found = RenderClassifier("network", tmp_path).logits(looks)
    batch = outcome_samples.Batch(*outcome_samples.to_batch(looks), None)
    with torch.inference_mode():
        wanted = outcomes.logits_of(network, batch, "cpu").numpy()
    assert np.abs(found - wanted).max() < 1e-4 * max(1.0, np.abs(wanted).max())


def test_the_maps_add_up_to_the_logits_and_are_what_grad_cam_shows():
    torch.manual_seed(0)
    network = RenderNet().eval()
    shade = torch.randint(0, 255, (2, 3, 165, 135), dtype=torch.uint8)
    plane = torch.randint(0, 255, (2, 128, 128), dtype=torch.uint8)
    logits, views, middle = network(shade, shade, plane)
    assert torch.allclose(logits, views.mean((3, 4)).sum(1) + middle.mean((2, 3)), atol=1e-5)
    kept = {}

    def keep(module, inputs, output):
        output.retain_grad()
        kept["seen"] = output

    hook = network.views[-1].register_forward_hook(keep)
    network(shade, shade, plane)[0][0, 2].backward()
    hook.remove()
    seen, slope = kept["seen"][0], kept["seen"].grad[0]  # the left view of the first scan
    grad_cam = (slope.sum((1, 2))[:, None, None] * seen).sum(0)
    assert torch.allclose(grad_cam, views[0, 0, 2], atol=1e-5)


@pytest.mark.parametrize(("name", "kind"), [("defacto-render", RenderNet), ("delbarre-cnn", DelbarreNet)])
def test_the_shipped_networks_say_the_same_in_torch_and_in_onnx(name, kind):
    network = kind().eval()
    missing = network.load_state_dict(load(DATA / f"{name}.onnx"), strict=False).missing_keys
    assert all(each.endswith("num_batches_tracked") for each in missing)
    looks = [look_like(np.random.default_rng(n).integers(0, 255, (3, 165, 135), np.uint8)) for n in range(3)]
    batch = outcome_samples.Batch(*outcome_samples.to_batch(looks), None)
    with torch.inference_mode():
        wanted = outcomes.logits_of(network, batch, "cpu").numpy()
    assert np.abs(RenderClassifier(name).logits(looks) - wanted).max() < 1e-3 * max(1.0, np.abs(wanted).max())
