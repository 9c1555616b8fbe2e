import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defacto.config import Settings
from defacto.report.flow import draw_flow, flow_of, path_of
from defacto.report.view import ScanView, StudyView, headline, in_order
from defacto.report.words import STATE_ORDER, STATE_WORD, clean, number
from defacto.types import Attempt, Decision, Outcome, Reason, Review, State

outcomes = st.one_of(st.none(), st.sampled_from(Outcome))


def attempt(number: int, outcome: Outcome | None, **changes) -> Attempt:
    decision = Decision(outcome, (Reason("Because."),), sure=outcome is not None)
    return dataclasses.replace(Attempt(number, "template", "1", {}, {}, decision), **changes)


@st.composite
def scans(draw):
    made = draw(st.lists(st.tuples(st.sampled_from(State), st.lists(outcomes, max_size=3)), max_size=25))
    return tuple(
        ScanView(f"sub-{i}", state, tuple(attempt(n + 1, o) for n, o in enumerate(each)))
        for i, (state, each) in enumerate(made)
    )


@given(scans())
def test_counts_sum_to_the_number_of_scans(found):
    view = StudyView(found, Settings(), "0")
    assert sum(view.counts.values()) == len(found)
    assert set(view.counts) == set(State) == set(STATE_WORD) == set(STATE_ORDER)
    assert len(view.passes) + len(view.stuck) <= len(found)


@given(scans())
def test_every_scan_is_conserved_in_the_flow(found):
    view = StudyView(found, Settings(), "0")
    flow = flow_of(found, view.rounds)
    assert len(flow.columns) == view.rounds + 2
    for column in flow.nodes:
        assert sum(column.values()) == len(found)
    for gap, links in enumerate(flow.links):
        for station, amount in flow.nodes[gap].items():
            assert sum(n for (at, _), n in links.items() if at == station) == amount
        for station, amount in flow.nodes[gap + 1].items():
            assert sum(n for (_, to), n in links.items() if to == station) == amount
    for state, amount in view.counts.items():
        assert flow.nodes[-1].get("=" + state.value, 0) == amount


@given(scans())
def test_blocks_of_the_picture_never_overlap(found):
    picture = draw_flow(flow_of(found, StudyView(found, Settings(), "0").rounds))
    by_column = {}
    for block in picture.blocks:
        by_column.setdefault(block.x, []).append(block)
        assert block.passing or block.height >= 30
        assert block.y + block.height <= picture.height
        assert block.x + block.width <= picture.width + 0.01
    for column in by_column.values():
        for above, below in itertools.pairwise(column):
            assert above.y + above.height < below.y
    drawn = sum(b.amount for b in picture.blocks if b.state)
    assert drawn == len(found)


def test_a_scan_without_a_later_attempt_passes_by():
    scan = ScanView("a", State.CLEARED, (attempt(1, Outcome.PASS),))
    assert path_of(scan, 3) == ("found", "pass", "~cleared", "~cleared", "=cleared")
    assert path_of(ScanView("b", State.REFUSED), 1) == ("found", "~refused", "=refused")


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({}, "No scans were found."),
        ({State.CLEARED: 8}, "All 8 scans are cleared."),
        ({State.CLEARED: 1}, "The only scan is cleared."),
        ({State.REFUSED: 1}, "The only scan was refused."),
        ({State.REFUSED: 8}, "All 8 scans were refused."),
        (
            {State.CLEARED: 6, State.MANUAL: 1, State.REFUSED: 1},
            "6 of 8 scans are cleared; 1 waits for a person's decision; 1 was refused.",
        ),
        (
            {State.VERIFY: 2, State.NEW: 1},
            "None of the 3 scans is cleared yet; 2 wait for verification; 1 is still to be finished.",
        ),
    ],
)
def test_headline(counts, sentence):
    assert headline(counts) == sentence


@given(st.dictionaries(st.sampled_from(State), st.integers(0, 20_000)))
def test_headline_never_calls_what_is_not_cleared_cleared(counts):
    total, cleared = sum(counts.values()), counts.get(State.CLEARED, 0)
    says_all = headline(counts) in {f"All {total:,} scans are cleared.", "The only scan is cleared."}
    assert says_all == (total > 0 and cleared == total)


def test_only_a_pass_is_shown_without_a_veil():
    passed = attempt(1, Outcome.PASS)
    unsure = dataclasses.replace(passed, decision=dataclasses.replace(passed.decision, sure=False))
    assert ScanView("a", State.VERIFY, (passed,)).may_show(passed)
    assert not ScanView("a", State.MANUAL, (unsure,)).may_show(unsure)
    for outcome in (None, Outcome.DEEP, Outcome.SHALLOW, Outcome.FAILURE):
        bad = attempt(1, outcome)
        assert not ScanView("a", State.MANUAL, (bad,)).may_show(bad)
    said_no = ScanView("a", State.REJECTED, (passed,), (Review(1, Outcome.SHALLOW, "KL"),))
    assert not said_no.may_show(passed)


def test_scans_come_in_the_order_of_their_numbers():
    names = ["sub-10", "sub-2", "sub-1_ses-2", "sub-1", "T1w"]
    ordered = in_order(ScanView(name, State.NEW) for name in names)
    assert [scan.name for scan in ordered] == ["sub-1", "sub-1_ses-2", "sub-2", "sub-10", "T1w"]


@given(st.lists(st.text(max_size=300), unique=True))
def test_pages_of_different_scans_have_different_plain_names(names):
    pages = [ScanView(name, State.NEW).page for name in names]
    assert len(set(pages)) == len(names)
    for page in pages:
        assert "/" not in page
        assert not page.startswith(".")
        assert len(page.encode()) < 200


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("cannot read /home/anna/data/sub-01.nii.gz: broken", "cannot read sub-01.nii.gz: broken"),
        (r"cannot read C:\Users\anna\sub-01.nii", "cannot read sub-01.nii"),
        ("see file:///srv/x/y.nii", "see y.nii"),
        ("7 mm/s and T1w/T2w or 3/4", "7 mm/s and T1w/T2w or 3/4"),
        ("a\x00b\nc", "a b\nc"),
    ],
)
def test_text_is_cleaned_of_paths(text, cleaned):
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "ml", "unknown"),
        (float("nan"), "ml", "unknown"),
        (0.0, "ml", "0 ml"),
        (12.345, "ml", "12.3 ml"),
        (1234.5, "ml", "1,234 ml"),
        (0.42, "share", "42 %"),
        (0.012, "share", "1.2 %"),
        (float("inf"), "mm", "infinite mm"),
    ],
)
def test_number(value, unit, text):
    assert number(value, unit) == text
