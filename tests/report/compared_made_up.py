"""Rows of comparisons that nobody made."""

import math

from defacto.studies.judge import BRAIN_DAMAGED, FACE_LEFT, NOT_DONE, SUCCESS, UNSURE
from defacto.studies.rows import Row

OUTCOME = {
    SUCCESS: "pass",
    FACE_LEFT: "shallow",
    BRAIN_DAMAGED: "deep",
    UNSURE: "not sure",
    NOT_DONE: "failure",
}


def row(head, method, verdict=SUCCESS, *, machine="pass", by="truth", **values):
    lost = values.pop("brain_lost_ml", 2.5 if verdict == BRAIN_DAMAGED else 0.0)
    known = {
        "person": head.split("_")[0],
        "contrast": "T1w",
        "years": "30.5",
        "slice_mm": 1.0,
        "version": "1",
        "chosen": "",
        "outcome": OUTCOME[verdict],
        "removed_percent": 9.0,
        "left": "nose mouth" if verdict == FACE_LEFT else "",
        "seconds": 0.5,
        "shared_s": 8.0,
        "memory_mb": 40.0,
        "error": "It broke." if verdict == NOT_DONE else "",
    } | values
    if verdict == NOT_DONE:
        known |= {"removed_percent": math.nan, "seconds": math.nan}
        lost = math.nan
    return Row(head=head, method=method, by=by, verdict=verdict, machine=machine, brain_lost_ml=lost, **known)


def rows():
    """Ten heads: `good` succeeds on all, `bad` on two, `auto` took good."""
    found = []
    for n in range(10):
        head = f"sub-{n:02d}_T1w"
        more = {"contrast": "T2w", "slice_mm": 5.0, "years": "70"} if n % 2 else {}
        verdict = SUCCESS if n < 2 else (FACE_LEFT if n < 7 else BRAIN_DAMAGED if n < 9 else NOT_DONE)
        found.append(row(head, "auto", chosen="good", **more))
        found.append(row(head, "good", **more))
        found.append(row(head, "bad", verdict, machine="pass" if n < 3 else "shallow", **more))
    return found
