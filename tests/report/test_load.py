import pytest

from defacto.errors import StoreError
from defacto.pipeline.records import Mark, ScanRow
from defacto.pipeline.store import Store
from defacto.report import load_view, write_report
from defacto.types import Attempt, Decision, Measure, Outcome, Reason, Review, State

MARK = Mark("fingerprint", "stamp")


def row(name: str, **changes) -> ScanRow:
    return ScanRow(name, "01", None, "T1w", "anat", "bids", **changes)


def attempt(number: int, outcome: Outcome | None, error: str | None = None) -> Attempt:
    files = {} if error else {"volume": "scans/x/attempt-1/defaced.nii.gz"}
    decision = Decision(outcome, (Reason(error or "It was so."),), sure=error is None)
    measures = {"brain_lost_ml": Measure("brain_lost_ml", 0.0, "ml")}
    return Attempt(number, "template", "1", {}, measures, decision, files=files, error=error)


@pytest.fixture
def out(tmp_path):
    store = Store.create(tmp_path, run="r")
    store.add_scans([row(name) for name in ("sub-10_T1w", "sub-2_T1w", "sub-3_T1w", "sub-4_T1w")])
    store.add_attempt("sub-10_T1w", attempt(1, Outcome.SHALLOW), MARK)
    store.add_attempt("sub-10_T1w", attempt(2, Outcome.PASS), MARK)
    store.add_attempt("sub-2_T1w", attempt(1, Outcome.PASS), MARK)
    store.add_review("sub-2_T1w", Review(1, Outcome.PASS, "KL"))
    store.add_attempt("sub-3_T1w", attempt(1, None, "sub-3_T1w.nii.gz is truncated."), MARK)
    store.add_event("left_out", "The suffix bold is not taken.", "sub-9_bold")
    store.add_event("started", "Started.", "sub-2_T1w")
    return tmp_path


def test_the_view_is_what_the_store_holds(out):
    view = load_view(out)
    states = {scan.name: scan.state for scan in view.scans}
    assert states == {
        "sub-2_T1w": State.CLEARED,
        "sub-3_T1w": State.REFUSED,
        "sub-4_T1w": State.NEW,
        "sub-10_T1w": State.VERIFY,
    }
    assert list(states) == ["sub-2_T1w", "sub-3_T1w", "sub-4_T1w", "sub-10_T1w"]
    refused = view.scans[1]
    assert refused.attempts == ()
    assert refused.why == "sub-3_T1w.nii.gz is truncated."
    assert [missing.name for missing in view.left_out] == ["sub-9_bold"]
    assert view.scans[0].events[0].sentence == "Started."


def test_the_report_is_written_beside_the_store(out):
    index = write_report(out)
    assert index == out / "report" / "index.html"
    text = index.read_text("utf-8")
    assert (
        "1 of 4 scans is cleared; 1 waits for verification; 1 is still to be finished; 1 was refused." in text
    )
    assert len(list((out / "report" / "scans").glob("*.html"))) == 4


def test_a_folder_without_a_store_is_refused(tmp_path):
    with pytest.raises(StoreError):
        write_report(tmp_path)
