"""Train the classifiers of outcomes on made outcomes."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from defacto.errors import SettingsError
from defacto.qc.calibrate import fit_temperature
from defacto.simulate.dataset import Dataset
from defacto.simulate.recipe import Limits
from defacto.training.learner import CHECKPOINT, DieWithTrainer, Learner, half_precision
from defacto.training.outcome_networks import OUTCOMES, DelbarreNet, RenderNet
from defacto.training.outcome_samples import (
    PEOPLE,
    UNKNOWN,
    Batch,
    Targets,
    batches,
    read_batch,
    targets_of,
    targets_of_people,
)

Figures = Mapping[str, float]
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class OutcomeTraining:
    """A training of a classifier of outcomes.

    Parameters
    ----------
    network : str
        ``"defacto-render"`` or ``"delbarre-cnn"``.
    steps : int
        Steps in all.
    rate : float
        Learning rate; the largest one for ours.
    batch : int
        Samples a step.
    judge_every : int
        Steps between two looks at validation.
    keep : float
        Share of the averaged weights that a step keeps; 0 for none.
    seed : int
        Of weights, order and variation.
    device : str
        ``"cpu"`` or ``"cuda"``.
    """

    network: str
    steps: int
    rate: float
    batch: int
    judge_every: int
    keep: float = 0.0
    seed: int = 1
    device: str = "cpu"

    def make_network(self) -> nn.Module:
        """Return the network with weights that the seed draws."""
        torch.manual_seed(self.seed)
        network: nn.Module = RenderNet() if self.network == "defacto-render" else DelbarreNet()
        return network.to(self.device, memory_format=torch.channels_last)

    def make_learner(self) -> Learner:
        """Return the network with its optimizer."""
        network = self.make_network()
        if self.network == "delbarre-cnn":
            return Learner(
                network, torch.optim.RMSprop(network.parameters(), lr=self.rate), lambda _: self.rate
            )
        optimizer = torch.optim.AdamW(network.parameters(), lr=self.rate, weight_decay=0.02)
        return Learner(network, optimizer, self.falling_rate, self.keep)

    def falling_rate(self, step: int) -> float:
        """Return the rate: it rises for a while and falls like a cosine."""
        rest = min(1.0, step / self.steps)
        return (
            self.rate
            * min(1.0, (step + 1) / min(300, 1 + self.steps / 20))
            * (0.5 + 0.5 * math.cos(math.pi * rest))
        )


TRAININGS: Mapping[str, OutcomeTraining] = {
    "defacto-render": OutcomeTraining("defacto-render", 9000, 1e-3, 32, 450, keep=0.998),
    "delbarre-cnn": OutcomeTraining("delbarre-cnn", 57_600, 8e-5, 25, 576),
}
"""By the name of the network; the second with rate, batch and steps an epoch as in its paper."""


class _Stream(IterableDataset[Batch]):
    """Batches of each data set in turn."""

    def __init__(self, folders: Sequence[Path], training: OutcomeTraining, first: int) -> None:
        self.folders, self.training, self.first = folders, training, first

    def __iter__(self) -> Iterator[Batch]:
        training, count = self.training, len(self.folders)
        streams = []
        for turn, folder in enumerate(self.folders):
            dataset = Dataset(folder)
            indices, targets = split_of(dataset, "train")
            done = len(range(turn, self.first, count))
            streams.append(batches(dataset, indices, targets, training.batch, training.seed, done))
        for step in itertools.count(self.first):
            yield next(streams[step % count])


def split_of(dataset: Dataset, split: str) -> tuple[npt.NDArray[np.int64], Targets]:
    """Return indices and targets of the samples of a split.

    Raises
    ------
    SettingsError
        If it has none.
    """
    chosen = [row for row in dataset.rows if row["split"] == split]
    if not chosen:
        raise SettingsError(f"{dataset.folder.name} has no samples of the split {split}.")
    indices = np.array([row["index"] for row in chosen], dtype=np.int64)
    if PEOPLE in dataset.description:
        return indices, targets_of_people(chosen)
    return indices, targets_of(chosen, Limits(**dataset.description["recipe"]["limits"]))


def train(
    training: OutcomeTraining,
    data: Path,
    folder: Path,
    *,
    minutes: float = float("inf"),
    start: Mapping[str, Tensor] | None = None,
    also: Path | None = None,
    tell: Callable[[int, float], None] = lambda step, loss: None,
) -> Figures:
    """Train, or go on where an earlier call stopped.

    Parameters
    ----------
    training : OutcomeTraining
        What to do.
    data : Path
        Data set with the store ``renders``, from `defacto.simulate.dataset.build_dataset`.
    folder : Path
        Holds the checkpoint, the best weights by validation loss and a log; made where it is not there.
    minutes : float
        Stop after so long; the next call goes on.
    start : mapping of str to Tensor, optional
        Weights that a new training begins with, and that it must outdo; by default random ones.
    also : Path, optional
        Another data set, of which every other batch is.
    tell : callable
        Is told the step and the running loss after each step.

    Returns
    -------
    mapping of str to float
        The last judgement.
    """
    folder.mkdir(parents=True, exist_ok=True)
    learner = training.make_learner()
    if (folder / CHECKPOINT).exists():
        learner.load(folder / CHECKPOINT, training.device)
    elif start is not None:
        learner.begin_with(start)
    dataset = Dataset(data)
    indices, targets = split_of(dataset, "validation")

    def look_back() -> Figures:
        found = judge(predict(learner.averaged, dataset, indices, training.device), targets)
        learner.judged(folder, -found["entropy" if found["entropy"] > 0 else "entropy_no_ears"], found)
        return found

    if start is not None and learner.step == 0:
        look_back()
    stream = _Stream([data] if also is None else [data, also], training, learner.step)
    loader: Any = DataLoader(
        stream,
        batch_size=None,
        num_workers=1,
        prefetch_factor=6,
        multiprocessing_context="spawn",
        worker_init_fn=DieWithTrainer(),
    )
    end, saved = time.monotonic() + 60 * minutes, time.monotonic()
    figures: Figures = {}
    for batch in loader:
        learner.network.train()
        with half_precision(training.device, wanted=training.network == "defacto-render"):
            logits = logits_of(learner.network, batch, training.device)
        learner.learn(outcome_loss(logits.float(), batch.targets))
        tell(learner.step, learner.loss)
        over = learner.step >= training.steps or time.monotonic() > end
        if learner.step % training.judge_every == 0 or learner.step >= training.steps:
            figures = look_back()
        if time.monotonic() - saved > 120 or over:
            learner.save(folder / CHECKPOINT)
            saved = time.monotonic()
        if over:
            break
    return figures


def logits_of(network: nn.Module, batch: Batch, device: str) -> Tensor:
    """Return a network's logits: (n, `LOGITS`) of ours, (n, 4) of the other."""
    shade = torch.from_numpy(batch.shade).to(device)
    if isinstance(network, DelbarreNet):
        return network(shade)
    depth, plane = torch.from_numpy(batch.depth).to(device), torch.from_numpy(batch.slice).to(device)
    logits: Tensor = network(shade, depth, plane)[0]
    return logits


def outcome_loss(logits: Tensor, targets: Targets) -> Tensor:
    """Return cross-entropy of the outcomes with and without ears, plus that of the parts, where known.

    Parameters
    ----------
    logits : Tensor, shape (n, 4) or (n, `LOGITS`)
        Of the outcome alone, or of all.
    targets : Targets
        Of the n samples.
    """
    loss = _entropy(logits[:, :OUTCOMES], targets.with_ears)
    if logits.shape[1] == OUTCOMES:
        return loss
    loss = loss + _entropy(logits[:, OUTCOMES : 2 * OUTCOMES], targets.without_ears)
    parts = torch.from_numpy(targets.parts).to(logits.device)
    known = parts != UNKNOWN
    each = functional.binary_cross_entropy_with_logits(
        logits[:, 2 * OUTCOMES :], parts.clamp(min=0).float(), reduction="none"
    )
    return loss + 2 * (each * known).sum() / known.sum().clamp(min=1)


def _entropy(logits: Tensor, wanted: npt.NDArray[np.int64]) -> Tensor:
    """Return the cross-entropy of what is known; 0 where nothing is."""
    total = functional.cross_entropy(
        logits, torch.from_numpy(wanted).to(logits.device), ignore_index=UNKNOWN, reduction="sum"
    )
    return total / max(1, np.count_nonzero(wanted != UNKNOWN))


def predict(
    network: nn.Module, dataset: Dataset, indices: npt.NDArray[np.int64], device: str = "cpu", size: int = 100
) -> npt.NDArray[np.float32]:
    """Return the logits of samples as they are."""
    network.eval()
    found = []
    empty = Targets(*(np.zeros(0, np.int64),) * 3)
    with torch.inference_mode():
        for first in range(0, len(indices), size):
            batch = read_batch(dataset, indices[first : first + size], empty)
            found.append(logits_of(network, batch, device).float().cpu().numpy())
    return np.concatenate(found)


def judge(logits: npt.NDArray[np.float32], targets: Targets) -> dict[str, float]:
    """Return the figures of a log: cross-entropy and share right, with ears and without, and of the parts."""
    entropy, right = _outcome_figures(logits[:, :OUTCOMES], targets.with_ears)
    figures = {"entropy": entropy, "right": right}
    if logits.shape[1] > OUTCOMES:
        other = _outcome_figures(logits[:, OUTCOMES : 2 * OUTCOMES], targets.without_ears)
        figures["entropy_no_ears"], figures["right_no_ears"] = other
        right = (logits[:, 2 * OUTCOMES :] > 0) == targets.parts
        figures["right_parts"] = _mean(right[targets.parts != UNKNOWN])
    return figures


def _outcome_figures(logits: npt.NDArray[np.float32], wanted: npt.NDArray[np.int64]) -> tuple[float, float]:
    known = wanted != UNKNOWN
    logits, wanted = logits[known].astype(np.float64), wanted[known]
    log_p = logits - np.log(np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True))
    log_p -= logits.max(axis=1, keepdims=True)
    return _mean(-log_p[np.arange(len(wanted)), wanted]), _mean(logits.argmax(axis=1) == wanted)


def _mean(values: npt.NDArray[Any]) -> float:
    return float(values.mean()) if values.size else math.nan


def temperatures(logits: npt.NDArray[np.float32], targets: Targets) -> dict[str, float]:
    """Return by what to divide logits so that probabilities are honest: ``ears``, ``no_ears``, ``parts``.

    Fitted by cross-entropy (doi:10.48550/arXiv.1706.04599), on samples that the weights have not seen; those
    are left out for which no sample is known.
    """
    found = {"ears": _temperature(logits[:, :OUTCOMES], targets.with_ears)}
    if logits.shape[1] > OUTCOMES:
        found["no_ears"] = _temperature(logits[:, OUTCOMES : 2 * OUTCOMES], targets.without_ears)
        parts, wanted = logits[:, 2 * OUTCOMES :].ravel(), targets.parts.ravel()
        found["parts"] = _temperature(np.stack([np.zeros_like(parts), parts], axis=1), wanted)
    return {name: round(value, 4) for name, value in found.items() if value}


def _temperature(logits: npt.NDArray[np.float32], wanted: npt.NDArray[np.int64]) -> float:
    known = wanted != UNKNOWN
    return fit_temperature(logits[known].astype(np.float64), wanted[known]) if known.any() else 0.0
