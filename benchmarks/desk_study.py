"""A study of made scans that wait at the desk, their truth known: for trying the desk as a reader would.

    python benchmarks/desk_study.py make OUT --heads 28 [--seed 7]
    python benchmarks/desk_study.py score OUT --reviewer NAME

`make` draws outcomes on heads of people who do not exist (`defacto simulate`), and draws, classifies and
stores them as a run does, without cutting anything itself. What the truth calls a pass waits for
verification, and with it, on every second head, one that is none, as if the machine had let it through; the
other outcomes, and the passes of every fourth head, wait to be decided. The truth lies in OUT/truth.tsv and
not in the store: the desk knows nothing of it. `score` holds a reader's words against it.

Tried once (`--heads 29`, 1366x768, keyboard alone) with a language model as the reader, which looked at a
screenshot of every page and scan; a person's time is another. 103 scans verified in 134 s, 1.3 s a scan, 0.46
keys a scan, 87 as the truth: 5 of 15 that were no pass were flagged; 8 of the 10 missed had an ear left, of
which the page did not speak then. 50 scans decided, one key each, 45 as the truth; 1.9 s a scan to look, in
groups.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from defacto import render
from defacto.config import DefaceSettings, Settings, to_toml
from defacto.pipeline.attempt import LARGE_PX, VIEWS, classify
from defacto.pipeline.clock import Clock
from defacto.pipeline.evidence import LARGE_OF, Evidence, Examined, put_in_place
from defacto.pipeline.records import Mark, ScanRow
from defacto.pipeline.store import Store
from defacto.privacy import header
from defacto.simulate.dataset import load_cached
from defacto.simulate.group import make_group
from defacto.simulate.outcome import result_of
from defacto.simulate.plan import make_plan
from defacto.simulate.recipe import read_recipe
from defacto.types import Attempt, Decision, Measure, Outcome, Reason, Removal

NETWORK_SAYS = "Made to order; the classifier saw the pictures, nothing was measured."


def make(out: Path, heads: int, seed: int) -> None:
    """Fill a store."""
    out.mkdir(parents=True)
    settings = Settings()
    (out / "settings.toml").write_text(to_toml(settings))
    store = Store.create(out, run="made")
    recipe = replace(read_recipe("renders-24k"), heads_a_shard=1)
    plan = make_plan(recipe, seed, None)
    rows = []
    for number in range(heads):
        group = make_group(recipe, seed, number, load_cached(plan.folder, plan.shard_of(number).base))
        rows += [add(store, out, group, sample, queue, settings) for queue, sample in chosen(group, number)]
        print(f"{number + 1} of {heads} heads, {len(rows)} scans", flush=True)
    store.adopt(settings)
    with (out / "truth.tsv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), delimiter="\t")
        table.writeheader()
        table.writerows(rows)
    print(Counter((row["queue"], row["truth"]) for row in rows))


def chosen(group, number):
    """Return the samples of a head that wait, each with its queue."""
    passes = [s for s in group.samples if s.outcome is Outcome.PASS]
    rest = [s for s in group.samples if s.outcome is not Outcome.PASS]
    rest = [rest[n] for n in np.random.default_rng(number).permutation(len(rest))]
    queue = "manual" if number % 4 == 3 else "verify"
    found = [(queue, sample) for sample in passes]
    if number % 2 == 0:
        found.append(("verify", rest.pop()))
    return found + [("manual", sample) for sample in rest[:2]]


def add(store, out, group, sample, queue, settings):
    """Draw, classify and store one result; return its row of the truth."""
    label = f"{group.number:03d}{sample.slot:02d}"
    name = f"sub-{label}_T1w"
    scan = header.clean(result_of(group.scene, sample.made))
    head = render.find_head(scan.volume, scan.grid)
    views = render.surface_views(scan.volume, scan.grid, head)
    pictures = {f"render_{view}": views[view] for view in VIEWS}
    large = render.surface_views(scan.volume, scan.grid, head, size=LARGE_PX, views=["left", "right"])
    pictures |= {LARGE_OF[f"render_{view}"]: large[view] for view in ("left", "right")}
    pictures["slices"] = render.slices(scan.volume, scan.grid, removal=sample.made.mask)
    looks = render.look(scan.volume, scan.grid, head)
    prediction, pictures["class_maps"] = classify(looks, ears=settings.deface.ears)
    passes = queue == "verify"
    decision = Decision(Outcome.PASS if passes else None, (Reason(NETWORK_SAYS),), passes)
    removal = Removal(sample.made.mask, "made", "1", {}, sample.made.replacement)
    measures = {"removed_ml": Measure("removed_ml", sample.truth.removed_ml, "ml", lower_is_better=False)}
    attempt = Attempt(
        number=1,
        method="template",
        version="made",
        parameters=json.loads(json.dumps(asdict(DefaceSettings()))),
        measures=measures,
        decision=decision,
        prediction=prediction,
    )
    examined = Examined(scan, removal, measures, decision, prediction, pictures)
    folder = out / "scans" / name / "attempt-1"
    folder.parent.mkdir(parents=True)
    attempt = put_in_place(attempt, Evidence({}, examined), folder, out, Clock(), keeps_volume=True)
    store.add_scans([ScanRow(name, label, None, "T1w", "anat", "bids")])
    store.add_attempt(name, attempt, Mark("f" * 64, "s" * 64))
    seen = " ".join(f"{f.value}={share:.2f}" for f, share in sample.truth.visible.items() if share > 0.02)
    return {
        "scan": name,
        "queue": queue,
        "truth": sample.outcome.value,
        "kind": sample.parameters.kind,
        "brain_lost_ml": f"{sample.truth.brain_lost_ml:.1f}",
        "seen": seen,
        "p_pass": f"{prediction.p_outcome[Outcome.PASS]:.3f}",
    }


def score(out: Path, reviewer: str) -> None:
    """Hold a reader's last words against the truth."""
    with (out / "truth.tsv").open(encoding="utf-8") as file:
        truths = {row["scan"]: row for row in csv.DictReader(file, delimiter="\t")}
    said, seconds = Counter(), Counter()
    for record in Store.open(out).records():
        for review in [r for r in record.reviews if r.reviewer == reviewer]:
            word = review.outcome.value if review.outcome else "flag"
            said[review.mode.value, truths[record.scan.name]["truth"], word] += 1
            seconds[review.mode.value] += review.seconds or 0
    for mode in ("verification", "manual"):
        found = {key[1:]: n for key, n in said.items() if key[0] == mode}
        total = sum(found.values())
        if not total:
            continue
        if mode == "verification":
            right = sum(n for (truth, word), n in found.items() if (truth == "pass") == (word == "pass"))
        else:
            right = sum(n for (truth, word), n in found.items() if truth == word)
        print(f"{mode}: {total} words, {right} as the truth, {seconds[mode] / total:.2f} s a scan")
        for (truth, word), n in sorted(found.items()):
            print(f"  truth {truth:8s} said {word:8s} {n}")


def main() -> None:
    """Do as the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("make", "score"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--heads", type=int, default=28)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--reviewer", default="lead")
    options = parser.parse_args()
    if options.what == "make":
        make(options.out, options.heads, options.seed)
    else:
        score(options.out, options.reviewer)


if __name__ == "__main__":
    main()
