"""Trained classifiers of outcomes as ONNX, and back."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from defacto.render.looks import COLUMNS_PX, ROWS_PX, SLICE_PX
from defacto.training.outcome_networks import DelbarreNet
from defacto.weights import LIST

_PREFIX = "network."


class _Named(nn.Module):
    """Keeps the names of the weights in the file as they are in the network."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *looks: Tensor) -> Tensor | tuple[Tensor, ...]:
        found: Tensor | tuple[Tensor, ...] = self.network(*looks)
        return found


def export(network: nn.Module, target: Path) -> None:
    """Write a network as ONNX, for any number of looks at once.

    Parameters
    ----------
    network : RenderNet or DelbarreNet
        As trained.
    target : Path
        The ONNX file.
    """
    views = torch.zeros(2, 3, ROWS_PX, COLUMNS_PX, dtype=torch.uint8)
    plane = torch.zeros(2, SLICE_PX, SLICE_PX, dtype=torch.uint8)
    alone = isinstance(network, DelbarreNet)
    inputs = ["shade"] if alone else ["shade", "depth", "slice"]
    outputs = ["logits"] if alone else ["logits", "view_maps", "slice_map"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own future
        torch.onnx.export(
            _Named(network).eval(),
            (views,) if alone else (views, views, plane),
            str(target),
            input_names=inputs,
            output_names=outputs,
            dynamic_axes={name: {0: "n"} for name in inputs + outputs},
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
            opset_version=18,
            dynamo=False,
        )
    onnx.checker.check_model(onnx.load(target))


def ship(
    network: nn.Module, name: str, version: str, temperatures: Mapping[str, float], folder: Path
) -> None:
    """Put a trained network into a folder of networks, from where `qc.RenderClassifier` takes it.

    Parameters
    ----------
    network : RenderNet or DelbarreNet
        As trained.
    name, version : str
        What it is called; an empty version's place takes the beginning of the weights' SHA-256.
    temperatures : mapping of str to float
        By what its logits are divided.
    folder : Path
        Made if it is not there; others in it stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    export(network, folder / f"{name}.onnx")
    listed = folder / LIST
    known = json.loads(listed.read_text()) if listed.exists() else {}
    digest = hashlib.sha256((folder / f"{name}.onnx").read_bytes()).hexdigest()
    known[name] = {"version": version or digest[:8], "sha256": digest, "temperature": dict(temperatures)}
    listed.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")


def load(path: Path) -> Mapping[str, Tensor]:
    """Return the weights in an ONNX file that `export` wrote, to begin a training with."""
    graph = onnx.load(path).graph
    found = {weights.name: numpy_helper.to_array(weights) for weights in graph.initializer}
    for node in graph.node:  # equal weights are stored once
        if node.op_type == "Identity" and node.input[0] in found:
            found[node.output[0]] = found[node.input[0]]
    return {
        name.removeprefix(_PREFIX): torch.from_numpy(values.copy())
        for name, values in found.items()
        if name.startswith(_PREFIX)
    }
