"""Training itself; only where torch is installed (``pip install "defacto[train]"``)."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from defacto.anatomy.regions import Region  # noqa: E402
from defacto.simulate.bases import load_bases  # noqa: E402
from defacto.training import anatomy  # noqa: E402
from defacto.training.networks import AnatomyNet  # noqa: E402


def test_the_network_gives_a_logit_for_each_region_and_voxel():
    network = AnatomyNet(len(Region), widths=(4, 4, 4, 4))
    assert network(torch.zeros(1, 1, 32, 48, 16)).shape == (1, len(Region), 32, 48, 16)


def test_the_loss_is_least_where_the_labels_are_met():
    labels = torch.randint(0, len(Region), (1, 6, 6, 6))
    right = 20.0 * torch.nn.functional.one_hot(labels, len(Region)).movedim(-1, 1).float()
    assert anatomy.anatomy_loss(right, labels) < 0.2
    assert anatomy.anatomy_loss(right.roll(1, dims=1), labels) > 2


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
    anatomy.train(replace(training, steps=2, judge_every=2), bases, tmp_path)
    seen = []
    anatomy.train(training, bases, tmp_path, tell=lambda step, loss: seen.append(step))
    assert seen == [3]
    assert (tmp_path / anatomy.BEST).exists()
