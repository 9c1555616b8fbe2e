"""From measures to a decision, with reasons; unknown is never a pass."""

from __future__ import annotations

import math

from defacto.config import Settings
from defacto.qc.measure import seen_name, visible_name
from defacto.types import Decision, Feature, Measures, Outcome, Prediction, Reason

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

    Parameters
    ----------
    measures : mapping of str to Measure
        From `defacto.qc.measure`.
    settings : Settings
        ``qc`` and ``anatomy`` hold the limits; ``deface.ears`` says whether ears count.
    prediction : Prediction, optional
        A classifier's opinion.
    """
    unknown = _unknown(measures, settings)
    if unknown:
        return Decision(None, unknown, sure=False)
    misplaced = _misplaced(measures, settings)
    if misplaced:
        return Decision(Outcome.FAILURE, misplaced)
    lost, visible = _brain_lost(measures, settings), _visible(measures, settings)
    if lost or visible:
        missed = _missed(measures, settings) if visible else ()
        beside = bool(visible and (lost or missed))
        outcome = Outcome.FAILURE if beside else Outcome.SHALLOW if visible else Outcome.DEEP
        return Decision(outcome, missed + lost + visible)
    doubtful = _turned(measures, settings) + _doubted(measures, settings)
    if doubtful:
        return Decision(None, doubtful, sure=False)
    return _heard(prediction, settings, _passed(measures, settings))


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
        sentence = f"{outside:.0f} voxels changed outside the mask; the limit is 0."
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


def _doubted(measures: Measures, settings: Settings) -> tuple[Reason, ...]:
    """Say where the anatomy network, which no registration can mislead, sees something else."""
    reasons = []
    alike, least = _value(measures, "brain_agreement"), settings.qc.min_brain_agreement
    if alike is not None and alike < least:
        sentence = f"Registration and network see different brains: Dice {alike:.2f}; the limit is {least:g}."
        reasons.append(Reason(sentence, "brain_agreement", alike, least))
    elif "brain_agreement" in measures and alike is None:
        reasons.append(Reason("The network sees no brain; a person looks.", "brain_agreement"))
    limit = settings.qc.max_feature_seen
    for feature in counted_features(settings):
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
    sentence = f"{lost:.3g} ml of brain were removed; the limit is {limit:g} ml."
    return (Reason(sentence, "brain_lost_ml", lost, limit),)


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
    lost = _value(measures, "brain_lost_ml")
    name, share = max(
        (
            (visible_name(feature), _value(measures, visible_name(feature)) or 0.0)
            for feature in counted_features(settings)
        ),
        key=lambda each: each[1],
    )
    brain = Reason(
        f"{lost:.1f} ml of brain were removed; the limit is {settings.qc.max_brain_lost_ml:g} ml.",
        "brain_lost_ml",
        lost,
        settings.qc.max_brain_lost_ml,
    )
    limit = settings.qc.max_feature_left
    face = Reason(
        f"At most {share:.0%} of any feature is still visible; the limit is {limit:.0%}.", name, share, limit
    )
    return Decision(Outcome.PASS, (brain, face))


def _heard(prediction: Prediction | None, settings: Settings, passed: Decision) -> Decision:
    """Return the pass only where the classifier, if there is one, is sure of it too."""
    if prediction is None:
        return passed
    p_pass = prediction.p_outcome.get(Outcome.PASS, float("nan"))
    limit = settings.qc.p_pass
    if p_pass >= limit:
        return passed
    sentence = f"The classifier gives a pass a probability of {p_pass:.2f}; the limit is {limit:g}."
    return Decision(None, (Reason(sentence, "p_pass", p_pass, limit),), sure=False)
