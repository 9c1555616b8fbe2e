"""Trained networks of anatomy as ONNX, and back; where the regions are in an average head."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor

from defacto.anatomy.regions import Region
from defacto.simulate.bases import BaseHandle
from defacto.training.anatomy_samples import regions_of
from defacto.training.networks import AnatomyNet

_SMALL = 1024
"""Weights with fewer values than this stay in single precision."""


def export(network: AnatomyNet, shape: tuple[int, int, int], target: Path) -> None:
    """Write a network as ONNX, its weights in half precision; the runtime computes in single precision.

    Parameters
    ----------
    network : AnatomyNet
        As trained.
    shape : tuple of int
        Of the volumes that it sees.
    target : Path
        The ONNX file.
    """
    network.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fixed shapes, which are meant, and of instance normalisation
        torch.onnx.export(
            network,
            (torch.zeros(1, 1, *shape),),
            str(target),
            input_names=["volume"],
            output_names=["logits"],
            opset_version=18,
            dynamo=False,
        )
    model = onnx.load(target)
    casts = []
    for weights in model.graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.dtype == np.float32 and values.size >= _SMALL:
            name = weights.name
            weights.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, target)


def load(path: Path) -> AnatomyNet:
    """Return the network of an ONNX file that `export` wrote.

    Parameters
    ----------
    path : Path
        The ONNX file.
    """
    state: dict[str, Tensor] = {}
    for weights in onnx.load(path).graph.initializer:
        values = numpy_helper.to_array(weights).astype(np.float32)
        state[weights.name.removesuffix(".half")] = torch.from_numpy(values.copy())
    widths = tuple(len(state[f"down.{level}.0.convolution.weight"]) for level in range(4))
    network = AnatomyNet(len(Region), (widths[0], widths[1], widths[2], widths[3]))
    network.load_state_dict({name: state[name] for name in network.state_dict()})
    network.eval()
    return network


def write_region_places(bases: Mapping[str, BaseHandle], target: Path) -> None:
    """Write where the regions are in an average head, template world mm; sides mirrored onto each other."""
    found: dict[Region, list[np.ndarray]] = {}
    for handle in bases.values():
        base = handle.load()
        labels = regions_of(base)
        for region in Region:
            index = np.argwhere(labels == region)
            if region not in {Region.AIR, Region.HEAD} and len(index):
                place = base.grid.affine[:3, :3] @ index.mean(axis=0) + base.grid.affine[:3, 3]
                found.setdefault(region, []).append(place)
    places = {region: np.mean(each, axis=0) for region, each in found.items()}
    ears = (places[Region.LEFT_EAR] * [-1, 1, 1] + places[Region.RIGHT_EAR]) / 2
    places[Region.RIGHT_EAR], places[Region.LEFT_EAR] = ears, ears * [-1, 1, 1]
    paired = {Region.LEFT_EAR, Region.RIGHT_EAR}
    text = {
        region.name.lower(): [round(float(v), 1) for v in place * (1 if region in paired else [0, 1, 1])]
        for region, place in places.items()
    }
    target.write_text(json.dumps(text, indent=2) + "\n")
