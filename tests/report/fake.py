"""A made study: scans of every state, with drawn placeholder pictures instead of heads."""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image, ImageDraw

from defacto.config import Settings
from defacto.report import Happening, Missing, ScanView, StudyView
from defacto.report.view import in_order
from defacto.types import Attempt, Decision, Feature, Measure, Outcome, Reason, Review, State

PLAN = {
    State.CLEARED: 20,
    State.VERIFY: 7,
    State.MANUAL: 5,
    State.RETRY: 2,
    State.NEW: 1,
    State.REJECTED: 2,
    State.REFUSED: 3,
}
ROLES = ("render_left", "render_right", "render_front", "slices")


def study(plan: dict[State, int] = PLAN, seed: int = 1, out: Path | None = None) -> StudyView:
    rng = random.Random(seed)
    states = [state for state, amount in plan.items() for _ in range(amount)]
    rng.shuffle(states)
    scans = [scan(i, state, rng, out) for i, state in enumerate(states)]
    left_out = (
        Missing("sub-03_task-rest_bold", "The suffix bold is not one of those that are taken."),
        Missing("sub-07_dwi", "The suffix dwi is not one of those that are taken."),
        Missing("LOCALIZER", "A localizer of 3 slices, not a scan of the head."),
    )
    return StudyView(in_order(scans), Settings(), "0.1.0", left_out if plan else ())


def scan(i: int, state: State, rng: random.Random, out: Path | None) -> ScanView:
    suffix = rng.choice(["T1w", "T1w", "T2w", "FLAIR"])
    session = f"_ses-{rng.choice(['1', '2', 'followup'])}" if i % 3 else ""
    acq = "_acq-sagittal3dwithaverylongprotocolnamefromthescanner_ce-gadolinium" if i == 11 else ""
    name = f"sub-{i + 1:02d}{session}{acq}_{suffix}"
    outcomes = _outcomes(state, rng)
    attempts = tuple(attempt(name, n + 1, o, rng) for n, o in enumerate(outcomes))
    if out is not None:
        for each in attempts:
            draw_pictures(out, each, random.Random(i))
    reviews: tuple[Review, ...] = ()
    if state is State.CLEARED:
        reviews = (Review(len(attempts), Outcome.PASS, "KL", "Looks right."),)
    if state is State.REJECTED:
        reviews = (Review(len(attempts), Outcome.DEEP, "KL", "Cut into the frontal pole."),)
    return ScanView(
        name=name,
        state=state,
        attempts=attempts,
        reviews=reviews,
        events=(Happening("2026-01-02 10:00:00", "Started."), Happening("2026-01-02 10:00:09", "Finished.")),
        details={"subject": f"{i + 1:02d}", "suffix": suffix, "origin": "bids"},
        note="60 slices of 5 mm; two slices are missing and were left out." if i % 9 == 4 else None,
        reason=_reason(state, attempts, name),
    )


def _outcomes(state: State, rng: random.Random) -> list[Outcome | None]:
    bad = [Outcome.SHALLOW, Outcome.SHALLOW, Outcome.DEEP, Outcome.FAILURE]
    if state in {State.NEW, State.REFUSED}:
        return []
    if state is State.RETRY:
        return [rng.choice(bad)]
    if state is State.MANUAL:
        return rng.choice([[None], [rng.choice(bad), None], [rng.choice(bad) for _ in range(3)]])
    if state is State.REJECTED:
        return [rng.choice(bad) for _ in range(3)]
    return [rng.choice(bad) for _ in range(rng.choice([0, 0, 0, 1, 1, 2]))] + [Outcome.PASS]


def _reason(state: State, attempts: tuple[Attempt, ...], name: str) -> str:
    if state is State.REFUSED:
        return f"{name}.nii.gz is truncated: expected 22,020,448 bytes of voxels, got 9,437,184."
    if state is State.NEW:
        return "No attempt has finished yet."
    if state is State.CLEARED:
        return "KL says pass."
    text = " ".join(reason.sentence for reason in attempts[-1].decision.reasons)
    return {
        State.MANUAL: "The machine is not sure: ",
        State.VERIFY: "The machine passed it; a person verifies: ",
    }.get(state, "") + text


def attempt(name: str, number: int, outcome: Outcome | None, rng: random.Random) -> Attempt:
    measures = measures_for(outcome, rng)
    folder = f"scans/{name}/attempt-{number}"
    return Attempt(
        number=number,
        method="template",
        version="1",
        parameters={
            "ears": True,
            "nudge_mm": [0.0, -5.0 * (number - 1), 0.0],
            "brain_margin_mm": 3.0,
            "fraction": 0.5 if number < 3 else 0.35,
            "bias_correction": number == 3,
            "rung": 0 if number < 3 else 1,
        },
        measures=measures,
        decision=Decision(outcome, reasons_for(outcome, measures), sure=outcome is not None),
        files={role: f"{folder}/{role}.png" for role in ROLES},
        seconds={
            "read": rng.uniform(0.1, 0.4),
            "locate": rng.uniform(2, 6),
            "deface": rng.uniform(0.2, 0.6),
            "render": rng.uniform(0.3, 0.5),
            "measure": rng.uniform(0.2, 0.4),
            "write": rng.uniform(0.1, 0.5),
        },
    )


def measures_for(outcome: Outcome | None, rng: random.Random) -> dict[str, Measure]:
    lost = (
        rng.uniform(2, 60)
        if outcome is Outcome.DEEP
        else 0.4
        if outcome is None and rng.random() < 0.5
        else 0.0
    )
    agreement = rng.uniform(14, 60) if outcome is Outcome.FAILURE else rng.uniform(0.8, 6)
    found = [
        Measure("brain_lost_ml", lost, "ml"),
        Measure("changed_outside_voxels", 0.0, "voxels"),
        Measure("removed_ml", rng.gauss(420, 45), "ml"),
        Measure("agreement_mm", None if outcome is None and rng.random() < 0.4 else agreement, "mm"),
        Measure("score", rng.uniform(0.45, 0.8), "share", lower_is_better=False),
    ]
    for feature in Feature:
        high = outcome is Outcome.SHALLOW and rng.random() < 0.5
        left = rng.uniform(0.3, 0.9) if high else rng.uniform(0, 0.06)
        found.append(Measure(f"{feature.value}_left", left, "share"))
    return {measure.name: measure for measure in found}


def reasons_for(outcome: Outcome | None, measures: dict[str, Measure]) -> tuple[Reason, ...]:
    lost = measures["brain_lost_ml"].value or 0.0
    if outcome is Outcome.PASS:
        return (
            Reason("No brain was lost (0.0 ml, limit 0.0 ml).", "brain_lost_ml", 0.0, 0.0),
            Reason("No feature is left: the most visible one is 6 % (limit 10 %).", "nose_left", 0.06, 0.1),
        )
    if outcome is Outcome.DEEP:
        return (Reason(f"{lost:.1f} ml of brain was lost (limit 0.0 ml).", "brain_lost_ml", lost, 0.0),)
    if outcome is Outcome.SHALLOW:
        return (
            Reason(
                "The nose is still visible: 42 % of its surface is left (limit 10 %).", "nose_left", 0.42, 0.1
            ),
        )
    if outcome is Outcome.FAILURE:
        return (Reason("The two registrations are 31 mm apart (limit 10 mm).", "agreement_mm", 31.0, 10.0),)
    return (Reason("The registrations could not be compared, so that a person must look.", "agreement_mm"),)


def draw_pictures(out: Path, attempt: Attempt, rng: random.Random) -> None:
    for role, path in attempt.files.items():
        size = (720, 720) if role == "slices" else (300, 300)
        picture = Image.new("RGB", size, (32, 64, 92))
        pen = ImageDraw.Draw(picture)
        for x in range(0, size[0], 300):
            tone = rng.randint(150, 210)
            pen.ellipse((x + 60, 40, x + 240, 260), fill=(tone, tone - 10, tone - 25))
            pen.text((x + 110, 140), f"{role} {attempt.number}", fill=(20, 20, 20))
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        picture.save(target)
