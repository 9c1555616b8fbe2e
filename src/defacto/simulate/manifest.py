"""The manifest of a data set: a row a sample."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from defacto.qc.measure import visible_name
from defacto.simulate.group import Group, Sample
from defacto.simulate.plan import Place
from defacto.simulate.recipe import Recipe
from defacto.types import Feature

COLUMNS = (
    "index",
    "person",
    "base",
    "split",
    "contrast",
    "acquisition",
    "slot",
    "kind",
    "parameters",
    "outcome",
    "face_left",
    "brain_lost",
    "brain_lost_ml",
    "brain_lost_percent",
    *(visible_name(feature) for feature in Feature),
    "least_visible",
    "removed_ml",
    "elsewhere_ml",
    "in_view",
    "seed",
    "attempt",
    "tries",
)
"""``person`` counts made persons; ``attempt`` and ``tries`` tell how often heads and outcomes were drawn."""
HEAD = "\t".join(COLUMNS) + "\n"
_NUMBERS = frozenset(COLUMNS) - {
    "base",
    "split",
    "contrast",
    "acquisition",
    "slot",
    "kind",
    "parameters",
    "outcome",
    "in_view",
}


def row_of(recipe: Recipe, seed: int, place: Place, group: Group, sample: Sample) -> dict[str, Any]:
    """Return all that is known of a sample, by column."""
    truth, limits, acquired = sample.truth, recipe.limits.settings(), group.head.acquisition
    return {
        "index": group.number * len(recipe.slot_list) + sample.slot,
        "person": group.number,
        "base": place.base,
        "split": place.split,
        "contrast": group.head.contrast.kind,
        "acquisition": _json(
            {
                "shape": acquired.shape,
                "voxel_mm": acquired.voxel_mm,
                "storage": acquired.storage,
                "tilt_deg": acquired.tilt_deg,
            }
        ),
        "slot": sample.name,
        "kind": sample.parameters.kind,
        "parameters": _json(sample.parameters.values),
        "outcome": sample.outcome.value,
        "face_left": int(truth.face_left(limits)),
        "brain_lost": int(truth.brain_lost(limits)),
        "brain_lost_ml": round(truth.brain_lost_ml, 3),
        "brain_lost_percent": round(truth.brain_lost_percent, 3),
        **{visible_name(feature): round(truth.visible[feature], 4) for feature in Feature},
        "least_visible": round(truth.least_visible, 4),
        "removed_ml": round(truth.removed_ml, 2),
        "elsewhere_ml": round(truth.elsewhere_ml, 2),
        "in_view": " ".join(feature.value for feature in truth.in_view),
        "seed": seed,
        "attempt": group.attempt,
        "tries": sample.tries,
    }


def to_text(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as TSV without the head."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    for row in rows:
        writer.writerow([row[name] for name in COLUMNS])
    return text.getvalue()


def read_rows(text: str) -> list[dict[str, Any]]:
    """Return the rows of a manifest; numbers as numbers."""
    lines = csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    head = next(lines)
    return [
        {name: _number(value) if name in _NUMBERS else value for name, value in zip(head, line, strict=True)}
        for line in lines
    ]


def _number(text: str) -> float | int:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _json(values: Any) -> str:
    return json.dumps(values, separators=(",", ":"))
