"""Put a trained anatomy network into the package: ONNX weights, their hash, and the places of the regions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from defacto.anatomy.network_input import SIDE
from defacto.anatomy.regions import Region
from defacto.simulate.bases import BaseHandle
from defacto.training.anatomy_samples import regions_of
from defacto.training.networks import AnatomyNet


def export(weights: Path, target: Path) -> str:
    """Write a network's weights as ONNX.

    Parameters
    ----------
    weights : Path
        As training leaves them.
    target : Path
        The ONNX file.

    Returns
    -------
    str
        SHA-256 of the file.
    """
    network = AnatomyNet(len(Region))
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    network.eval()
    torch.onnx.export(
        network,
        (torch.zeros(1, 1, SIDE, SIDE, SIDE),),
        str(target),
        input_names=["volume"],
        output_names=["logits"],
        opset_version=18,
        dynamo=False,
    )
    return hashlib.sha256(target.read_bytes()).hexdigest()


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
