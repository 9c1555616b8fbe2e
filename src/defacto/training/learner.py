"""What every training does: a step down the gradient, averaged weights, a checkpoint to go on from."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from defacto.processes import die_with

CHECKPOINT = "checkpoint.pt"
BEST = "best.pt"
LOG = "log.jsonl"


def half_precision(device: str, *, wanted: bool = True) -> torch.autocast:
    """Return the context in which to compute in bfloat16, if wanted; on a CPU without it, it does nothing.

    There torch would compute all the same, forty times slower than in float32.
    """
    has = device != "cpu" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.autocast(device, torch.bfloat16, enabled=wanted and has)


class DieWithTrainer:
    """For the processes that make samples: where the training is killed, they end too."""

    def __init__(self) -> None:
        self.trainer = os.getpid()

    def __call__(self, worker: int) -> None:
        """Begin to watch, in process number ``worker``."""
        die_with(self.trainer)


class Learner:
    """A network, the running average of its weights, its optimizer, and how far it came.

    Parameters
    ----------
    network : Module
        What learns, on the device where it learns.
    optimizer : Optimizer
        Of its parameters.
    rate : callable
        The learning rate at a step.
    keep : float
        Share of the averaged weights that a step keeps; 0 takes the weights as they are.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        rate: Callable[[int], float],
        keep: float = 0.0,
    ) -> None:
        self.network, self.optimizer, self.rate, self.keep = network, optimizer, rate, keep
        self.averaged = copy.deepcopy(network)
        self.step, self.best, self.loss = 0, float("-inf"), 0.0

    def begin_with(self, weights: Mapping[str, Tensor]) -> None:
        """Take these weights in the place of random ones; counts of batches may be missing."""
        for network in (self.network, self.averaged):
            missing = network.load_state_dict(weights, strict=False).missing_keys
            if any(not name.endswith("num_batches_tracked") for name in missing):
                raise ValueError(f"expected weights of the same network, got none of {', '.join(missing)}")

    def learn(self, loss: Tensor) -> None:
        """Take one step."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(self.step)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        self.loss += max(0.02, 1 / self.step) * (float(loss.detach()) - self.loss)
        keep = min(self.keep, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            state = self.network.state_dict()
            for name, mean in self.averaged.state_dict().items():
                if mean.is_floating_point():
                    mean.lerp_(state[name], 1 - keep)
                else:
                    mean.copy_(state[name])

    def judged(self, folder: Path, score: float, figures: Mapping[str, float]) -> None:
        """Write figures into the log, and the averaged weights too where the score is the best so far."""
        line = {"step": self.step, "loss": self.loss, **figures}
        rounded = {
            name: round(value, 4) if isinstance(value, float) else value for name, value in line.items()
        }
        with (folder / LOG).open("a") as stream:
            stream.write(json.dumps(rounded) + "\n")
        if score > self.best:
            self.best = score
            torch.save(self.averaged.state_dict(), folder / BEST)

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
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

    def load(self, path: Path, device: str) -> None:
        """Go on from a checkpoint."""
        content: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        self.network.load_state_dict(content["network"])
        self.averaged.load_state_dict(content["averaged"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.step, self.best, self.loss = content["step"], content["best"], content["loss"]
