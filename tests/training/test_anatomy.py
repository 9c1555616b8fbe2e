"""Training itself; only where torch is installed (``pip install "defacto[train]"``)."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from defacto.anatomy import load_template, network  # noqa: E402
from defacto.anatomy.network_input import COARSE, UPRIGHT, prepare  # noqa: E402
from defacto.anatomy.regions import Region  # noqa: E402
from defacto.anatomy.template import data_path  # noqa: E402
from defacto.simulate.bases import load_bases  # noqa: E402
from defacto.training import anatomy, learner  # noqa: E402
from defacto.training.networks import AnatomyNet, to_blocks  # noqa: E402


def test_the_network_gives_a_logit_for_each_region_and_voxel():
    network = AnatomyNet(len(Region), widths=(4, 4, 4, 4))
    assert network(torch.zeros(1, 1, 32, 48, 16)).shape == (1, 32, 48, 16, len(Region))


def test_the_loss_is_least_where_the_labels_are_met():
    labels = torch.randint(0, len(Region), (1, 6, 6, 6))
    right = 20.0 * torch.nn.functional.one_hot(labels, len(Region)).float()
    assert anatomy.anatomy_loss(right, labels) < 0.2
    assert anatomy.anatomy_loss(right.roll(1, dims=-1), labels) > 2


def test_labels_and_logits_of_a_block_lie_in_the_same_order():
    torch.manual_seed(0)
    network = AnatomyNet(len(Region), widths=(4, 4, 4, 4)).eval()
    volume = torch.rand(1, 1, 16, 32, 16)
    labels = network(volume).argmax(dim=-1)
    assert (network.blocks(volume).argmax(dim=-1) == to_blocks(labels)).all()


def test_training_normalises_as_running_does():
    torch.manual_seed(0)
    network, volume = AnatomyNet(len(Region), widths=(4, 4, 4, 4)), torch.rand(1, 1, 32, 32, 32)
    assert torch.allclose(network.train()(volume), network.eval()(volume), atol=1e-4)


def test_an_exported_network_comes_back_and_says_the_same(tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    export = pytest.importorskip("defacto.training.anatomy_export")
    torch.manual_seed(0)
    network = AnatomyNet(len(Region), widths=(8, 8, 16, 16))
    for weights in network.parameters():
        weights.data += 0.1 * torch.randn_like(weights)
    export.export(network, (32, 48, 32), tmp_path / "network.onnx")
    back = export.load(tmp_path / "network.onnx")
    volume = torch.rand(1, 1, 32, 48, 32)
    (found,) = runtime.InferenceSession(tmp_path / "network.onnx").run(None, {"volume": volume.numpy()})
    assert np.allclose(found, back(volume).detach().numpy(), atol=1e-3)
    assert np.allclose(found, network(volume).detach().numpy(), atol=0.1)


def test_dice_is_of_what_is_there():
    wanted = np.zeros((4, 4, 4), np.uint8)
    wanted[:2] = Region.THALAMUS
    found = np.zeros_like(wanted)
    found[:1] = Region.THALAMUS
    dice = anatomy.dice_by_region(found, wanted)
    assert dice["thalamus"] == pytest.approx(2 / 3)
    assert "nose" not in dice


@pytest.mark.slow
def test_training_goes_on_where_it_was(tmp_path):
    training = anatomy.AnatomyTraining(steps=3, judge_every=3, judged=1, workers=1)
    bases = {"train": load_bases(), "validation": load_bases()}
    shipped = data_path("anatomy.onnx")
    anatomy.train(replace(training, steps=2, judge_every=2), bases, tmp_path, start=shipped)
    seen = []
    anatomy.train(training, bases, tmp_path, tell=lambda step, loss: seen.append(step))
    assert seen == [3]
    assert (tmp_path / learner.BEST).exists()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("name", "view"), [("pose", COARSE), ("anatomy", UPRIGHT)])
def test_the_shipped_networks_say_the_same_in_torch_and_in_onnx(name, view):
    pytest.importorskip("onnx")
    from defacto.training.anatomy_export import load

    template = load_template()
    box, _ = prepare(template.head, template.grid, view)
    wanted = load(data_path(f"{name}.onnx"))(torch.from_numpy(box)[None, None]).detach().numpy()[0]
    found = network._logits(name, box)
    assert np.abs(found - wanted).max() < 1e-3 * np.abs(wanted).max()
    assert (found.argmax(axis=-1) == wanted.argmax(axis=-1)).mean() > 0.9999
