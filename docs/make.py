"""Make the pages that follow from the code, and the drawing of the rooms: `python docs/make.py`.

The tests fail where a page is older than the code.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import tomli_w

from defacto.cli import make_parser
from defacto.config import setting_rows

HERE = Path(__file__).parent
_MADE = "<!-- made by docs/make.py; do not edit -->\n\n"


def settings_page() -> str:
    """Return the page of all settings."""
    lines = [
        "# Settings\n",
        "Give a TOML file with `--settings FILE`; what it leaves out keeps its default. The settings of a",
        "run are saved in `OUT/settings.toml`, and hold for later runs on the same OUT.\n",
    ]
    table = ""
    for name, default, text in setting_rows():
        if name.split(".")[0] != table:
            table = name.split(".")[0]
            lines += [f"\n## [{table}]\n", "| setting | default | |", "|---|---|---|"]
        lines.append(f"| `{name.split('.', 1)[1]}` | `{_toml(default)}` | {text} |")
    return _MADE + "\n".join(lines) + "\n"


def commands_page() -> str:
    """Return the page of all commands and their options."""
    parser = make_parser()
    lines = ["# Commands\n", f"{parser.description}\n"]
    for name, command in subcommands(parser).items():
        lines += [f"\n## defacto {name}\n", *_paragraphs(str(command.description))]
        lines += ["| | |", "|---|---|"]
        for action in sorted(command._actions, key=lambda a: bool(a.option_strings)):
            if not isinstance(action, argparse._HelpAction):
                lines.append(f"| {_spelling(action)} | {_help(action)} |")
    lines += ["\n## Exit codes\n", "| code | meaning |", "|---|---|"]
    for line in str(parser.epilog).splitlines()[1:]:
        code, meaning = line.split(maxsplit=1)
        lines.append(f"| {code} | {meaning} |")
    return _MADE + "\n".join(lines) + "\n"


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the commands of the command line by name."""
    action = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return dict(action.choices)


def _paragraphs(text: str) -> list[str]:
    return [line.strip() if line.strip() else "" for line in text.splitlines()] + [""]


def _toml(value: Any) -> str:
    value = list(value) if isinstance(value, tuple) else value
    text = tomli_w.dumps({"v": value}).split("=", 1)[1].strip()
    return " ".join(text.split()).replace("[ ", "[").replace(", ]", "]").replace(",]", "]")


def _spelling(action: argparse.Action) -> str:
    metavar = action.metavar or (
        "|".join(map(str, action.choices)) if action.choices else action.dest.upper()
    )
    value = metavar if isinstance(metavar, str) else " ".join(metavar)
    if action.nargs == "+":
        value += " ..."
    names = ", ".join(action.option_strings)
    spelling = value if not names else names if action.nargs == 0 else f"{names} {value}"
    return "`" + spelling.replace("|", "\\|") + "`"


def _help(action: argparse.Action) -> str:
    text = (action.help or "").replace("%%", "%").replace("|", "\\|")
    return (
        text if not getattr(action, "required", False) or not action.option_strings else f"{text} (required)"
    )


ROOMS = (
    (("cli", "one file per command"),),
    (("review", "the desk in the browser"),),
    (("report", "pages and plots for people"),),
    (
        ("pipeline", "order of the steps, store, states, retry, export"),
        ("studies", "methods compared on many heads"),
        ("training", "networks; only here is torch"),
    ),
    (("simulate", "heads and studies made to order"),),
    (
        ("deface", "methods; apply"),
        ("render", "surfaces, slices"),
        ("qc", "measure, decide"),
        ("privacy", "what names a person"),
    ),
    (("anatomy", "registration; where brain and features are"),),
    (("io", "volumes, BIDS, DICOM"),),
    (
        ("config", "settings"),
        ("processes", "threads"),
        ("types", "the nouns"),
        ("errors", "the tree of errors"),
    ),
)
"""The rooms from top to bottom; a room knows only those below it."""


def rooms_drawing() -> str:
    """Return the picture of the rooms and their layers, as SVG."""
    width, height, gap = 760, 46, 10
    total = len(ROOMS) * (height + gap) + gap
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {total}" font-family="sans-serif">',
        f'<rect width="{width}" height="{total}" fill="#f6f4ef"/>',
    ]
    for row, rooms in enumerate(ROOMS):
        y, wide = gap + row * (height + gap), (width - gap) / len(rooms) - gap
        for column, (name, text) in enumerate(rooms):
            x = gap + column * (wide + gap)
            parts.append(
                f'<rect x="{x:.0f}" y="{y}" width="{wide:.0f}" height="{height}" rx="5" '
                'fill="#fff" stroke="#22305c"/>'
            )
            parts += [
                f'<text x="{x + wide / 2:.0f}" y="{y + down}" text-anchor="middle" '
                f'font-size="{size}" fill="{color}">{words}</text>'
                for words, down, size, color in ((name, 20, 15, "#22305c"), (text, 37, 11, "#555"))
            ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def pages() -> dict[Path, str]:
    """Return every made page by its path."""
    return {
        HERE / "reference" / "settings.md": settings_page(),
        HERE / "reference" / "commands.md": commands_page(),
        HERE / "images" / "rooms.svg": rooms_drawing(),
    }


def main() -> None:
    """Write the pages."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
