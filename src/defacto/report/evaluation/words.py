"""The sentences of an evaluation's page."""

from __future__ import annotations

import math

from defacto.qc.evaluation import Evaluation
from defacto.report.figures import decimals, percent, span
from defacto.report.words import count


def headline(found: Evaluation) -> str:
    """Return the accuracy in a sentence."""
    persons = f" of {count(found.persons, 'person')}" if found.persons else ""
    bounds = (found.accuracy.low, found.accuracy.high)
    known = "" if math.isnan(sum(bounds)) else f" (95 % interval {span(bounds)} %)"
    scans = f"{count(found.scans, 'scan')}{persons}"
    return f"{percent(found.accuracy.value)} of {scans} are called what they are{known}"


def sentence(found: Evaluation) -> str:
    """Return what the thresholds do, and how many failures slip through."""
    settled = found.settled
    if not settled.accepted.count:
        return f"At the thresholds in use ({thresholds(found)}) no scan is accepted."
    text = (
        f"At the thresholds in use ({thresholds(found)}) {percent(settled.accepted.value)} are accepted, and"
        f" {percent(settled.right.value)} of those are right ({span(settled.right.interval)} %);"
        " the others go to a person. "
    )
    missed = settled.missed
    if not missed.of:
        return text + "No pass is accepted."
    if missed.of == 1:
        return text + f"One pass is accepted, and it is {'not ' if missed.count else ''}truly a pass."
    are = (
        f"{missed.count:,} is"
        if missed.count == 1
        else f"{missed.count:,} are"
        if missed.count
        else "none is"
    )
    return (
        f"{text}Of {missed.of:,} accepted passes {are} truly not a pass: a miss rate of"
        f" {percent(missed.value)}, at most {percent(settled.missed_at_most)} with 95 % confidence."
    )


def thresholds(found: Evaluation) -> str:
    """Return the thresholds in use."""
    p_pass, p_other = found.settled.p_pass, found.settled.p_other
    return f"{threshold(p_pass)} for pass, {threshold(p_other)} for the others"


def calibration(found: Evaluation) -> str:
    """Return what the calibration error means here."""
    known = [each for each in found.bins if each.right.of]
    if not known:
        return "No scan has an answer."
    answered = sum(each.right.of for each in known)
    promised = sum(each.mean_p * each.right.of for each in known) / answered
    held = sum(each.right.count for each in known) / answered
    word = "more sure than right" if promised > held else "less sure than right"
    word = "as sure as it is right" if abs(promised - held) < 0.005 else word
    return (
        f"The classes chosen have a mean probability of {percent(promised)} and are right in {percent(held)}:"
        f" on the whole the classifier is {word}. Points below the dashed line are more sure than right."
    )


def roc(found: Evaluation) -> str:
    """Return how the ROC curves are to be read."""
    return (
        f"A of Hand and Till (2001) is the chance that of two scans, one of each class, the right one has the"
        f" higher probability: 1 is perfect, 0.5 is guessing. Its mean over all pairs is"
        f" {decimals(found.macro_auc.value)}, and {decimals(found.settled_macro_auc)} among the accepted"
        f" scans. Where all curves come near the upper left corner, that alone is shown."
    )


def method(found: Evaluation) -> list[str]:
    """Return how figures and intervals come about."""
    drawn = "persons" if found.persons else "scans"
    first = (
        "accuracy, macro AUC, calibration error and F1"
        if found.persons
        else "macro AUC, calibration error and F1"
    )
    lines = [
        f"The 95 % intervals of {first} come from drawing {drawn} again and again"
        " (bootstrap); the others are those of Wilson.",
        "The bound of the miss rate is the exact one of Clopper and Pearson, one-sided. Like Wilson's"
        " intervals it takes scans as independent; scans of one person are less so.",
        f"The log loss, the mean of -ln p of the true class, is {decimals(found.log_loss)}.",
        "The calibration error (ECE) is the mean distance between probability and share right over"
        f" {len(found.bins)} bins of equal width: of the class chosen, and, in the table of classes, of each"
        " class's own probability.",
        "Of equal probabilities the class farther from a pass is chosen. A dash: not known, as there is no"
        " scan to tell from.",
    ]
    if found.unanswered:
        lines.append(
            f"{count(found.unanswered, 'scan')} without an answer: never right and never accepted, and left"
            " out of areas, log loss and calibration."
        )
    return lines


def threshold(p: float) -> str:
    """Return a threshold with two decimals, or more where it has them."""
    return f"{p:.2f}" if round(p, 2) == p else f"{p:.4g}"
