"""Unknown is never a pass; worse is never better; a classifier can only take a pass away."""

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from defacto.anatomy.regions import Region
from defacto.config import AnatomySettings, DefaceSettings, QcSettings, Settings
from defacto.qc import Arrival, decide, decide_alone
from defacto.qc.decide import counted_features
from defacto.qc.measure import moved_name, seen_name, visible_name
from defacto.types import Feature, Measure, Outcome, Prediction

GOOD = {
    "brain_lost_ml": 0.0,
    "changed_outside": 0.0,
    "agreement_mm": 2.0,
    "score": 1.15,
    "turned_deg": 12.0,
    **{visible_name(feature): 0.01 for feature in Feature},
}
NEEDED = sorted(GOOD)
BESIDE = {
    "least_visible": st.floats(0, 1),
    "elsewhere_ml": st.floats(0, 200),
    "brain_agreement": st.floats(0, 1),
    **{seen_name(feature): st.floats(0, 1) for feature in Feature},
}
EARS = [name(feature) for feature in Feature if feature.is_ear for name in (visible_name, seen_name)]


def made(**values):
    changed = {**GOOD, **values}
    return {name: Measure(name, value, "", name != "score") for name, value in changed.items()}


def any_value(name):
    if name == "score":
        return st.floats(0.9, 1.4)
    return {"brain_lost_ml": st.floats(0, 50), "changed_outside": st.integers(0, 9).map(float)}.get(
        name, st.floats(0, 40) if name == "agreement_mm" else st.floats(0, 1)
    ) | st.just(GOOD[name])


measures = st.fixed_dictionaries({name: any_value(name) for name in NEEDED}, optional=BESIDE).map(
    lambda found: made(**found)
)
trees = st.builds(
    Settings,
    anatomy=st.builds(AnatomySettings, agreement_mm=st.floats(1, 20), min_score=st.floats(1.0, 1.2)),
    deface=st.builds(DefaceSettings, ears=st.booleans()),
    qc=st.builds(QcSettings, max_brain_lost_ml=st.floats(0, 5), max_feature_left=st.floats(0, 0.5)),
)
shares = st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(lambda each: sum(each) > 0)
predictions = shares.map(
    lambda each: Prediction("made", dict(zip(Outcome, (one / sum(each) for one in each), strict=True)))
)


def test_good_is_a_pass():
    decision = decide(made(), Settings())
    assert (decision.outcome, decision.sure) == (Outcome.PASS, True)


@pytest.mark.parametrize(
    "values",
    [{"brain_agreement": 0.5}, {"brain_agreement": None}, {"nose_seen": 0.7}, {"left_ear_seen": 0.9}],
)
def test_where_the_network_sees_something_else_a_person_looks(values):
    decision = decide(made(**values), Settings())
    assert (decision.outcome, decision.sure) == (None, False)
    assert decide(made(**values, nose_visible=0.5), Settings()).outcome is Outcome.SHALLOW


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({"brain_lost_ml": 0.1}, Outcome.DEEP),
        ({"nose_visible": 0.11}, Outcome.SHALLOW),
        ({"left_ear_visible": 0.5}, Outcome.SHALLOW),
        ({"brain_lost_ml": 0.1, "mouth_visible": 0.9}, Outcome.FAILURE),
        ({"nose_visible": 0.95, "least_visible": 0.91}, Outcome.FAILURE),
        ({"nose_visible": 0.95, "least_visible": 0.89}, Outcome.SHALLOW),
        ({"nose_visible": 0.5, "elsewhere_ml": 51.0}, Outcome.FAILURE),
        ({"elsewhere_ml": 51.0}, Outcome.PASS),
        ({"brain_lost_ml": 0.1, "elsewhere_ml": 51.0}, Outcome.DEEP),
        ({"agreement_mm": 12.1}, Outcome.FAILURE),
        ({"score": 1.049}, Outcome.FAILURE),
        ({"changed_outside": 1.0}, Outcome.FAILURE),
    ],
)
def test_what_is_wrong_has_its_name(values, outcome):
    assert decide(made(**values), Settings()).outcome == outcome


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, "missing"])
def test_unknown_is_never_a_pass(name, value):
    found = made()
    if value == "missing":
        del found[name]
    else:
        found[name] = replace(found[name], value=value)
    decision = decide(found, Settings())
    assert decision.outcome is None
    assert not decision.sure
    assert name in [reason.measure for reason in decision.reasons]


@given(
    measures,
    st.lists(st.sampled_from(NEEDED), min_size=1),
    st.sampled_from([None, math.nan, math.inf]),
    trees,
)
def test_unknown_is_never_a_pass_whatever_else_is_known(found, names, value, settings):
    counted = [visible_name(feature) for feature in counted_features(settings)]
    assume(any(name not in EARS or name in counted for name in names))
    broken = found | {name: replace(found[name], value=value) for name in names}
    assert decide(broken, settings).outcome != Outcome.PASS
    assert not decide(broken, settings).sure


def test_nothing_known_is_not_a_pass():
    decision = decide({}, Settings())
    assert decision.outcome is None
    assert len(decision.reasons) == len(NEEDED)


@given(measures, st.sampled_from(NEEDED), st.floats(0, 100), trees, st.none() | predictions)
def test_worse_measure_never_moves_a_scan_towards_acceptance(found, name, by, settings, prediction):
    value = found[name].value + (by if found[name].lower_is_better else -by)
    worse = found | {name: replace(found[name], value=value)}
    if decide(worse, settings, prediction).outcome == Outcome.PASS:
        assert decide(found, settings, prediction).outcome == Outcome.PASS


@given(measures, trees, predictions)
def test_a_classifier_can_only_take_a_pass_away_and_is_always_heard(found, settings, prediction):
    alone, heard = decide(found, settings), decide(found, settings, prediction)
    if alone.outcome is Outcome.PASS and prediction.p_outcome[Outcome.PASS] < settings.qc.p_pass:
        assert (heard.outcome, heard.sure) == (None, False)
    else:
        assert (heard.outcome, heard.sure) == (alone.outcome, alone.sure)
    assert heard.reasons[: len(alone.reasons)] == alone.reasons
    if alone.outcome is not None:
        assert "The classifier made gives a pass" in heard.reasons[-1].sentence


def test_the_classifier_says_which_features_it_makes_out():
    prediction = Prediction(
        "made 1", {Outcome.PASS: 0.1, Outcome.SHALLOW: 0.9}, {Feature.NOSE: 0.8, Feature.MOUTH: 0.2}
    )
    decision = decide(made(), Settings(), prediction)
    assert decision.reasons[-1].sentence == (
        "The classifier made 1 gives a pass a probability of 0.10, shallow 0.90; the limit is 0.75."
        " It makes out: nose."
    )


@given(st.sampled_from([0.0, 0.5, 0.749, math.nan, -1.0]) | st.none())
def test_classifier_that_is_not_sure_of_a_pass_sends_it_to_a_person(p_pass):
    p_outcome = {} if p_pass is None else {Outcome.PASS: p_pass}
    decision = decide(made(), Settings(), Prediction("made", p_outcome))
    assert decision.outcome is None
    assert not decision.sure


@given(measures, trees, st.none() | predictions)
def test_every_reason_is_a_sentence_with_value_and_limit(found, settings, prediction):
    decision = decide(found, settings, prediction)
    assert decision.reasons
    for reason in decision.reasons:
        assert reason.sentence.endswith(".")
        assert reason.measure is not None
        assert reason.value is not None
        assert reason.limit is not None
        said = (f"{reason.limit:g}", f"{reason.limit:.0%}", "none may", "No brain was removed")
        assert any(each in reason.sentence for each in said)


@given(measures, trees)
def test_reasons_of_anything_but_a_pass_stand_beyond_their_limit(found, settings):
    decision = decide(found, settings)
    for reason in decision.reasons:
        lower = reason.measure in {"score", "brain_agreement"}
        beyond = reason.value < reason.limit if lower else reason.value > reason.limit
        assert beyond == (decision.outcome != Outcome.PASS)


@pytest.mark.parametrize("name", EARS)
def test_ears_count_only_where_they_are_removed(name):
    keep = Settings(deface=DefaceSettings(ears=False))
    assert decide(made(**{name: 1.0}), Settings()).outcome != Outcome.PASS
    assert decide(made(**{name: 1.0}), keep).outcome == Outcome.PASS
    assert decide(made(**{name: None}), keep).outcome == Outcome.PASS


@given(st.floats(1e-4, 50))
def test_loss_is_never_rounded_away_in_the_sentence_that_tells_it(lost):
    (reason,) = decide(made(brain_lost_ml=lost), Settings()).reasons
    assert float(reason.sentence.split(" ml")[0]) == pytest.approx(lost, rel=0.01)


def said(outcome, p=0.97, **features):
    """Return a prediction that is so sure of an outcome."""
    rest = (1 - p) / 3
    return Prediction("made 1", {each: p if each is outcome else rest for each in Outcome}, features)


@pytest.mark.parametrize(
    ("lost", "limit", "said"),
    [
        (0.0, 0.0, "No brain was removed."),
        (0.0, 2.0, "No brain was removed."),
        (0.0549, 0.0, "0.0549 ml of brain were removed; none may be."),
        (1.5, 2.0, "1.5 ml of brain were removed; the limit is 2 ml."),
        (1234.5, 2.0, "1234 ml of brain were removed; the limit is 2 ml."),
    ],
)
def test_what_was_removed_of_the_brain_is_said_plainly(lost, limit, said):
    settings = Settings(qc=QcSettings(max_brain_lost_ml=limit))
    assert decide(made(brain_lost_ml=lost), settings).reasons[0].sentence == said


WHOLE = Arrival(features=(Region.LEFT_EAR,), bare_cm2=0.0, brain_ml=1300.0, head_ml=2500.0)


def test_alone_a_sure_classifier_is_believed_where_the_anatomy_network_sees_no_face():
    for outcome in Outcome:
        decision = decide_alone(said(outcome), WHOLE, Settings())
        assert (decision.outcome, decision.sure) == (outcome, True)


@given(st.sampled_from(list(Outcome)), st.floats(0.3, 0.74))
def test_alone_an_unsure_classifier_decides_nothing(outcome, p):
    decision = decide_alone(said(outcome, p), WHOLE, Settings())
    assert (decision.outcome, decision.sure) == (None, False)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"features": (Region.EYES, Region.NOSE)}, "eyes and a nose"),
        ({"bare_cm2": 30.0}, "lie bare"),
        ({"brain_ml": 20.0}, "No head was recognised"),
        ({"head_ml": 300.0}, "brain without a head"),
    ],
)
def test_alone_a_pass_is_doubted_and_what_is_no_head_is_not_judged(change, word):
    decision = decide_alone(said(Outcome.PASS), replace(WHOLE, **change), Settings())
    assert (decision.outcome, decision.sure) == (None, False)
    assert word in decision.reasons[0].sentence


@pytest.mark.parametrize("p", [math.nan, -1.0])
def test_alone_what_is_not_known_is_no_pass(p):
    prediction = Prediction("made 1", dict.fromkeys(Outcome, p))
    assert not decide_alone(prediction, WHOLE, Settings()).sure


MOVED = {
    "replaced_ml": 300.0,
    **{visible_name(feature): 0.9 for feature in Feature},
    **{seen_name(feature): 0.9 for feature in Feature},
    **{moved_name(feature): 3.0 for feature in Feature},
}


def test_a_replaced_face_passes_by_how_far_it_moved_whatever_can_be_seen():
    decision = decide(made(**MOVED), Settings())
    assert (decision.outcome, decision.sure) == (Outcome.PASS, True)
    assert "replaced" in decision.reasons[0].sentence
    assert decide(made(**{**MOVED, "replaced_ml": None}), Settings()).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({"nose_moved_mm": 0.4}, Outcome.SHALLOW),
        ({"left_ear_moved_mm": 0.4}, Outcome.SHALLOW),
        ({"brain_lost_ml": 0.2}, Outcome.DEEP),
        ({"brain_lost_ml": 0.2, "nose_moved_mm": 0.4}, Outcome.FAILURE),
        ({moved_name(feature): 0.1 for feature in Feature}, Outcome.FAILURE),
        ({"agreement_mm": 30.0}, Outcome.FAILURE),
        ({"brain_agreement": 0.5}, None),
        ({"turned_deg": 90.0}, None),
    ],
)
def test_what_is_wrong_with_a_replaced_face_has_its_name(values, outcome):
    assert decide(made(**{**MOVED, **values}), Settings()).outcome is outcome


@pytest.mark.parametrize("feature", list(Feature))
@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_replaced_face_without_its_pair_is_never_a_pass(feature, value):
    decision = decide(made(**{**MOVED, moved_name(feature): value}), Settings())
    assert (decision.outcome, decision.sure) == (None, False)
    gone = {**MOVED, moved_name(feature): value, visible_name(feature): 0.0}
    assert decide(made(**gone), Settings()).outcome is Outcome.PASS


@given(st.floats(0, 10), st.floats(0, 10), st.sampled_from(list(Feature)))
def test_a_skin_that_moved_less_is_never_better(one, other, feature):
    less, more = sorted((one, other))
    passed = [
        decide(made(**{**MOVED, moved_name(feature): mm}), Settings()).outcome is Outcome.PASS
        for mm in (less, more)
    ]
    assert passed != [True, False]


@given(predictions)
def test_of_a_replaced_face_no_classifier_is_heard(prediction):
    assert decide(made(**MOVED), Settings(), prediction) == decide(made(**MOVED), Settings())


@given(predictions)
def test_alone_a_replaced_face_is_never_a_pass(prediction):
    arrival = Arrival((), 0.0, 1200.0, 3000.0)
    decision = decide_alone(prediction, arrival, Settings(), replaced=True)
    assert (decision.outcome, decision.sure) == (None, False)
    assert "original" in decision.reasons[0].sentence
