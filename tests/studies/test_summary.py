"""What a comparison says follows from its rows."""

import math

import pytest

from defacto.config import Settings
from defacto.studies.judge import BRAIN_DAMAGED, FACE_LEFT, NOT_DONE, SUCCESS, VERDICTS
from defacto.studies.summary import summarise
from report.compared_made_up import row, rows


@pytest.fixture
def found():
    return summarise(rows(), Settings())


def method(found, name):
    return next(each for each in found.methods if each.name == name)


def test_every_head_has_one_verdict_of_each_method(found):
    assert (found.heads, found.made) == (10, True)
    assert [each.name for each in found.methods] == ["auto", "good", "bad"]
    for each in found.methods:
        assert sum(each.counts.values()) == each.of == 10
        for verdict in VERDICTS:
            low, high = each.interval(verdict)
            assert low <= each.share(verdict).value <= high


def test_counts_and_what_the_machine_passed_wrongly(found):
    bad = method(found, "bad")
    assert [bad.counts[v] for v in (SUCCESS, FACE_LEFT, BRAIN_DAMAGED, NOT_DONE)] == [2, 5, 2, 1]
    assert (bad.passed, bad.wrong) == (3, 1)
    assert method(found, "auto").chosen == {"good": 10}
    assert "2 of 10 succeed (20.0 %, 2.5 to 55.6); 5 failure I, 2 failure II, 1 not done" in bad.sentence


def test_what_is_not_known_is_in_no_plot(found):
    assert len(method(found, "bad").removed_percent) == 9
    assert all(math.isfinite(each) for each in method(found, "bad").brain_lost_ml)


def test_pairs_are_tested_on_the_same_heads_and_corrected(found):
    pairs = {(each.one, each.other): each for each in found.paired}
    assert set(pairs) == {("auto", "good"), ("auto", "bad"), ("good", "bad")}
    assert (pairs["good", "bad"].only_one, pairs["good", "bad"].only_other) == (8, 0)
    assert pairs["good", "bad"].p == pytest.approx(2 / 2**8)
    assert pairs["good", "bad"].p_holm == pytest.approx(3 * 2 / 2**8)
    assert pairs["auto", "good"].p_holm == 1.0


def test_strata_hold_every_head_once(found):
    for kind in ("contrast", "slices", "age"):
        parts = [each for each in found.strata if each.kind == kind]
        assert sum(each.heads for each in parts) == 10
        for name, count in (("good", 10), ("bad", 2)):
            assert sum(each.success[name].count for each in parts) == count
    assert {each.name for each in found.strata if each.kind == "age"} == {"18 to 39", "65 and over"}


def test_the_worst_come_first_and_no_success_is_among_them(found):
    assert [each.verdict for each in found.worst["bad"]] == [NOT_DONE] + [BRAIN_DAMAGED] * 2 + [FACE_LEFT] * 5
    assert found.worst["good"] == ()
    many = summarise([row(f"h{n}", "bad", FACE_LEFT) for n in range(30)], Settings())
    assert len(many.worst["bad"]) == 10


def test_real_heads_are_told_from_made_ones():
    assert not summarise([row("a", "good", by="measures"), row("b", "good")], Settings()).made
