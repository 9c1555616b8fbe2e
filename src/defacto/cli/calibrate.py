"""``defacto calibrate``: the threshold of the classifier that keeps a risk."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from defacto.cli.common import Commands, add_out, check_target, new_command

if TYPE_CHECKING:
    from defacto.pipeline.labels import Labels
    from defacto.qc.calibrate import NoneHolds, Threshold, TooFew

_DETAILS = """\
Takes each scan that was labelled and that the newest classifier in the store judged: its first such attempt,
since what a reviewer finds bad is tried again until it is good. Scans whose reviewers do not agree are bad.
Bad means anything but a pass. The bound is exact (Clopper and Pearson) and pays for the search.

It holds for future scans like those that were labelled. So label all scans, or some drawn at random: labels
given only to doubtful scans, or only in manual QC and not in the gallery, are no fair sample. Decide before
how many to label, and give that as --first N: to go on until a threshold is found breaks the confidence.
It holds for the classifier by itself; in `defacto run` the measures must agree with it too.

FILE.toml is for `defacto run --settings` with a new output folder; one with attempts keeps its settings.
Exit code 3: too few labels, or no threshold keeps the risk."""
_FAIR = (
    "This holds for future scans only if all scans were labelled, or some drawn at random;"
    " labels of doubtful scans alone are no fair sample."
)


def add_parser(commands: Commands) -> None:
    """Add the command."""
    text = "Find the classifier's threshold that keeps a risk, from people's labels."
    parser = new_command(commands, "calibrate", text, _DETAILS)
    add_out(parser)
    parser.add_argument(
        "--risk",
        type=float,
        default=0.005,
        metavar="R",
        help="the share of bad scans among accepted passes stays below it (default: 0.005)",
    )
    parser.add_argument(
        "--confidence", type=float, default=0.95, metavar="C", help="with this confidence (default: 0.95)"
    )
    parser.add_argument(
        "--first",
        type=int,
        metavar="N",
        help="only the first N scans by lot, a fair sample; `defacto review --order random` hands them out",
    )
    parser.add_argument(
        "--write", type=Path, metavar="FILE.toml", help="write the threshold as settings; a new file"
    )
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Run it."""
    from defacto.errors import SettingsError  # noqa: PLC0415  (slow to import)
    from defacto.pipeline.folder import write_whole  # noqa: PLC0415
    from defacto.pipeline.labels import collect_labels  # noqa: PLC0415
    from defacto.pipeline.run_settings import saved_settings  # noqa: PLC0415
    from defacto.pipeline.store import Store  # noqa: PLC0415
    from defacto.qc.calibrate import Threshold, find_threshold  # noqa: PLC0415

    risk, confidence, target = options.risk, options.confidence, options.write
    if not 0 < risk < 1:
        raise SettingsError(f"--risk: expected a share between 0 and 1, got {risk:g}.")
    if not 0.5 < confidence < 1:
        raise SettingsError(f"--confidence: expected a share between 0.5 and 1, got {confidence:g}.")
    if options.first is not None and options.first < 1:
        raise SettingsError(f"--first: expected 1 or more, got {options.first}.")
    if target is not None:
        _check_new(options.out, target)
    store = Store.open(options.out)
    model = store.newest_model()
    if model is None:
        print("No classifier judged any scan of this run; there is nothing to calibrate.")
        return 3
    labels = collect_labels(store.records(), model)
    fair = _FAIR
    if options.first is not None:
        labels, lacking = labels.first(options.first)
        fair = f"The labels are of the first {_scans(labels.p_pass.size)} by lot: a fair sample."
        if lacking:
            print(_tell_lacking(options.first, lacking))
            return 3
    found = find_threshold(labels.p_pass, labels.bad, risk, confidence)
    print(_tell_labels(labels))
    print(_tell_present(labels, saved_settings(options.out).qc.p_pass, confidence))
    print(_tell_found(found, labels, risk, confidence))
    if not isinstance(found, Threshold):
        return 3
    print(fair if options.first is not None else _tell_unlabelled(labels, found.p_pass))
    if target is not None:
        write_whole(target, _document(found, labels, risk, confidence, fair))
        print(f"Written: {target.name}")
    return 0


def _check_new(out: Path, target: Path) -> None:
    from defacto.errors import SettingsError  # noqa: PLC0415

    if target.exists():
        raise SettingsError(f"{target.name} is there already; choose another name.")
    check_target(out, target, overwrite=False, endings=(".toml",))


def _tell_labels(labels: Labels) -> str:
    lines = [f"Model {labels.model}: {_scans(labels.p_pass.size)} labelled, {int(labels.bad.sum())} bad."]
    if labels.disagreed:
        lines.append(f"{_scans(labels.disagreed)} of these count as bad: the reviewers do not agree.")
    if labels.others:
        lines.append(f"{_scans(labels.others)} labelled but left out: judged by other models only.")
    return "\n".join(lines)


def _tell_present(labels: Labels, p_pass: float, confidence: float) -> str:
    from defacto.qc.binomial import upper_bound  # noqa: PLC0415

    taken = labels.p_pass >= p_pass
    accepted, bad = int(taken.sum()), int(labels.bad[taken].sum())
    share = accepted / max(1, labels.p_pass.size)
    if not accepted:
        return f"Present threshold {p_pass:g}: accepts no labelled scan."
    bound = upper_bound(bad, accepted, confidence)
    return f"Present threshold {p_pass:g}: {_tell_rate(accepted, bad, share, bound, confidence)}"


def _tell_found(found: Threshold | TooFew | NoneHolds, labels: Labels, risk: float, confidence: float) -> str:
    from defacto.qc.calibrate import Threshold, TooFew, needed  # noqa: PLC0415

    aim = f"a risk of {_percent(risk)} with {_percent(confidence)} confidence"
    if isinstance(found, TooFew):
        return (
            f"Too few labels for {aim}: it takes at least {found.needed} labelled passes that are accepted,"
            f" and none of them bad; there are {found.accepted}."
        )
    share = found.accepted / max(1, labels.p_pass.size)
    rate = _tell_rate(found.accepted, found.bad, share, found.bound, confidence)
    if isinstance(found, Threshold):
        return f"Found threshold {found.p_pass:g}: {rate}"
    return (
        f"No threshold keeps {aim}. The search ended at its first, {found.p_pass:g}: {rate}"
        f" With {found.bad} bad it takes at least {needed(found.bad, risk, confidence)} accepted."
    )


def _tell_rate(accepted: int, bad: int, share: float, bound: float, confidence: float) -> str:
    return (
        f"accepts {_scans(accepted)} ({share:.1%}), {bad} of them bad ({bad / accepted:.2%});"
        f" at most {bound:.2%} with {_percent(confidence)} confidence."
    )


def _tell_unlabelled(labels: Labels, p_pass: float) -> str:
    unlabelled = int((labels.p_pass_unlabelled >= p_pass).sum())
    if not unlabelled:
        return _FAIR
    return (
        f"{_scans(unlabelled)} that it accepts {'is' if unlabelled == 1 else 'are'} not labelled: the bound"
        f" is of scans like the labelled ones.\n{_FAIR}"
    )


def _tell_lacking(first: int, lacking: int) -> str:
    return (
        f"Of the first {_scans(first)} by lot, {lacking} {'is' if lacking == 1 else 'are'} not labelled yet."
        " `defacto review OUT --order random` hands these out before all others."
    )


def _document(found: Threshold, labels: Labels, risk: float, confidence: float, fair: str) -> str:
    """Return the settings file; what depends on the clock, the machine or a scan's name stays out."""
    return (
        "# Made by `defacto calibrate` for `defacto run --settings`; what is not here keeps its default.\n"
        f"# Model: {json.dumps(labels.model)}\n"
        f"# Labels: {_scans(labels.p_pass.size)}, {int(labels.bad.sum())} bad;"
        f" accepted {found.accepted}, {found.bad} of them bad.\n"
        f"# Risk: {risk:g}; confidence: {confidence:g}.\n"
        f"# {fair}\n"
        f"\n[qc]\np_pass = {found.p_pass}\n"
    )


def _scans(count: int) -> str:
    return f"{count} {'scan' if count == 1 else 'scans'}"


def _percent(share: float) -> str:
    return f"{100 * share:.12g}%"
