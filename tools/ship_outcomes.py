"""Put trained classifiers into the package: ``ship_outcomes.py VERSION data=DATA NAME=FOLDER ...``.

Run by a developer after ``defacto train render FOLDER --data DATA``; takes the best weights by validation,
writes ``src/defacto/qc/data/NAME.onnx``, fits the temperatures on validation persons, and puts version,
SHA-256 and temperatures into ``networks.json``. NAME is defacto-render or delbarre-cnn.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from defacto.qc.classify import DATA
from defacto.simulate.dataset import Dataset
from defacto.training.learner import BEST
from defacto.training.outcome_export import ship
from defacto.training.outcomes import TRAININGS, predict, split_of, temperatures
from defacto.weights import known_networks


def ship_best(name: str, folder: Path, data: Path, version: str) -> None:
    """Export the best weights of a training."""
    network = TRAININGS[name].make_network()
    network.load_state_dict(torch.load(folder / BEST, map_location="cpu", weights_only=True))
    network.eval()
    dataset = Dataset(data)
    indices, targets = split_of(dataset, "validation")
    ship(network, name, version, temperatures(predict(network, dataset, indices), targets), DATA)
    print(f"{name}: {(DATA / f'{name}.onnx').stat().st_size / 1e6:.1f} MB, {known_networks(DATA)[name]}")


if __name__ == "__main__":
    folders = dict(word.split("=", 1) for word in sys.argv[2:])
    data_folder = Path(folders.pop("data"))
    for network_name, training_folder in folders.items():
        ship_best(network_name, Path(training_folder), data_folder, sys.argv[1])
