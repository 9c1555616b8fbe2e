"""Put trained classifiers into the package: ``ship_outcomes.py VERSION data=DATA NAME=FOLDER ...``.

Run by a developer after ``defacto train render FOLDER --data DATA``; takes the best weights by validation,
writes ``src/defacto/qc/data/NAME.onnx``, fits the temperatures on validation persons, and puts version,
SHA-256 and temperatures into ``networks.json``. NAME is defacto-render or delbarre-cnn.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import torch

from defacto.qc.classify import DATA
from defacto.simulate.dataset import Dataset
from defacto.training.learner import BEST
from defacto.training.outcome_export import export
from defacto.training.outcomes import TRAININGS, predict, split_of, temperatures
from defacto.weights import LIST


def ship(name: str, folder: Path, data: Path, version: str) -> None:
    """Export the best weights of a training."""
    network = TRAININGS[name].make_network()
    network.load_state_dict(torch.load(folder / BEST, map_location="cpu", weights_only=True))
    network.eval()
    dataset = Dataset(data)
    indices, targets = split_of(dataset, "validation")
    found = temperatures(predict(network, dataset, indices), targets)
    target, listed = DATA / f"{name}.onnx", DATA / LIST
    export(network, target)
    known = json.loads(listed.read_text()) if listed.exists() else {}
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    known[name] = {"version": version, "sha256": digest, "temperature": found}
    listed.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")
    print(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB, {digest[:12]}, temperatures {found}")


if __name__ == "__main__":
    folders = dict(word.split("=", 1) for word in sys.argv[2:])
    data_folder = Path(folders.pop("data"))
    for network_name, training_folder in folders.items():
        ship(network_name, Path(training_folder), data_folder, sys.argv[1])
