from dataclasses import replace

import pytest
from attempts_made_up import SCAN, histories, make_attempt
from hypothesis import given
from hypothesis import strategies as st

from defacto.config import Settings, from_mapping
from defacto.pipeline.retry import next_parameters
from defacto.pipeline.state import standing_of, state_of, tries, with_reviews
from defacto.types import Outcome, Review, State

PERSON = Settings()
NOBODY = from_mapping({"qc": {"verify": "none"}})


def test_what_was_never_tried_is_new():
    assert state_of(SCAN, [], [], PERSON) is State.NEW


def test_a_pass_waits_for_a_person_unless_nobody_verifies():
    assert state_of(SCAN, [make_attempt()], [], PERSON) is State.VERIFY
    assert state_of(SCAN, [make_attempt()], [], NOBODY) is State.CLEARED


def test_any_other_word_for_verify_means_a_person():
    odd = from_mapping({"qc": {"verify": "nobody"}})
    assert state_of(SCAN, [make_attempt()], [], odd) is State.VERIFY


def test_a_person_clears():
    assert state_of(SCAN, [make_attempt()], [Review(1, Outcome.PASS, "Ada")], PERSON) is State.CLEARED


def test_a_review_counts_for_its_own_attempt_only():
    tried = [make_attempt(1, Outcome.SHALLOW), make_attempt(2, None)]
    assert state_of(SCAN, tried, [Review(1, Outcome.PASS, "Ada")], PERSON) is State.MANUAL


def test_reviewers_who_disagree_clear_nothing():
    said = [Review(1, Outcome.PASS, "Ada"), Review(1, Outcome.DEEP, "Bo")]
    standing = standing_of(SCAN, [make_attempt()], said, NOBODY)
    assert standing.state is State.MANUAL
    assert "Ada says pass; Bo says deep" in standing.reason


def test_a_reviewer_may_correct_a_slip():
    said = [Review(1, Outcome.DEEP, "Ada"), Review(1, Outcome.PASS, "Ada")]
    assert state_of(SCAN, [make_attempt()], said, PERSON) is State.CLEARED


def test_not_a_pass_is_tried_again_and_then_stays_inside():
    shallow = Review(1, Outcome.SHALLOW, "Ada")
    assert state_of(SCAN, [make_attempt()], [shallow], PERSON) is State.RETRY
    three = [make_attempt(n, Outcome.SHALLOW) for n in (1, 2)] + [make_attempt(3)]
    assert state_of(SCAN, three, [replace(shallow, attempt=3)], PERSON) is State.REJECTED


def test_used_up_attempts_go_to_a_person():
    tried = [make_attempt(n, Outcome.FAILURE) for n in (1, 2, 3)]
    assert state_of(SCAN, tried, [], PERSON) is State.MANUAL


def test_an_unusable_input_is_refused_with_its_sentence():
    standing = standing_of(SCAN, [make_attempt(1, None, sure=False, error="It is 2D.")], [], NOBODY)
    assert (standing.state, standing.reason) == (State.REFUSED, "It is 2D.")


def test_a_crash_waits_and_is_run_again():
    crashed = replace(SCAN, crash="Stopped.")
    for tried in ([], [make_attempt(1, Outcome.SHALLOW)]):
        standing = standing_of(crashed, tried, [], NOBODY)
        assert standing.state is State.MANUAL
        assert standing.to_do


def test_refusals_are_no_tries():
    tried = [make_attempt(n, None, sure=False, error="Broken.") for n in (1, 2, 3)]
    tried.append(make_attempt(4, Outcome.SHALLOW))
    assert state_of(SCAN, tried, [], PERSON) is State.RETRY


@given(histories(), st.sampled_from([PERSON, NOBODY]))
def test_cleared_only_by_a_sure_machine_or_people_of_one_mind(history, settings):
    tried, said = history
    if state_of(SCAN, tried, said, settings) is not State.CLEARED:
        return
    last = tried[-1]
    words = {r.reviewer: r.outcome for r in said if r.attempt == last.number}
    assert last.error is None
    assert "volume" in last.files
    if words:
        assert set(words.values()) == {Outcome.PASS}
    else:
        assert settings is NOBODY
        assert last.decision.sure
        assert last.decision.outcome is Outcome.PASS


@given(histories())
def test_what_is_not_known_is_never_a_pass(history):
    tried, said = history
    unsure = [replace(a, decision=replace(a.decision, sure=False)) for a in tried]
    said = [r for r in said if r.outcome is not Outcome.PASS]
    assert state_of(SCAN, unsure, said, NOBODY) not in {State.CLEARED, State.VERIFY}


@given(histories(), st.sampled_from([PERSON, NOBODY]))
def test_retry_is_where_the_next_parameters_are(history, settings):
    tried, said = history
    standing = standing_of(SCAN, tried, said, settings)
    history = tries(tried)
    parameters = next_parameters(history, settings, with_reviews(history, said))
    if standing.state in {State.NEW, State.RETRY}:
        assert parameters is not None
    assert standing.to_do == (standing.state in {State.NEW, State.RETRY, State.REFUSED})
    assert standing.reason


@pytest.mark.parametrize("outcome", [Outcome.DEEP, Outcome.SHALLOW, Outcome.FAILURE])
@given(histories())
def test_a_worse_word_never_moves_towards_acceptance(outcome, history):
    tried, said = history
    if not tried:
        return
    before = state_of(SCAN, tried, said, NOBODY)
    after = state_of(SCAN, tried, [*said, Review(tried[-1].number, outcome, "Cy")], NOBODY)
    assert after is not State.CLEARED
    assert before is State.CLEARED or after is not State.VERIFY
