"""The ``.bidsignore`` file: patterns as in ``.gitignore``."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

_PARTS = re.compile(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])")
_REGEX = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def read_ignore(folder: Path) -> Callable[[str], bool]:
    """Return a test for paths relative to `folder`: True = ignored. A later pattern overrides."""
    try:
        lines = (folder / ".bidsignore").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    rules = [rule for line in lines if (rule := _rule(line.strip()))]

    def is_ignored(path: str) -> bool:
        verdicts = [ignore for pattern, ignore in rules if pattern.match(path)]
        return bool(verdicts) and verdicts[-1]

    return is_ignored


def _rule(line: str) -> tuple[re.Pattern[str], bool] | None:
    if not line or line.startswith("#"):
        return None
    ignore = not line.startswith("!")
    body = line.removeprefix("!").removeprefix("\\")
    anchored = "/" in body.rstrip("/")
    regex = "".join(_translate(part) for part in _PARTS.split(body.strip("/")))
    start = "" if anchored else "(?:.*/)?"
    end = "/.*" if body.endswith("/") else "(?:/.*)?"
    try:
        return re.compile(f"{start}{regex}{end}$"), ignore
    except re.error:
        return None


def _translate(part: str) -> str:
    if part.startswith("[") and len(part) > 2:
        return "[^" + part[2:] if part[1] == "!" else part
    return _REGEX.get(part) or re.escape(part)
