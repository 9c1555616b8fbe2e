"""Put trained classifiers into the package: ``ship_outcomes.py VERSION data=DATA NAME=WEIGHTS ...``.

Run by a developer after ``defacto train render FOLDER --data DATA``. WEIGHTS is FOLDER/best.pt, the best by
validation, or FOLDER/checkpoint.pt, the averaged ones of the last step; WEIGHTS@SHARE takes so much of them,
0 to 1, and the rest of the shipped ones, so that less is forgotten (doi:10.1109/CVPR52688.2022.00780). It
writes ``src/defacto/qc/data/NAME.onnx``, fits the temperatures on validation persons, and puts version,
SHA-256 and temperatures into ``networks.json``. NAME is defacto-render or delbarre-cnn.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from defacto.qc.classify import DATA
from defacto.simulate.dataset import Dataset
from defacto.training.outcome_export import load, ship
from defacto.training.outcomes import TRAININGS, predict, split_of, temperatures
from defacto.weights import known_networks


def ship_weights(name: str, weights: str, data: Path, version: str) -> None:
    """Export the weights of a training."""
    network = TRAININGS[name].make_network()
    path, _, share = weights.partition("@")
    content = torch.load(path, map_location="cpu", weights_only=True)
    state = content.get("averaged", content)
    if share:
        network.load_state_dict(load(DATA / f"{name}.onnx"))
        shipped = network.state_dict()
        state = {key: torch.lerp(shipped[key].double(), state[key].double(), float(share)) for key in shipped}
    network.load_state_dict(state)
    network.eval()
    dataset = Dataset(data)
    indices, targets = split_of(dataset, "validation")
    ship(network, name, version, temperatures(predict(network, dataset, indices), targets), DATA)
    print(f"{name}: {(DATA / f'{name}.onnx').stat().st_size / 1e6:.1f} MB, {known_networks(DATA)[name]}")


if __name__ == "__main__":
    folders = dict(word.split("=", 1) for word in sys.argv[2:])
    data_folder = Path(folders.pop("data"))
    for network_name, path in folders.items():
        ship_weights(network_name, path, data_folder, sys.argv[1])
