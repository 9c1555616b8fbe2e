"""Train the networks of anatomy on made heads."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from defacto.anatomy.regions import NINE, Region, is_brain
from defacto.simulate.bases import BaseHandle
from defacto.training.anatomy_export import load
from defacto.training.anatomy_samples import COARSE_RANGES, UPRIGHT_RANGES, Sample, SampleRanges, samples
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
CHECKPOINT = "checkpoint.pt"
BEST = "best.pt"
LOG = "log.jsonl"


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


TRAININGS: Mapping[str, AnatomyTraining] = {
    "anatomy": AnatomyTraining(steps=20_000, ranges=UPRIGHT_RANGES),
    "pose": AnatomyTraining(steps=10_000, batch=4, judged=48, ranges=COARSE_RANGES, widths=(24, 48, 80, 112)),
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
    state = _State(training)
    if (folder / CHECKPOINT).exists():
        state.load(folder / CHECKPOINT)
    elif start is not None:
        weights = load(start).state_dict()
        state.network.load_state_dict(weights)
        state.averaged.load_state_dict(weights)
    threads = torch.get_num_threads()
    judged = _judged(bases["validation"], training)
    torch.set_num_threads(threads)  # numba, which made the samples, sets OpenMP's number for all
    first = state.step * training.batch // training.ranges.looks
    stream = _Stream(bases["train"], training, first, training.seed)
    loader = DataLoader(
        stream,
        training.batch,
        num_workers=training.workers,
        prefetch_factor=4,
        multiprocessing_context="spawn",
    )
    end, saved, judgement = time.monotonic() + 60 * minutes, time.monotonic(), {}
    for volumes, labels in loader:
        state.learn(volumes, labels)
        tell(state.step, state.loss)
        if state.step % training.judge_every == 0 or state.step >= training.steps:
            judgement = judge(state.averaged, judged, training.device)
            _log(folder, state, judgement)
            if judgement["score"] > state.best:
                state.best = judgement["score"]
                torch.save(state.averaged.state_dict(), folder / BEST)
        if time.monotonic() - saved > 180 or state.step >= training.steps or time.monotonic() > end:
            state.save(folder / CHECKPOINT)
            saved = time.monotonic()
        if state.step >= training.steps or time.monotonic() > end:
            break
    return judgement


class _State:
    """Weights, averaged weights, optimizer, and how far it came."""

    def __init__(self, training: AnatomyTraining) -> None:
        self.training, self.step, self.best, self.loss = training, 0, -1.0, 0.0
        self.network = AnatomyNet(len(Region), training.widths).to(
            training.device, memory_format=torch.channels_last_3d
        )
        self.averaged = AnatomyNet(len(Region), training.widths).to(
            training.device, memory_format=torch.channels_last_3d
        )
        self.averaged.load_state_dict(self.network.state_dict())
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=training.rate, weight_decay=1e-4)

    def learn(self, volumes: Tensor, labels: Tensor) -> None:
        training = self.training
        rise, rest = min(1.0, (self.step + 1) / 200), 1 - self.step / training.steps
        for group in self.optimizer.param_groups:
            group["lr"] = training.rate * rise * max(rest, 0.0) ** 0.9
        volumes = volumes.to(training.device, memory_format=torch.channels_last_3d)
        with torch.autocast(training.device, torch.bfloat16):
            logits = self.network.blocks(volumes)
        loss = anatomy_loss(logits, to_blocks(labels.to(training.device)))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        share = max(0.02, 1 / self.step)
        self.loss += share * (float(loss.detach()) - self.loss)
        keep = min(training.keep, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, value in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(value, 1 - keep)

    def save(self, path: Path) -> None:
        content = {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "best": self.best,
            "loss": self.loss,
        }
        torch.save(content, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> None:
        content: dict[str, Any] = torch.load(path, map_location=self.training.device, weights_only=True)
        self.network.load_state_dict(content["network"])
        self.averaged.load_state_dict(content["averaged"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.step, self.best, self.loss = content["step"], content["best"], content["loss"]


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


def _log(folder: Path, state: _State, judgement: Mapping[str, float]) -> None:
    line = {"step": state.step, "loss": state.loss, **judgement}
    with (folder / LOG).open("a") as stream:
        stream.write(
            json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in line.items()}) + "\n"
        )
