"""What a classifier says of the samples of a data set, beside the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from defacto.errors import SettingsError
from defacto.qc.classify import DEFAULT, Classifier, RenderClassifier
from defacto.simulate.dataset import Dataset
from defacto.types import Looks, Outcome, Prediction

HEAD = "\t".join(["name", "person", "base", "kind", "contrast", "truth", *Outcome]) + "\n"
_AT_ONCE = 100


def write_predictions(
    target: Path,
    folder: Path,
    network: str = DEFAULT,
    split: str = "test",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write a table that `defacto evaluate` takes: truth, and probabilities where ears count.

    Parameters
    ----------
    target : Path
        The table, ``.tsv``.
    folder : Path
        A data set with the store ``renders``.
    network : str
        Name of a `RenderClassifier`.
    split : str
        ``train``, ``validation`` or ``test``.
    progress : callable
        Is told how many samples are done, and of how many.

    Raises
    ------
    SettingsError
        If the folder holds no such data set, or it has no sample of that split.
    """
    try:
        dataset = Dataset(folder)
    except (OSError, ValueError, KeyError) as error:
        raise SettingsError(
            f"{folder.name} holds no finished data set of `defacto simulate dataset`."
        ) from error
    rows = [row for row in dataset.rows if row["split"] == split]
    if not rows or dataset.description["recipe"]["store"] != "renders":
        raise SettingsError(f"{folder.name} has no renders of the split {split}.")
    lines = [HEAD]
    for row, prediction in _predicted(dataset, rows, RenderClassifier(network)):
        known = [row[name] for name in ("index", "person", "base", "kind", "contrast", "outcome")]
        lines.append(
            "\t".join(map(str, [*known, *(f"{prediction.p_outcome[o]:.6f}" for o in Outcome)])) + "\n"
        )
        progress(len(lines) - 1, len(rows))
    target.write_text("".join(lines), encoding="utf-8")


def _predicted(
    dataset: Dataset, rows: Sequence[dict[str, Any]], classifier: Classifier
) -> Iterator[tuple[dict[str, Any], Prediction]]:
    for first in range(0, len(rows), _AT_ONCE):
        some = rows[first : first + _AT_ONCE]
        looks = [Looks(**dataset.arrays(row["index"])) for row in some]
        yield from zip(some, classifier.predict(looks), strict=True)
