"""From measures to a decision, with reasons; unknown is never a pass."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from defacto.anatomy.regions import Region
from defacto.config import Settings
from defacto.qc.measure import moved_name, seen_name, visible_name
from defacto.types import Decision, Feature, Measures, Outcome, Prediction, Reason

if TYPE_CHECKING:
    from defacto.qc.arrived import Arrival

REPLACED = "replaced_ml"
"""The measure that is there where a face was replaced or blurred."""
_UNTOUCHED_MM = 0.3
_LEAST_BRAIN_ML = 300.0
_LEAST_HEAD = 0.5
"""With less around it than this share of its volume, a brain is alone."""
_UNPAIRED = (
    "The face was replaced or blurred. Whether it is still the person's own can only be told beside"
    " the original: `defacto deface` and `defacto run` do."
)
_A = {
    Outcome.PASS: "a pass",
    Outcome.DEEP: "deep",
    Outcome.SHALLOW: "shallow",
    Outcome.FAILURE: "a failure",
}
_WORDS = {
    Feature.LEFT_EYE: "left eye",
    Feature.RIGHT_EYE: "right eye",
    Feature.NOSE: "nose",
    Feature.MOUTH: "mouth",
    Feature.LEFT_EAR: "left ear",
    Feature.RIGHT_EAR: "right ear",
}


def decide(measures: Measures, settings: Settings, prediction: Prediction | None = None) -> Decision:
    """Conclude how a defacing ended.

    In this order: what is not known makes the machine unsure; voxels changed outside the mask,
    registrations that do not agree, or a head that is not like the template are a *failure*; brain lost
    and a feature visible at once too, and a face that was not touched, and one that is visible while
    tissue far from it is gone; brain lost alone is *deep*, a feature visible alone *shallow*; the rest is
    a *pass*, unless the head lies turned or the anatomy network sees another brain or a feature: then a
    person looks. A classifier's opinion can only take a pass away, never give one.

    Where a face was replaced or blurred, what can be seen says nothing: then a feature must have moved by
    ``qc.min_moved_mm`` instead, and no classifier is heard, which would see a face either way.

    Parameters
    ----------
    measures : mapping of str to Measure
        From `defacto.qc.measure`.
    settings : Settings
        ``qc`` and ``anatomy`` hold the limits; ``deface.ears`` says whether ears count.
    prediction : Prediction, optional
        A classifier's opinion.
    """
    measured = _by_measures(measures, settings)
    if prediction is None or REPLACED in measures:
        return measured
    return _join(measured, prediction, settings)


def _by_measures(measures: Measures, settings: Settings) -> Decision:
    unknown = _unknown(measures, settings)
    if unknown:
        return Decision(None, unknown, sure=False)
    misplaced = _misplaced(measures, settings)
    if misplaced:
        return Decision(Outcome.FAILURE, misplaced)
    if REPLACED in measures:
        return _by_pairs(measures, settings)
    lost, visible = _brain_lost(measures, settings), _visible(measures, settings)
    if lost or visible:
        missed = _missed(measures, settings) if visible else ()
        beside = bool(visible and (lost or missed))
        outcome = Outcome.FAILURE if beside else Outcome.SHALLOW if visible else Outcome.DEEP
        return Decision(outcome, missed + lost + visible)
    doubtful = _turned(measures, settings) + _doubted(measures, settings, counted_features(settings))
    if doubtful:
        return Decision(None, doubtful, sure=False)
    return _passed(measures, settings)


def _by_pairs(measures: Measures, settings: Settings) -> Decision:
    """Conclude how the replacing of a face ended: only by how far its skin moved from the person's own."""
    features = _face_there(measures, settings)
    unknown = tuple(
        Reason(f"{moved_name(f)} could not be measured; a person looks.", moved_name(f))
        for f in features
        if _value(measures, moved_name(f)) is None
    )
    if unknown:
        return Decision(None, unknown, sure=False)
    lost, limit = _brain_lost(measures, settings), settings.qc.min_moved_mm
    moved = {feature: _value(measures, moved_name(feature)) or 0.0 for feature in features}
    kept = tuple(
        Reason(
            f"The {_WORDS[f]} has its own shape still: its skin moved by {mm:.1f} mm;"
            f" at least {limit:g} mm is needed.",
            moved_name(f),
            mm,
            limit,
        )
        for f, mm in moved.items()
        if mm < limit
    )
    face = [mm for feature, mm in moved.items() if not feature.is_ear]
    if kept:
        missed = bool(lost) or max(face, default=math.inf) < _UNTOUCHED_MM
        return Decision(Outcome.FAILURE if missed else Outcome.SHALLOW, lost + kept)
    if lost:
        return Decision(Outcome.DEEP, lost)
    doubtful = _turned(measures, settings) + _doubted(measures, settings, ())
    if doubtful:
        return Decision(None, doubtful, sure=False)
    least = min(moved, key=lambda feature: moved[feature], default=None)
    said = (
        f"the skin of every feature changed its shape, least the {_WORDS[least]} by {moved[least]:.1f} mm"
        if least
        else "no feature is in view"
    )
    sentence = (
        f"The face was replaced, not removed. Against the original {said}; at least {limit:g} mm is needed."
        " No picture can tell that: it still shows a face, but another."
    )
    name = moved_name(least) if least else None
    reason = Reason(sentence, name, moved[least] if least else None, limit if least else None)
    return Decision(Outcome.PASS, (reason,))


def _face_there(measures: Measures, settings: Settings) -> tuple[Feature, ...]:
    """Return the counted features of which there is skin after the face was replaced."""
    return tuple(f for f in counted_features(settings) if _value(measures, visible_name(f)) != 0.0)


def _join(measured: Decision, prediction: Prediction, settings: Settings) -> Decision:
    """Return what was measured, with the classifier's opinion; no outcome for a pass that it does not see.

    Where it sees a pass and the measures do not, the measures stand: another attempt may settle it, and after
    the last one a person reads the reasons of both.
    """
    if measured.outcome is None:
        return measured
    p_pass, limit = prediction.p_outcome.get(Outcome.PASS, math.nan), settings.qc.p_pass
    reasons = (*measured.reasons, _opinion(prediction, Outcome.PASS, limit))
    if measured.outcome is Outcome.PASS and not p_pass >= limit:
        return Decision(None, reasons, sure=False)
    return Decision(measured.outcome, reasons, measured.sure)


def _opinion(prediction: Prediction, outcome: Outcome, limit: float) -> Reason:
    """Return how likely the classifier finds an outcome, what else it finds likely, and what it makes out."""
    p = prediction.p_outcome.get(outcome, math.nan)
    others = {o: q for o, q in prediction.p_outcome.items() if o is not outcome and not math.isnan(q)}
    second = max(others, key=lambda each: others[each], default=None)
    besides = f", {second.value} {others[second]:.2f}" if second and others[second] >= 0.005 else ""
    seen = [_WORDS[feature] for feature, q in prediction.p_feature.items() if q >= 0.5]
    features = (
        f" It makes out: {', '.join(seen)}." if seen and not (outcome is Outcome.PASS and p >= limit) else ""
    )
    sentence = (
        f"The classifier {prediction.model} gives {_A[outcome]} a probability of {p:.2f}{besides};"
        f" the limit is {limit:g}.{features}"
    )
    return Reason(sentence, f"p_{outcome.value}", p, limit)


def decide_alone(
    prediction: Prediction, arrival: Arrival, settings: Settings, *, replaced: bool = False
) -> Decision:
    """Conclude from a scan alone: no original, no measures of what was lost.

    Classifier and anatomy network carry it together. A pass needs the one to be sure, and the other not to
    see eyes and nose, nor brain laid bare; any other outcome needs the classifier to be sure. What is not a
    head is not judged.

    Parameters
    ----------
    prediction : Prediction
        Of the classifier, with ears or without.
    arrival : Arrival
        From `defacto.qc.look_at`.
    settings : Settings
        ``qc.p_pass``, ``qc.p_other`` and ``qc.max_bare_cm2``.
    replaced : bool
        Whether the face is known to have been replaced or blurred: such a scan is not judged without its
        original.
    """
    strange = _UNPAIRED if replaced else _strange(arrival)
    if strange:
        return Decision(None, (Reason(strange),), sure=False)
    likely = max(prediction.p_outcome, key=lambda outcome: prediction.p_outcome[outcome])
    p, limits = prediction.p_outcome[likely], settings.qc
    limit = limits.p_pass if likely is Outcome.PASS else limits.p_other
    opinion = _opinion(prediction, likely, limit)
    if not p >= limit:
        return Decision(None, (opinion,), sure=False)
    if likely is not Outcome.PASS:
        return Decision(likely, (opinion,))
    doubts = _seen_alone(arrival, settings)
    return Decision(None, (*doubts, opinion), sure=False) if doubts else Decision(Outcome.PASS, (opinion,))


def _strange(arrival: Arrival) -> str | None:
    if arrival.brain_ml < _LEAST_BRAIN_ML:
        return (
            f"No head was recognised: {arrival.brain_ml:.0f} ml of what could be brain,"
            f" expected {_LEAST_BRAIN_ML:g} ml or more."
        )
    if arrival.head_ml < _LEAST_HEAD * arrival.brain_ml:
        return "This is a brain without a head: there is no face to judge."
    return None


def _seen_alone(arrival: Arrival, settings: Settings) -> tuple[Reason, ...]:
    reasons = []
    if set(arrival.features) >= {Region.EYES, Region.NOSE}:
        reasons.append(Reason("The anatomy network sees both eyes and a nose."))
    limit = settings.qc.max_bare_cm2
    if arrival.bare_cm2 > limit:
        bare = f"{arrival.bare_cm2:.0f} cm2 of the brain lie bare, with less than 3 mm over them"
        sentence = f"{bare}; the limit is {limit:g} cm2."
        reasons.append(Reason(sentence, "bare_cm2", arrival.bare_cm2, limit))
    return tuple(reasons)


def counted_features(settings: Settings) -> tuple[Feature, ...]:
    """Return the features that a pass may not show: ears only where ears are removed."""
    return tuple(feature for feature in Feature if settings.deface.ears or not feature.is_ear)


def _value(measures: Measures, name: str) -> float | None:
    """Return a measure's value, or None where it is missing or not a finite number."""
    found = measures.get(name)
    value = found.value if found is not None else None
    return value if value is not None and math.isfinite(value) else None


def _unknown(measures: Measures, settings: Settings) -> tuple[Reason, ...]:
    names = ["brain_lost_ml", "changed_outside", "agreement_mm", "score", "turned_deg"]
    names += [visible_name(feature) for feature in counted_features(settings)]
    return tuple(
        Reason(f"{name} could not be measured; a person looks.", measure=name)
        for name in names
        if _value(measures, name) is None
    )


def _misplaced(measures: Measures, settings: Settings) -> tuple[Reason, ...]:
    outside = _value(measures, "changed_outside") or 0.0
    apart = _value(measures, "agreement_mm") or 0.0
    score = _value(measures, "score") or 0.0
    apart_limit, score_limit = settings.anatomy.agreement_mm, settings.anatomy.min_score
    reasons = []
    if outside > 0:
        sentence = f"{outside:.0f} voxels changed outside the mask; none may."
        reasons.append(Reason(sentence, "changed_outside", outside, 0.0))
    if apart > apart_limit:
        sentence = f"The two registrations lie {apart:.1f} mm apart; the limit is {apart_limit:g} mm."
        reasons.append(Reason(sentence, "agreement_mm", apart, apart_limit))
    if score < score_limit:
        sentence = (
            f"The registered head is too unlike the template: {score:.3f}; the limit is {score_limit:g}."
        )
        reasons.append(Reason(sentence, "score", score, score_limit))
    return tuple(reasons)


def _turned(measures: Measures, settings: Settings) -> tuple[Reason, ...]:
    turned, limit = _value(measures, "turned_deg") or 0.0, settings.anatomy.max_turned_deg
    if turned <= limit:
        return ()
    sentence = (
        f"The head lies turned by {turned:.0f} degrees against its header, so the pictures may not show its"
        f" face; the limit is {limit:g} degrees."
    )
    return (Reason(sentence, "turned_deg", turned, limit),)


def _doubted(measures: Measures, settings: Settings, features: tuple[Feature, ...]) -> tuple[Reason, ...]:
    """Say where the anatomy network, which no registration can mislead, sees another brain or a feature."""
    reasons = []
    alike, least = _value(measures, "brain_agreement"), settings.qc.min_brain_agreement
    if alike is not None and alike < least:
        sentence = f"Registration and network see different brains: Dice {alike:.2f}; the limit is {least:g}."
        reasons.append(Reason(sentence, "brain_agreement", alike, least))
    elif "brain_agreement" in measures and alike is None:
        reasons.append(Reason("The network sees no brain; a person looks.", "brain_agreement"))
    limit = settings.qc.max_feature_seen
    for feature in features:
        share = _value(measures, seen_name(feature)) or 0.0
        if share > limit:
            word = _WORDS[feature]
            sentence = (
                f"{share:.0%} of the skin of what the network takes for the {word} is left; the limit is"
            )
            reasons.append(Reason(f"{sentence} {limit:.0%}.", seen_name(feature), share, limit))
    return tuple(reasons)


def _brain_lost(measures: Measures, settings: Settings) -> tuple[Reason, ...]:
    lost, limit = _value(measures, "brain_lost_ml") or 0.0, settings.qc.max_brain_lost_ml
    if lost <= limit:
        return ()
    return (Reason(_lost_sentence(lost, limit), "brain_lost_ml", lost, limit),)


def _lost_sentence(lost: float, limit: float) -> str:
    if not lost:
        return "No brain was removed."
    most = f"the limit is {limit:g} ml" if limit else "none may be"
    return f"{lost:{'.3g' if lost < 100 else '.0f'}} ml of brain were removed; {most}."


def _visible(measures: Measures, settings: Settings) -> tuple[Reason, ...]:
    limit = settings.qc.max_feature_left
    reasons = []
    for feature in counted_features(settings):
        name = visible_name(feature)
        share = _value(measures, name) or 0.0
        if share > limit:
            sentence = f"{share:.0%} of the {_WORDS[feature]} is still visible; the limit is {limit:.0%}."
            reasons.append(Reason(sentence, name, share, limit))
    return tuple(reasons)


def _missed(measures: Measures, settings: Settings) -> tuple[Reason, ...]:
    """Say how a visible feature shows that the cut missed the face; unknown measures show nothing."""
    least, elsewhere = _value(measures, "least_visible") or 0.0, _value(measures, "elsewhere_ml") or 0.0
    untouched, limit = settings.qc.untouched_share, settings.qc.max_elsewhere_ml
    reasons = []
    if least > untouched:
        sentence = (
            f"At least {least:.0%} of each of eyes, nose and mouth is still visible: the face is untouched;"
            f" the limit is {untouched:.0%}."
        )
        reasons.append(Reason(sentence, "least_visible", least, untouched))
    if elsewhere > limit:
        sentence = f"{elsewhere:.0f} ml were removed far from every feature; the limit is {limit:g} ml."
        reasons.append(Reason(sentence, "elsewhere_ml", elsewhere, limit))
    return tuple(reasons)


def _passed(measures: Measures, settings: Settings) -> Decision:
    lost = _value(measures, "brain_lost_ml") or 0.0
    name, share = max(
        (
            (visible_name(feature), _value(measures, visible_name(feature)) or 0.0)
            for feature in counted_features(settings)
        ),
        key=lambda each: each[1],
    )
    most = settings.qc.max_brain_lost_ml
    brain = Reason(_lost_sentence(lost, most), "brain_lost_ml", lost, most)
    limit = settings.qc.max_feature_left
    left = "Less than 1%" if share < 0.005 else f"At most {share:.0%}"
    sentence = f"{left} of any feature is still visible; the limit is {limit:.0%}."
    face = Reason(sentence, name, share, limit)
    return Decision(Outcome.PASS, (brain, face))
