"""People's labels as a data set to learn from, and how a network does on those of persons held out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from defacto.config import QcSettings
from defacto.errors import SettingsError
from defacto.qc.classify import DATA, DEFAULT, Classifier, RenderClassifier
from defacto.render import read_looks
from defacto.simulate.dataset import DESCRIPTION, MANIFEST, Dataset
from defacto.training.learner import BEST
from defacto.training.outcome_export import ship
from defacto.training.outcome_samples import OUTCOMES, PEOPLE, to_batch
from defacto.training.outcomes import TRAININGS, predict, split_of, temperatures
from defacto.types import Labelled, Looks, Outcome
from defacto.weights import known_networks

LEAST_PERSONS = 15
"""Fewer are too few to learn from, to choose by and to compare on."""
_LEAST_P = 1e-15
_SHARES = {"train": 0.6, "validation": 0.8, "test": 1.0}
_COLUMNS = ("index", "person", "split", "outcome", "ears", "seen")


def write_labelled(folder: Path, labelled: Sequence[Labelled], seed: int = 1) -> None:
    """Write what people judged as a data set, split by person; nobody is named in it.

    Parameters
    ----------
    folder : Path
        A new folder.
    labelled : sequence of Labelled
        From runs.
    seed : int
        Draws who belongs to which split.

    Raises
    ------
    SettingsError
        If they are too few, or say the same of all.
    InputError
        If a file is damaged.
    """
    persons = sorted({each.person for each in labelled})
    outcomes = {each.outcome for each in labelled}
    if len(persons) < LEAST_PERSONS or len(outcomes) < 2 or Outcome.PASS not in outcomes:
        raise SettingsError(
            f"Too few labels to learn from: expected {LEAST_PERSONS} persons or more, passes and others,"
            f" got {len(persons)} with {', '.join(sorted(outcomes)) or 'no labels'}."
        )
    order = np.random.default_rng(seed).permutation(len(persons))
    splits = {
        persons[who]: next(name for name, end in _SHARES.items() if (place + 0.5) / len(persons) < end)
        for place, who in enumerate(order)
    }
    shard = folder / "shards" / "00000"
    shard.mkdir(parents=True)
    arrays = to_batch([read_looks(each.looks) for each in labelled])
    for name, array in zip(("shade", "depth", "slice"), arrays, strict=True):
        np.save(shard / f"{name}.npy", array)
    rows = [
        (
            n,
            persons.index(each.person),
            splits[each.person],
            each.outcome.value,
            int(each.ears),
            " ".join(sorted(each.seen)) or "-",
        )
        for n, each in enumerate(labelled)
    ]
    lines = ["\t".join(map(str, row)) + "\n" for row in (_COLUMNS, *rows)]
    (folder / MANIFEST).write_text("".join(lines), encoding="utf-8")
    description = {PEOPLE: True, "samples_a_shard": len(rows), "recipe": {"store": "renders"}, "seed": seed}
    (folder / DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Standard:
    """How a network does on scans of persons that it never saw.

    Parameters
    ----------
    name : str
        Of the network.
    scans, right : int
        Scans judged, and those of which the likeliest outcome is what people say.
    accepted, missed : int
        Accepted passes, and those of them that are none.
    log_loss : float
        Mean of -ln p of what people say.
    """

    name: str
    scans: int
    right: int
    accepted: int
    missed: int
    log_loss: float

    def outdoes(self, other: Standard) -> bool:
        """Say whether it may take the other's place: likelier right, and no more bad scans let through."""
        return self.log_loss < other.log_loss and self.missed <= other.missed


def measure_up(classifier: Classifier, dataset: Dataset, limits: QcSettings) -> Standard:
    """Return how a classifier does on the held-out persons of a data set of people's labels."""
    rows = [row for row in dataset.rows if row["split"] == "test"]
    looks = [Looks(**dataset.arrays(row["index"])) for row in rows]
    truth = np.array([OUTCOMES.index(Outcome(row["outcome"])) for row in rows], dtype=np.int64)
    p = np.zeros((len(rows), len(OUTCOMES)))
    for ears in (True, False):
        chosen = np.flatnonzero([(int(row["ears"]) == 1) == ears for row in rows])
        if chosen.size:
            said = classifier.predict([looks[n] for n in chosen], ears=ears)
            p[chosen] = [[each.p_outcome[outcome] for outcome in OUTCOMES] for each in said]
    likeliest = p.argmax(axis=1)
    taken = (likeliest == OUTCOMES.index(Outcome.PASS)) & (p.max(axis=1) >= limits.p_pass)
    return Standard(
        classifier.name,
        len(rows),
        int((likeliest == truth).sum()),
        int(taken.sum()),
        int((taken & (truth != OUTCOMES.index(Outcome.PASS))).sum()),
        float(-np.log(np.maximum(p[np.arange(len(rows)), truth], _LEAST_P)).mean()),
    )


def stand_beside(folder: Path, reviews: Path, limits: QcSettings) -> tuple[Standard, Standard]:
    """Compare the best weights of a training with the network that comes with defacto.

    Parameters
    ----------
    folder : Path
        Of the training. Gets ``network``, where the new one outdoes the old one.
    reviews : Path
        From `write_labelled`.
    limits : QcSettings
        When a pass is accepted.

    Returns
    -------
    new, old : Standard
    """
    dataset = Dataset(reviews)
    network = TRAININGS[DEFAULT].make_network()
    network.load_state_dict(torch.load(folder / BEST, map_location="cpu", weights_only=True))
    network.eval()
    indices, targets = split_of(dataset, "validation")
    fitted = known_networks(DATA)[DEFAULT]["temperature"] | temperatures(
        predict(network, dataset, indices), targets
    )
    with TemporaryDirectory(dir=folder) as part:
        ship(network, DEFAULT, "", fitted, Path(part) / "network")
        new = measure_up(RenderClassifier(folder=Path(part) / "network"), dataset, limits)
        old = measure_up(RenderClassifier(), dataset, limits)
        if new.outdoes(old):
            shutil.rmtree(folder / "network", ignore_errors=True)
            (Path(part) / "network").rename(folder / "network")
    return new, old
