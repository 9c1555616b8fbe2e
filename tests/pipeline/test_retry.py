from dataclasses import replace

from attempts_made_up import make_attempt
from hypothesis import given
from hypothesis import strategies as st

from defacto.config import DefaceSettings, Settings, deface_settings
from defacto.pipeline.retry import LEAST_FRACTION, next_parameters
from defacto.types import Outcome

MANY = Settings(retry=replace(Settings().retry, max_attempts=20))
BAD = [Outcome.DEEP, Outcome.SHALLOW, Outcome.FAILURE]


def play(outcomes, settings=MANY):
    """Return the parameters of each attempt when the attempts end so."""
    tried = []
    for outcome in outcomes:
        parameters = next_parameters(tried, settings)
        tried.append(make_attempt(len(tried) + 1, outcome, parameters=parameters))
    return [deface_settings(a.parameters) for a in tried] + [next_parameters(tried, settings)]


def test_the_first_attempt_takes_the_settings():
    assert next_parameters([], Settings()) == DefaceSettings()


def test_shallow_moves_the_cut_back_and_deep_forward_step_by_step():
    assert [p.nudge_mm[1] for p in play([Outcome.SHALLOW] * 2)] == [0, -5, -10]
    assert [p.nudge_mm[1] for p in play([Outcome.DEEP] * 2)] == [0, 5, 10]


def test_between_two_bad_places_it_takes_the_middle():
    nudges = [p.nudge_mm[1] for p in play([Outcome.DEEP, Outcome.SHALLOW, Outcome.DEEP, Outcome.SHALLOW])]
    assert nudges == [0, 5, 2.5, 3.75, 3.125]
    assert [p.nudge_mm[1] for p in play([Outcome.DEEP, Outcome.SHALLOW, Outcome.SHALLOW])][-1] == 1.25


def test_failure_takes_the_next_rung():
    first, second, third = play([Outcome.FAILURE] * 2)
    assert (first.bias_correction, first.fraction, first.rung) == (False, 0.5, 0)
    assert (second.bias_correction, second.fraction, second.rung) == (True, 0.35, 1)
    assert (third.bias_correction, third.fraction, third.rung) == (True, 0.2, 2)


def test_a_persons_word_outweighs_the_machines():
    tried = [make_attempt(1, Outcome.PASS)]
    assert next_parameters(tried, Settings(), [Outcome.SHALLOW]).nudge_mm == (0, -5, 0)


@given(st.lists(st.sampled_from([None, *Outcome]), min_size=1, max_size=6), st.integers(1, 5))
def test_no_more_than_the_settings_allow_and_never_after_a_pass(outcomes, most):
    settings = Settings(retry=replace(Settings().retry, max_attempts=most))
    tried = [make_attempt(i + 1, outcome) for i, outcome in enumerate(outcomes)]
    parameters = next_parameters(tried, settings)
    allowed = len(outcomes) < most and outcomes[-1] in BAD
    assert (parameters is not None) == allowed


@given(st.lists(st.sampled_from(BAD), max_size=12))
def test_each_attempt_differs_and_what_was_gained_is_kept(outcomes):
    tried = play(outcomes)
    for before, outcome, after in zip(tried, outcomes, tried[1:], strict=False):
        assert after != before
        assert after.bias_correction >= before.bias_correction
        assert LEAST_FRACTION <= after.fraction <= before.fraction
        assert after.rung >= before.rung
        assert (after.nudge_mm[0], after.nudge_mm[2]) == (before.nudge_mm[0], before.nudge_mm[2])
        moved = after.nudge_mm[1] - before.nudge_mm[1]
        assert (moved < 0) == (outcome is Outcome.SHALLOW)
        assert (moved > 0) == (outcome is Outcome.DEEP)


@given(st.lists(st.sampled_from(BAD), max_size=12))
def test_a_place_known_to_be_bad_is_not_tried_again(outcomes):
    places = [p.nudge_mm[1] for p in play([o for o in outcomes if o is not Outcome.FAILURE])]
    assert len(set(places)) == len(places)
