"""The outputs of an audit: a table of all values, the same as JSON, and a page where a person decides."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from defacto import __version__
from defacto.privacy.audit import Audit, Item, TagFound
from defacto.privacy.strikes import Strikes
from defacto.privacy.suspicion import MARKS
from defacto.report.check_files import cell, writable
from defacto.report.environment import make_environment, static_text
from defacto.report.words import count

PAGE, TABLE = "index.html", "audit.tsv"
MOST_ON_PAGE = 200
"""Values of a tag that the page lists; the table has all that were kept."""
_LINES_TOLD = 25
_COLUMNS = ("tag", "value", "seen", "files", "subjects", "reasons", "decision", "example")


def write_audit(folder: Path, audit: Audit, strikes: Strikes, *, page: str = PAGE) -> None:
    """Write page and table into a folder; the caller sees to it that only its owner can read them."""
    (folder / TABLE).write_text(audit_tsv(audit), encoding="utf-8")
    (folder / page).write_text(render_audit(audit, strikes), encoding="utf-8")


def audit_tsv(audit: Audit) -> str:
    """Return all values that were kept, one a row, the most suspicious tags first.

    A row without value stands for what a tag has beyond these, and for a tag to be decided on as a whole.
    """
    rows = [_COLUMNS, *(row for found in audit.tags for row in _rows(found))]
    return writable("".join("\t".join(cell(_one_line(str(each))) for each in row) + "\n" for row in rows))


def _rows(found: TagFound) -> Iterator[Sequence[Any]]:
    name = str(found.tag)
    if found.asks_as_a_whole or found.more:
        reasons = ", ".join(
            [*found.marks, *(f"{mark} ({amount})" for mark, amount in found.more_marks.items())]
        )
        yield name, "", found.more, "", "", reasons, found.choice.value, f"{found.distinct} values"
    for item in found.items:
        counts = (item.seen, item.files, item.subjects)
        yield name, item.text, *counts, ", ".join(item.marks), item.choice.value, item.example


def _one_line(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\r", "\\r").replace("\n", "\\n")


def audit_json(audit: Audit) -> str:
    """Return the audit as one object."""
    tags = [
        {
            "tag": str(found.tag),
            "seen": found.seen,
            "files": found.files,
            "subjects": found.subjects,
            "distinct": found.distinct,
            "reasons": list(found.marks),
            "decision": found.choice.value,
            "more": found.more,
            "more_reasons": dict(found.more_marks),
            "values": [_item_document(item) for item in found.items],
        }
        for found in audit.tags
    ]
    document = {
        "files": audit.files,
        "subjects": audit.subjects,
        "unread": audit.unread,
        "to_decide": audit.open,
        "struck_but_there": audit.struck,
        "clean": audit.clean,
        "tags": tags,
    }
    return writable(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def _item_document(item: Item) -> dict[str, Any]:
    return {
        "value": item.text,
        "seen": item.seen,
        "files": item.files,
        "subjects": item.subjects,
        "reasons": list(item.marks),
        "decision": item.choice.value,
        "example": item.example,
    }


def render_audit(audit: Audit, strikes: Strikes) -> str:
    """Return the page, which needs no other file.

    Parameters
    ----------
    audit : Audit
        What was found.
    strikes : Strikes
        What was decided before; the page begins with it, and saves all of it again.
    """
    script = static_text("audit.js")
    return (
        make_environment()
        .get_template("audit.html")
        .render(
            audit=audit,
            data=_data(audit, strikes),
            style=static_text("report.css", "audit.css"),
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            version=__version__,
        )
    )


def _data(audit: Audit, strikes: Strikes) -> str:
    """Return what the page draws, as JSON that cannot end the element it stands in."""
    document = {
        "marks": {name: mark.sentence for name, mark in MARKS.items()},
        "accepted": sorted(strikes.accepted),
        "strike": sorted(strikes.strike),
        "tags": [_tag_data(found) for found in audit.tags],
    }
    text = json.dumps(document, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _tag_data(found: TagFound) -> dict[str, Any]:
    shown = sorted(found.items, key=lambda item: not item.marks)[:MOST_ON_PAGE]
    hidden = len(found.items) - len(shown)
    return {
        "tag": str(found.tag),
        "place": found.tag.place,
        "counts": [found.seen, found.files, found.subjects, found.distinct],
        "marks": [*found.marks],
        "more": found.more + sum(item.seen for item in found.items) - sum(item.seen for item in shown),
        "moreMarks": found.more_marks,
        "hidden": hidden,
        "hiddenMarked": sum(bool(item.marks) for item in found.items)
        - sum(bool(item.marks) for item in shown),
        "values": [
            [item.text, item.entry, item.seen, item.files, item.subjects, item.example, [*item.marks]]
            for item in shown
        ],
    }


def _marked(items: Iterable[Item]) -> int:
    return sum(bool(item.marks) for item in items)


def tell_audit(audit: Audit, name: str = "") -> str:
    """Return what a terminal is told: tags and reasons, never a value."""
    asking = [found for found in audit.tags if found.open]
    width = min(44, max((len(str(found.tag)) for found in asking[:_LINES_TOLD]), default=0))
    lines = [
        f"{count(found.open, 'value'):>12}  {_plain(str(found.tag)):<{width}}  {', '.join(found.all_marks)}"
        for found in asking[:_LINES_TOLD]
    ]
    if len(asking) > _LINES_TOLD:
        lines.append(f"and {count(len(asking) - _LINES_TOLD, 'tag')} more.")
    of = f" of {name}" if name else ""
    sizes = f"{count(audit.subjects, 'subject')}, {count(len(audit.tags), 'tag')}"
    struck = f", {audit.struck:,} struck out but still there" if audit.struck else ""
    unread = count(audit.unread, "file or folder", "files and folders")
    left = f"; {unread} not looked into" if audit.unread else ""
    asked = count(audit.open, "suspicious value")
    lines.append(f"{count(audit.files, 'file')}{of}, {sizes}: {asked} to decide{struck}{left}.")
    return "\n".join(lines)


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
