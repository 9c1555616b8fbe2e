"""What a check says on a terminal: a short line for each scan that is not a pass, then the counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from defacto.pipeline.check import Checked, tell_apart
from defacto.report.check import group
from defacto.report.words import count

_LONGEST_REASON = 140
_WIDEST = 60


def tell_check(results: Sequence[Checked], left_out: Mapping[str, str]) -> str:
    """Return the lines, in the order of the results, and how many files were left out and why."""
    paths = [plain(each.path) for each in results]
    doubtful = [(each, path) for each, path in zip(results, paths, strict=True) if not each.passed]
    width = min(_WIDEST, max((len(path) for _, path in doubtful), default=0))
    lines = [f"{each.word:<7}  {path:<{width}}  {_reason(each)}" for each, path in doubtful]
    counts = ", ".join(f"{amount:,} {word}" for word, amount in tell_apart(results).items() if amount)
    return "\n".join([*lines, f"{count(len(results), 'scan')}: {counts}.", *tell_left_out(left_out)])


def tell_left_out(left_out: Mapping[str, str]) -> list[str]:
    """Return a line for each reason to leave files out."""
    return [f"{count(n, 'file')} left out: {plain(reason)}." for reason, n in group(left_out).items()]


def plain(text: str) -> str:
    """Return text without what a terminal takes for a command, or cannot write."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _reason(checked: Checked) -> str:
    first = checked.decision.reasons[0].sentence if checked.decision.reasons else ""
    text = plain(first)
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1].rstrip() + "…"
