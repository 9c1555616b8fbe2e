"""What people said of scans that a classifier judged: the labels it is calibrated by, and learns from."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from defacto.pipeline.records import Record
from defacto.pipeline.run_settings import saved_settings
from defacto.pipeline.state import ORDER, last_words, lot
from defacto.pipeline.store import Store
from defacto.qc.calibrate import THRESHOLDS
from defacto.types import Attempt, Labelled, Outcome


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
    lot, lot_unlabelled : ndarray, shapes (n,) and (m,)
        Place of each scan where scans are read at random, 0 to 1.
    """

    model: str
    p_pass: npt.NDArray[np.float64]
    bad: npt.NDArray[np.bool_]
    disagreed: int
    others: int
    p_pass_unlabelled: npt.NDArray[np.float64]
    lot: npt.NDArray[np.float64]
    lot_unlabelled: npt.NDArray[np.float64]

    def first(self, count: int) -> tuple[Labels, int]:
        """Return the scans that come first by lot, of those that a threshold could accept: a fair sample.

        Parameters
        ----------
        count : int
            How many; to be decided before anybody labels.

        Returns
        -------
        Labels
        int
            How many of these nobody labelled yet.
        """
        able, able_unlabelled = (p >= THRESHOLDS[-1] for p in (self.p_pass, self.p_pass_unlabelled))
        places = np.sort(np.concatenate([self.lot[able], self.lot_unlabelled[able_unlabelled]]))
        last = places[min(count, len(places)) - 1] if len(places) else -1.0
        taken, lacking = able & (self.lot <= last), able_unlabelled & (self.lot_unlabelled <= last)
        sample = replace(self, p_pass=self.p_pass[taken], bad=self.bad[taken], lot=self.lot[taken])
        return sample, int(lacking.sum())


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
    lots: list[float] = []
    lots_unlabelled: list[float] = []
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
            lots.append(lot(record.scan.name, ORDER))
        elif _first_said(record, judged) is not None:
            others += 1
        elif ours:
            unlabelled.append(_p_pass(ours[-1]))
            lots_unlabelled.append(lot(record.scan.name, ORDER))
    return Labels(
        model=model,
        p_pass=np.array(p_pass, dtype=np.float64),
        bad=np.array(bad, dtype=np.bool_),
        disagreed=disagreed,
        others=others,
        p_pass_unlabelled=np.array(unlabelled, dtype=np.float64),
        lot=np.array(lots, dtype=np.float64),
        lot_unlabelled=np.array(lots_unlabelled, dtype=np.float64),
    )


def labelled_looks(out: Path) -> tuple[list[Labelled], int]:
    """Return what a run's classifier saw of each attempt that people judged, all alike.

    Parameters
    ----------
    out : Path
        Output folder of a run.

    Returns
    -------
    list of Labelled
    int
        How many attempts people judged alike of which nothing to learn from was kept.
    """
    found, without = [], 0
    ears = saved_settings(out).deface.ears
    for record in Store.open(out).records():
        for attempt in record.attempts:
            words = last_words(attempt, record.reviews).values()
            said = {review.outcome for review in words}
            outcome = said.pop() if len(said) == 1 else None
            if outcome is None:
                continue
            looks = out / attempt.files.get("looks", "")
            if looks.is_file():
                seen = frozenset(feature for review in words for feature in review.features)
                found.append(Labelled(record.scan.subject, looks, outcome, ears, seen))
            else:
                without += 1
    return found, without


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
