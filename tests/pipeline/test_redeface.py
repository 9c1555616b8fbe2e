"""Scans that were sent back: what their next attempt changes, and that nothing else is touched."""

import pytest
import tiny_studies

from defacto.cli import main
from defacto.pipeline.retries import find_retries
from defacto.pipeline.review import add_label
from defacto.pipeline.run import Request, run
from defacto.pipeline.run_settings import saved_settings
from defacto.pipeline.store import Store
from defacto.types import Outcome

pytestmark = pytest.mark.usefixtures("in_process")


def request(study, out, **more):
    return Request(study, out, skip_validation=True, nprocs=1, **more)


@pytest.fixture
def sent_back(done):
    study, out, _ = done
    add_label(out, "sub-pass_T1w", Outcome.SHALLOW, reviewer="Ada")
    return study, out


def test_none_is_to_be_tried_again_where_none_was_sent_back(done):
    _, out, _ = done
    assert find_retries(out, saved_settings(out)) == []


def test_the_parameters_follow_the_word_of_a_person(sent_back):
    _, out = sent_back
    (retry,) = find_retries(out, saved_settings(out))
    assert (retry.name, retry.number) == ("sub-pass_T1w", 2)
    assert retry.changes == {"nudge_mm": ((0.0, 0.0, 0.0), (0.0, -5.0, 0.0))}


def test_only_what_was_sent_back_is_tried_again(sent_back, fake_rooms):
    study, out = sent_back
    tiny_studies.add_scan(study, "new", fake_rooms.PASS)
    summary = run(request(study, out, retries_only=True))
    assert set(summary.standings) == {"sub-pass_T1w"}
    store = Store.open(out)
    assert [a.parameters["nudge_mm"] for a in store.attempts("sub-pass_T1w")] == [[0, 0, 0], [0, -5, 0]]
    assert "sub-new_T1w" not in {record.scan.name for record in store.records()}
    assert find_retries(out, saved_settings(out)) == []


def test_the_command_tells_what_it_changes_and_does_it(sent_back, capsys):
    study, out = sent_back
    assert main(["redeface", str(study), str(out), "--skip-bids-validation", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "sub-pass_T1w: attempt 2, nudge_mm (0, 0, 0) to (0, -5, 0). " in said
    assert len(Store.open(out).attempts("sub-pass_T1w")) == 1
    assert main(["redeface", str(study), str(out), "--skip-bids-validation", "--nprocs", "1"]) == 3
    assert len(Store.open(out).attempts("sub-pass_T1w")) == 2
    assert main(["redeface", str(study), str(out), "--skip-bids-validation"]) == 0
    assert "No scan is to be tried again" in capsys.readouterr().out


def test_a_folder_without_a_run_is_refused(done, tmp_path, capsys):
    study, _, _ = done
    assert main(["redeface", str(study), str(tmp_path / "none")]) == 2
    assert "Traceback" not in capsys.readouterr().err
