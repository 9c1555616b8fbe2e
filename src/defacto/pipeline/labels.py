"""What people said of scans that a classifier judged: the labels it is calibrated by."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from defacto.pipeline.records import Record
from defacto.pipeline.state import last_words
from defacto.types import Attempt, Outcome


@dataclass(frozen=True, eq=False)
class Labels:
    """Labelled scans, and those that are not.

    Parameters
    ----------
    model : str
        The classifier; predictions of others are left out.
    p_pass : ndarray, shape (n,)
        Its probability of a pass for each labelled scan, 0 to 1 or NaN.
    bad : ndarray of bool, shape (n,)
        Whether people say that the scan is not a pass, or do not agree.
    disagreed : int
        Scans that are bad because their reviewers do not agree.
    others : int
        Labelled scans that are left out: only other models judged them when they were labelled.
    p_pass_unlabelled : ndarray, shape (m,)
        Probability of a pass for each scan that nobody labelled.
    """

    model: str
    p_pass: npt.NDArray[np.float64]
    bad: npt.NDArray[np.bool_]
    disagreed: int
    others: int
    p_pass_unlabelled: npt.NDArray[np.float64]


def collect_labels(records: Iterable[Record], model: str) -> Labels:
    """Return the labels of scans that one model judged, at most one of each scan.

    The attempt that counts is the first that was both judged by the model and reviewed, not the last: what a
    reviewer finds bad is tried again until it is good, which would hide what the classifier had let through.

    Parameters
    ----------
    records : iterable of Record
        From the store.
    model : str
        Name and version of the classifier.
    """
    p_pass, bad, unlabelled = [], [], []
    disagreed = others = 0
    for record in records:
        judged = [attempt for attempt in record.attempts if attempt.prediction is not None]
        ours = [a for a in judged if a.prediction is not None and a.prediction.model == model]
        said = _first_said(record, ours)
        if said is not None:
            attempt, outcomes = said
            p_pass.append(_p_pass(attempt))
            bad.append(outcomes != {Outcome.PASS})
            disagreed += len(outcomes) > 1
        elif _first_said(record, judged) is not None:
            others += 1
        elif ours:
            unlabelled.append(_p_pass(ours[-1]))
    return Labels(
        model=model,
        p_pass=np.array(p_pass, dtype=np.float64),
        bad=np.array(bad, dtype=np.bool_),
        disagreed=disagreed,
        others=others,
        p_pass_unlabelled=np.array(unlabelled, dtype=np.float64),
    )


def _first_said(record: Record, attempts: list[Attempt]) -> tuple[Attempt, set[Outcome | None]] | None:
    """Return the first of these attempts that was reviewed, and what its reviewers last said."""
    for attempt in attempts:
        words = last_words(attempt, record.reviews)
        if words:
            return attempt, {review.outcome for review in words.values()}
    return None


def _p_pass(attempt: Attempt) -> float:
    if attempt.prediction is None:
        return math.nan
    return attempt.prediction.p_outcome.get(Outcome.PASS, math.nan)
