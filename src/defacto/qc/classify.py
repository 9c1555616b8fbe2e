"""Classifiers of outcomes: from the looks of a scan alone, how its defacing ended, and what speaks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from defacto.qc.calibrate import scaled
from defacto.types import Feature, Looks, Outcome, Prediction
from defacto.weights import known_networks, open_network

DATA = Path(str(resources.files("defacto.qc") / "data"))
DEFAULT = "defacto-render"
_OUTCOMES, _FEATURES = tuple(Outcome), tuple(Feature)
_BATCH = 16
FloatArray = npt.NDArray[np.float32]


class Classifier(Protocol):
    """Something that says from its looks alone how the defacing of a scan ended."""

    @property
    def name(self) -> str:
        """Name and version."""
        ...

    def predict(self, looks: Sequence[Looks], *, ears: bool = True) -> list[Prediction]:
        """Return calibrated probabilities.

        Parameters
        ----------
        looks : sequence of Looks
            From `defacto.render.look`.
        ears : bool
            Whether an ear that can be made out is one feature too many.
        """
        ...


@dataclass(frozen=True, eq=False)
class Maps:
    """What in the looks speaks for an answer: class activation maps (doi:10.1109/CVPR.2016.319).

    The mean of each view's map, summed over views and slice, is the logit.

    Parameters
    ----------
    views : ndarray of float32, shape (3, h, w)
        Front left, front right, front.
    slice : ndarray of float32, shape (h, w)
        The plane through the middle.
    """

    views: FloatArray
    slice: FloatArray


class RenderClassifier:
    """A network that comes with defacto.

    Parameters
    ----------
    network : str
        ``"defacto-render"``, or ``"delbarre-cnn"``, which says outcomes with ears only.
    folder : Path
        Where its weights lie.
    """

    def __init__(self, network: str = DEFAULT, folder: Path = DATA) -> None:
        self._session, self._known = open_network(folder, network), known_networks(folder)[network]
        self._inputs = {each.name for each in self._session.get_inputs()}
        self.name = f"{network} {self._known['version']}"

    def logits(self, looks: Sequence[Looks]) -> FloatArray:
        """Return what the network says as it says it, before calibration: shape (n, 4) or (n, 16)."""
        found = [
            self._run(looks[first : first + _BATCH], ["logits"])[0] for first in range(0, len(looks), _BATCH)
        ]
        return np.concatenate(found) if found else np.zeros((0, len(_OUTCOMES)), np.float32)

    def predict(self, looks: Sequence[Looks], *, ears: bool = True) -> list[Prediction]:
        """Return calibrated probabilities; see `Classifier`."""
        return self.calibrated(self.logits(looks), ears=ears)

    def calibrated(self, logits: FloatArray, *, ears: bool = True) -> list[Prediction]:
        """Return predictions from logits."""
        first = self._first(ears=ears)
        temperature: Mapping[str, float] = self._known["temperature"]
        p_outcome = scaled(
            logits[:, first : first + len(_OUTCOMES)], temperature["ears" if ears else "no_ears"]
        )
        parts = 2 * len(_OUTCOMES)
        p_part = 1 / (1 + np.exp(-logits[:, parts:].astype(np.float64) / temperature.get("parts", 1.0)))
        return [
            Prediction(
                self.name,
                {outcome: float(p) for outcome, p in zip(_OUTCOMES, row, strict=True)},
                {feature: float(p) for feature, p in zip(_FEATURES, part, strict=False)},
            )
            for row, part in zip(p_outcome, p_part, strict=True)
        ]

    def explain(self, looks: Looks, *, ears: bool = True) -> dict[Outcome | Feature, Maps]:
        """Return what speaks for each outcome and for each feature.

        Parameters
        ----------
        looks : Looks
            From `defacto.render.look`.
        ears : bool
            As for `predict`.

        Returns
        -------
        dict
            Empty for a network that does not end in maps.
        """
        if "view_maps" not in {each.name for each in self._session.get_outputs()}:
            return {}
        views, middle = self._run([looks], ["view_maps", "slice_map"])
        first, parts = self._first(ears=ears), 2 * len(_OUTCOMES)
        places: dict[Outcome | Feature, int] = {o: first + n for n, o in enumerate(_OUTCOMES)}
        places |= {feature: parts + n for n, feature in enumerate(_FEATURES)}
        return {what: Maps(views[0, :, place], middle[0, place]) for what, place in places.items()}

    def _first(self, *, ears: bool) -> int:
        if not ears and "no_ears" not in self._known["temperature"]:
            raise ValueError(f"{self.name} says outcomes with ears only, got ears=False")
        return 0 if ears else len(_OUTCOMES)

    def _run(self, looks: Sequence[Looks], wanted: list[str]) -> list[Any]:
        feed = {
            name: np.stack([getattr(each, name) for each in looks])
            for name in ("shade", "depth", "slice")
            if name in self._inputs
        }
        found: list[Any] = self._session.run(wanted, feed)
        return found
