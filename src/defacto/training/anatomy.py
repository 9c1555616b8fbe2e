"""Train the networks of anatomy on made heads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from defacto.anatomy.regions import NINE, Region, is_brain
from defacto.simulate.bases import BaseHandle
from defacto.simulate.contrast import Contrast
from defacto.simulate.head import Ranges
from defacto.training.anatomy_export import load
from defacto.training.anatomy_samples import (
    COARSE_RANGES,
    CONTRASTS,
    UPRIGHT_RANGES,
    Sample,
    SampleRanges,
    samples,
)
from defacto.training.learner import CHECKPOINT, DieWithTrainer, Learner, half_precision
from defacto.training.networks import AnatomyNet, to_blocks

_USUAL_ML = {
    Region.AIR: 6500.0,
    Region.HEAD: 2700.0,
    Region.CEREBRAL_GM: 550.0,
    Region.CEREBRAL_WM: 470.0,
    Region.CEREBELLAR_GM: 100.0,
    Region.OTHER_BRAIN: 45.0,
    Region.MOUTH: 30.0,
}
_ELSE_ML = 15.0


@dataclass(frozen=True)
class AnatomyTraining:
    """A training of the anatomy network.

    Parameters
    ----------
    steps : int
        Steps in all; the learning rate falls to 0 over them.
    rate : float
        Largest learning rate of AdamW.
    seed : int
        Of weights and samples.
    batch : int
        Samples a step.
    judge_every : int
        Steps between two looks at the validation samples.
    judged : int
        How many validation samples there are.
    keep : float
        Share of the averaged weights that a step keeps; the averaged weights are judged and exported.
    device : str
        ``"cpu"`` or ``"cuda"``.
    workers : int
        Processes that make samples.
    ranges : SampleRanges
        What samples are drawn from.
    widths : tuple of int
        Of the network.
    """

    steps: int = 6000
    rate: float = 2e-3
    seed: int = 1
    batch: int = 1
    judge_every: int = 500
    judged: int = 24
    keep: float = 0.998
    device: str = "cpu"
    workers: int = 1
    ranges: SampleRanges = field(default_factory=SampleRanges)
    widths: tuple[int, int, int, int] = (32, 64, 112, 160)


_HEADS = Ranges(contrasts={kind.value: share for kind, share in {**CONTRASTS, Contrast.RANDOM: 6.0}.items()})
"""More of the random contrasts than in the heads that judge: they are the hardest."""

TRAININGS: Mapping[str, AnatomyTraining] = {
    "anatomy": AnatomyTraining(steps=20_000, ranges=replace(UPRIGHT_RANGES, heads=_HEADS)),
    "pose": AnatomyTraining(
        steps=10_000,
        batch=4,
        judged=48,
        ranges=replace(COARSE_RANGES, heads=_HEADS),
        widths=(24, 48, 80, 112),
    ),
}
"""By the name of the network: `anatomy` sees heads set upright, `pose` coarsely as they lie."""


class _Stream(IterableDataset[tuple[Tensor, Tensor]]):
    def __init__(
        self, bases: Mapping[str, BaseHandle], training: AnatomyTraining, first: int, seed: int
    ) -> None:
        self.bases, self.training, self.first, self.seed = bases, training, first, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        worker = get_worker_info()
        offset, step = (worker.id, worker.num_workers) if worker else (0, 1)
        for sample in samples(self.bases, self.training.ranges, self.seed, self.first + offset, step):
            yield torch.from_numpy(sample.volume)[None], torch.from_numpy(sample.labels)


def train(
    training: AnatomyTraining,
    bases: Mapping[str, Mapping[str, BaseHandle]],
    folder: Path,
    *,
    minutes: float = float("inf"),
    start: Path | None = None,
    tell: Callable[[int, float], None] = lambda step, loss: None,
) -> Mapping[str, float]:
    """Train, or go on where an earlier call stopped.

    Parameters
    ----------
    training : AnatomyTraining
        What to do.
    bases : mapping of str to mapping
        Persons by split, ``train`` and ``validation``.
    folder : Path
        Holds the checkpoint, the best weights and a log; made where it is not there.
    minutes : float
        Stop after so long; the next call goes on.
    start : Path, optional
        An exported network whose weights a new training begins with; by default random ones.
    tell : callable
        Is told the step and the running loss after each step.

    Returns
    -------
    mapping of str to float
        The last judgement.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(training.seed)
    learner = _make_learner(training)
    if (folder / CHECKPOINT).exists():
        learner.load(folder / CHECKPOINT, training.device)
    elif start is not None:
        learner.begin_with(load(start).state_dict())
    threads = torch.get_num_threads()
    judged = _judged(bases["validation"], training)
    torch.set_num_threads(threads)  # numba, which made the samples, sets OpenMP's number for all
    first = learner.step * training.batch // training.ranges.looks
    stream = _Stream(bases["train"], training, first, training.seed)
    loader = DataLoader(
        stream,
        training.batch,
        num_workers=training.workers,
        prefetch_factor=4,
        multiprocessing_context="spawn",
        worker_init_fn=DieWithTrainer(),
    )
    end, saved, judgement = time.monotonic() + 60 * minutes, time.monotonic(), {}
    for volumes, labels in loader:
        learner.learn(_loss(learner.network, volumes, labels, training.device))
        tell(learner.step, learner.loss)
        over = learner.step >= training.steps or time.monotonic() > end
        if learner.step % training.judge_every == 0 or learner.step >= training.steps:
            judgement = judge(learner.averaged, judged, training.device)
            learner.judged(folder, judgement["score"], judgement)
        if time.monotonic() - saved > 180 or over:
            learner.save(folder / CHECKPOINT)
            saved = time.monotonic()
        if over:
            break
    return judgement


def _make_learner(training: AnatomyTraining) -> Learner:
    network = AnatomyNet(len(Region), training.widths).to(
        training.device, memory_format=torch.channels_last_3d
    )

    def rate(step: int) -> float:
        rise, rest = min(1.0, (step + 1) / 200), 1 - step / training.steps
        return float(training.rate * rise * max(rest, 0.0) ** 0.9)

    optimizer = torch.optim.AdamW(network.parameters(), lr=training.rate, weight_decay=1e-4)
    return Learner(network, optimizer, rate, training.keep)


def _loss(network: AnatomyNet, volumes: Tensor, labels: Tensor, device: str) -> Tensor:
    volumes = volumes.to(device, memory_format=torch.channels_last_3d)
    with half_precision(device):
        logits = network.blocks(volumes)
    return anatomy_loss(logits, to_blocks(labels.to(device)))


def anatomy_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return cross-entropy plus one minus the mean Dice of the regions that are there.

    In the cross-entropy a region's voxels count by the inverse cube root of its usual volume: evenly weighed,
    thousands of steps pass before the eyes are found at all.

    Parameters
    ----------
    logits : Tensor, shape (n, ..., regions)
    labels : Tensor of uint8 or int64, shape (n, ...)
    """
    regions = logits.shape[-1]
    weights = torch.tensor([_USUAL_ML.get(region, _ELSE_ML) for region in Region], device=logits.device)
    weights = (_USUAL_ML[Region.HEAD] / weights) ** (1 / 3)
    losses = []
    for each, wanted in zip(logits, labels, strict=True):
        index = wanted.reshape(-1, 1).long()
        log_p = functional.log_softmax(each.reshape(-1, regions).float(), dim=1)
        log_right = log_p.gather(1, index)
        counts = torch.bincount(index[:, 0], minlength=regions)
        both = torch.zeros(regions, device=logits.device).index_add(0, index[:, 0], log_right.exp()[:, 0])
        dice = (2 * both + 1) / (log_p.exp().sum(dim=0) + counts + 1)
        weight = weights[index[:, 0]]
        entropy = -(weight * log_right[:, 0]).sum() / weight.sum()
        losses.append(1 + entropy - dice[counts > 0].mean())
    return torch.stack(losses).mean()


def dice_by_region(found: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]) -> dict[str, float]:
    """Return Dice of each region that is there, and of the whole brain (``brain``)."""
    result = {}
    for region in Region:
        one, other = found == region, wanted == region
        if other.any():
            result[region.name.lower()] = float(2 * (one & other).sum() / (one.sum() + other.sum()))
    one, other = is_brain(found), is_brain(wanted)
    if other.any():
        result["brain"] = float(2 * (one & other).sum() / (one.sum() + other.sum()))
    return result


def judge(network: AnatomyNet, judged: list[Sample], device: str) -> dict[str, float]:
    """Return mean Dice by region over samples, of the nine regions (``nine``), and ``score``, which ranks."""
    network.eval()
    by_name: dict[str, list[float]] = {}
    with torch.inference_mode():
        for sample in judged:
            volume = torch.from_numpy(sample.volume)[None, None].to(device)
            found = network(volume).argmax(dim=-1)[0].to(torch.uint8).cpu().numpy()
            for name, value in dice_by_region(found, sample.labels).items():
                by_name.setdefault(name, []).append(value)
    network.train()
    means = {name: float(np.mean(values)) for name, values in by_name.items()}
    means["nine"] = float(np.mean([means[region.name.lower()] for region in NINE]))
    features = [means[name] for name in ("eyes", "nose", "mouth", "left_ear", "right_ear") if name in means]
    means["score"] = (means["brain"] + means["nine"] + float(np.mean(features))) / 3
    return means


def _judged(bases: Mapping[str, BaseHandle], training: AnatomyTraining) -> list[Sample]:
    stream = samples(bases, training.ranges, training.seed + 1_000_000, 0)
    return [next(stream) for _ in range(training.judged)]
