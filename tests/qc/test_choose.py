"""Method ``auto``: it takes the first that passes, and never prefers lost brain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from defacto.config import Settings
from defacto.deface import METHODS
from defacto.errors import StepError
from defacto.pipeline.evidence import Examined
from defacto.qc import decide
from defacto.qc.choose import ORDER, choose
from defacto.qc.measure import visible_name
from defacto.types import Decision, Feature, Measure, Outcome, Reason, Removal

GOOD = {
    "brain_lost_ml": 0.0,
    "changed_outside": 0.0,
    "agreement_mm": 2.0,
    "score": 1.2,
    "turned_deg": 0.0,
    "removed_percent": 9.0,
    **{visible_name(feature): 0.0 for feature in Feature},
}


def examined(name, **values):
    measures = {n: Measure(n, v, "") for n, v in {**GOOD, **values}.items()}
    removal = Removal(np.zeros((1, 1, 1), bool), name, "1", {})
    return Examined(None, removal, measures, decide(measures, Settings()))


def chosen(given):
    asked = []

    def examine(name):
        asked.append(name)
        values = given.get(name, {})
        if isinstance(values, Exception):
            raise values
        return examined(name, **values)

    return choose(examine, Settings()), asked


def test_it_tries_only_methods_there_are_and_none_that_replaces():
    assert set(ORDER) == set(METHODS) - {"reface", "blur"}


def test_the_cheapest_is_enough_where_it_passes():
    found, asked = chosen({})
    assert (found.removal.method, asked) == (ORDER[0], [ORDER[0]])
    assert found.decision.outcome is Outcome.PASS
    assert (
        found.decision.reasons[-1].sentence
        == f"auto took {ORDER[0]}, the first that passed, with 9% of the head removed."
    )


def test_the_next_is_taken_on_failure_and_the_report_says_why():
    found, asked = chosen({ORDER[0]: {"nose_visible": 0.4}, ORDER[1]: StepError("It broke.")})
    assert (found.removal.method, asked) == (ORDER[2], list(ORDER[:3]))
    said = found.decision.reasons[-1].sentence
    assert "40% of the nose" in said
    assert "It broke." in said


def test_where_nothing_passes_the_one_without_brain_loss_is_kept():
    worse = {name: {"brain_lost_ml": 3.0} for name in ORDER}
    found, asked = chosen({**worse, ORDER[3]: {"nose_visible": 0.9}})
    assert (found.removal.method, asked) == (ORDER[3], list(ORDER))
    assert found.decision.outcome is Outcome.SHALLOW
    assert "No method passed" in found.decision.reasons[-1].sentence


@pytest.mark.parametrize("values", [{"agreement_mm": 40.0}, {"score": 0.9}, {"turned_deg": 100.0}])
def test_what_is_wrong_with_the_scan_no_method_mends(values):
    found, asked = chosen(dict.fromkeys(ORDER, values))
    assert asked == [ORDER[0]]
    assert found.decision.outcome is not Outcome.PASS


def test_if_no_method_can_be_done_that_is_said():
    with pytest.raises(StepError, match=r"No method could be done\. atlas: No"):
        chosen({name: StepError("No brain.") for name in ORDER})


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 1), st.floats(0, 100)), min_size=6, max_size=6))
def test_what_is_kept_is_never_worse_than_a_pass_that_was_seen(values):
    given_ = {
        name: {"brain_lost_ml": a, "nose_visible": b, "removed_percent": c}
        for name, (a, b, c) in zip(ORDER, values, strict=True)
    }
    found, asked = chosen(given_)
    seen = [examined(name, **given_[name]).decision.outcome for name in asked]
    assert (found.decision.outcome is Outcome.PASS) == (Outcome.PASS in seen)
    assert found.measures["brain_lost_ml"].value == min(given_[name]["brain_lost_ml"] for name in asked)


def test_reasons_of_the_method_that_was_kept_come_first():
    found, _ = chosen({})
    assert isinstance(found.decision, Decision)
    assert all(isinstance(reason, Reason) for reason in found.decision.reasons)
    assert "brain" in found.decision.reasons[0].sentence
