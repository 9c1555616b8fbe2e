"""Put trained networks into the package: ``python tools/ship_networks.py VERSION NAME=TRAINING_FOLDER ...``.

Run by a developer after ``defacto train NAME TRAINING_FOLDER``; takes the best weights by validation, writes
``src/defacto/anatomy/data/NAME.onnx`` and puts version and SHA-256 into ``networks.json``. With a word
``places=LABELS_FOLDER`` it writes ``region_places.json`` anew.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import torch

from defacto.anatomy.pose import PLACES
from defacto.anatomy.regions import Region
from defacto.anatomy.template import data_path
from defacto.simulate.bases import load_bases
from defacto.training.anatomy import TRAININGS
from defacto.training.anatomy_export import export, write_region_places
from defacto.training.learner import BEST
from defacto.training.networks import AnatomyNet
from defacto.weights import LIST


def ship(name: str, folder: Path, version: str) -> None:
    """Export the best weights of a training."""
    training = TRAININGS[name]
    network = AnatomyNet(len(Region), training.widths)
    network.load_state_dict(torch.load(folder / BEST, map_location="cpu", weights_only=True))
    target = Path(str(data_path(f"{name}.onnx")))
    export(network, training.ranges.view.shape, target)
    listed = Path(str(data_path(LIST)))
    known = json.loads(listed.read_text()) if listed.exists() else {}
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    known[name] = {"version": version, "sha256": digest}
    listed.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")
    print(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB, {digest[:12]}")


if __name__ == "__main__":
    for word in sys.argv[2:]:
        name, _, folder = word.partition("=")
        if name == "places":
            write_region_places(load_bases(Path(folder)), Path(str(data_path(PLACES))))
        else:
            ship(name, Path(folder), sys.argv[1])
