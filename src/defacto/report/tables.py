"""The report for machines: ``scans.tsv``, ``timing.tsv``, their columns explained, and ``study.json``."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from defacto.report.flow import flow_of
from defacto.report.limits import checks, limits
from defacto.report.view import ScanView, StudyView, conclusion
from defacto.report.words import clean, measure_word
from defacto.types import Attempt, Measure, Outcome, State

_COLUMNS = {
    "scan": "Name of the scan.",
    "state": "Where the scan stands: " + ", ".join(state.value for state in State) + ".",
    "subject": "Label of the participant.",
    "session": "Label of the session.",
    "suffix": "BIDS suffix.",
    "origin": "Kind of input: bids, nifti or dicom.",
    "attempts": "Number of attempts.",
    "outcome": "What the machine concludes from the last attempt: "
    + ", ".join(outcome.value for outcome in Outcome)
    + ", not sure.",
    "reviews": "Number of reviews by people.",
    "review": "Outcome of the last review.",
    "reason": "Why the scan stands there.",
    "note": "What a person should know of the source.",
}
_DETAILS = ("subject", "session", "suffix", "origin")


def scans_tsv(view: StudyView) -> str:
    """Return one row for each scan; measures are those of the last attempt; unknown is ``n/a``."""
    rows = [_row(scan, view.names) for scan in view.scans]
    return _tsv([*_COLUMNS, *view.names], rows)


def scans_columns(view: StudyView) -> str:
    """Return the explanation of every column of ``scans.tsv``, as BIDS sidecars give it."""
    columns: dict[str, dict[str, Any]] = {name: {"Description": text} for name, text in _COLUMNS.items()}
    limit_of = limits((a for scan in view.scans for a in scan.attempts), view.settings)
    for scan in view.scans:
        for attempt in scan.attempts:
            for name, measure in attempt.measures.items():
                columns.setdefault(name, _explain(measure, limit_of.get(name)))
    return _json(columns)


def timing_tsv(view: StudyView) -> str:
    """Return one row for each step of each attempt of each scan."""
    rows = (
        (scan.name, str(attempt.number), step, f"{seconds:.3f}")
        for scan in view.scans
        for attempt in scan.attempts
        for step, seconds in attempt.seconds.items()
    )
    return _tsv(["scan", "attempt", "step", "seconds"], rows)


def timing_columns() -> str:
    """Return the explanation of every column of ``timing.tsv``."""
    return _json(
        {
            "scan": {"Description": "Name of the scan."},
            "attempt": {"Description": "Number of the attempt, from 1."},
            "step": {"Description": "Step of the job."},
            "seconds": {"Description": "Time that the step took; differs between runs.", "Units": "s"},
        }
    )


def study_json(view: StudyView) -> str:
    """Return all that the report knows, except times, as JSON: one scan on each line."""
    flow = flow_of(view.scans, view.rounds)
    head = {
        "format": "defacto study 1",
        "version": view.version,
        "headline": view.headline,
        "counts": {state.value: amount for state, amount in view.counts.items()},
        "flow": [
            {"column": flow.columns[gap], "from": a, "to": b, "scans": amount}
            for gap, links in enumerate(flow.links)
            for (a, b), amount in links.items()
        ],
        "settings": dataclasses.asdict(view.settings),
        "left_out": [{"name": clean(m.name), "reason": clean(m.reason)} for m in view.left_out],
    }
    parts = [f"{json.dumps(key)}: {_compact(value)}" for key, value in head.items()]
    lines = ",\n".join(_compact(_scan(scan, view)) for scan in view.scans)
    return "{\n" + ",\n".join(parts) + ',\n"scans": [\n' + lines + "\n]\n}\n"


def _row(scan: ScanView, names: Sequence[str]) -> list[str]:
    last, reviews = scan.last, scan.reviews
    cells = [
        scan.name,
        scan.state.value,
        *(scan.details.get(key, "") for key in _DETAILS),
        str(len(scan.attempts)),
        conclusion(last) if last else "",
        str(len(reviews)),
        reviews[-1].word if reviews else "",
        scan.why,
        scan.note or "",
    ]
    return cells + [_value(scan.measures.get(name)) for name in names]


def _value(measure: Measure | None) -> str:
    if measure is None or measure.value is None or not math.isfinite(measure.value):
        return ""
    return f"{measure.value:.6g}"


def _explain(measure: Measure, limit: float | None) -> dict[str, Any]:
    word = "lower" if measure.lower_is_better else "higher"
    text = f"{measure_word(measure.name)}, last attempt; {word} is better."
    return {"Description": text, "Units": measure.unit} | ({} if limit is None else {"Limit": limit})


def _scan(scan: ScanView, view: StudyView) -> dict[str, Any]:
    limit_of = limits(scan.attempts, view.settings)
    return {
        "name": clean(scan.name),
        "state": scan.state.value,
        "page": f"scans/{scan.page}",
        **{key: clean(value) for key, value in scan.details.items()},
        "note": clean(scan.note) if scan.note else None,
        "reason": scan.why,
        "attempts": [_attempt(attempt, limit_of) for attempt in scan.attempts],
        "reviews": [
            {
                "attempt": r.attempt,
                "outcome": r.word,
                "reviewer": clean(r.reviewer),
                "note": clean(r.note),
            }
            for r in scan.reviews
        ],
    }


def _attempt(attempt: Attempt, limit_of: dict[str, float]) -> dict[str, Any]:
    decision, prediction = attempt.decision, attempt.prediction
    return {
        "number": attempt.number,
        "method": attempt.method,
        "version": attempt.version,
        "parameters": dict(attempt.parameters),
        "outcome": decision.outcome.value if decision.outcome else None,
        "sure": decision.sure,
        "reasons": [clean(reason.sentence) for reason in decision.reasons],
        "measures": {
            check.measure.name: {
                "value": check.value,
                "unit": check.measure.unit,
                "lower_is_better": check.measure.lower_is_better,
                "limit": check.limit,
                "verdict": check.verdict,
            }
            for check in checks(attempt.measures, limit_of)
        },
        "prediction": None
        if prediction is None
        else {"model": prediction.model, "p_outcome": {o.value: p for o, p in prediction.p_outcome.items()}},
        "error": clean(attempt.error) if attempt.error else None,
    }


def _tsv(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = ["\t".join(_cell(name) for name in columns)]
    lines += ["\t".join(_cell(cell) for cell in row) for row in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(clean(text).split()) or "n/a"


def _json(document: Any) -> str:
    return json.dumps(_finite(document), indent=2, ensure_ascii=False) + "\n"


def _compact(document: Any) -> str:
    return json.dumps(_finite(document), ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    """Return the document with text cleaned, and NaN and infinite numbers as null: JSON has none."""
    if isinstance(value, dict):
        return {clean(str(key)): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, str):
        return clean(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
