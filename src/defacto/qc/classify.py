"""The seat of a classifier of outcomes: what it is given, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from defacto.types import Picture, Prediction


class Classifier(Protocol):
    """Something that says from the renders alone how a defacing ended."""

    @property
    def name(self) -> str:
        """Name and version."""
        ...

    def predict(self, views: Mapping[str, Picture]) -> Prediction:
        """Return calibrated probabilities of the outcomes.

        Parameters
        ----------
        views : mapping of str to Picture
            As `defacto.render.surface_views` gives them.
        """
        ...
