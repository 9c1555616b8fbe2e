"""The settings of a run: given, or saved beside its outputs; never two kinds in one output folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from defacto.config import Settings, from_mapping, read_settings, to_toml
from defacto.errors import SettingsError
from defacto.pipeline.folder import OutFolder, write_whole
from defacto.pipeline.locks import lock, sharing

VERIFY = ("person", "none")
_CHOICES = {
    "qc.verify": VERIFY,
    "privacy.dates": ("remove", "shift"),
    "privacy.labels": ("check", "new", "keep"),
    "review.order": ("doubt", "random"),
}
_MAY_CHANGE = frozenset(
    {
        "qc.verify",
        "input.max_memory_gb",
        "review.double_share",
        "review.blind",
        "review.order",
        "review.site_characters",
        "privacy.strike",
    }
)


def saved_settings(out: Path) -> Settings:
    """Return the settings that an output folder was made with."""
    path = OutFolder(out).settings
    return read_settings(path if path.is_file() else None)


def choose_settings(
    out: Path, file: Path | None, changes: Mapping[str, Any], strikes: Iterable[str] = ()
) -> Settings:
    """Return the settings asked for.

    Parameters
    ----------
    out : Path
        Output folder; where no file is given, what was saved there holds.
    file : Path, optional
        TOML file.
    changes : mapping
        Dotted names to values, from the command line; they outweigh the file.
    strikes : iterable of str
        Added to setting ``privacy.strike``.

    Raises
    ------
    SettingsError
        If something is wrong with them.
    """
    tree = asdict(saved_settings(out) if file is None else read_settings(file))
    for dotted, value in changes.items():
        table, _, name = dotted.partition(".")
        tree[table][name] = value
    settings = with_strikes(from_mapping(tree), strikes)
    chosen = asdict(settings)
    for dotted, choices in _CHOICES.items():
        table, _, name = dotted.partition(".")
        if chosen[table][name] not in choices:
            raise SettingsError(
                f"Setting {dotted}: expected {' or '.join(choices)}, got {chosen[table][name]!r}."
            )
    if settings.retry.max_attempts < 1:
        raise SettingsError(
            f"Setting retry.max_attempts: expected at least 1, got {settings.retry.max_attempts}."
        )
    if not 0 <= settings.review.double_share <= 1:
        raise SettingsError(
            f"Setting review.double_share: expected 0 to 1, got {settings.review.double_share:g}."
        )
    if settings.review.site_characters < 0:
        raise SettingsError(
            f"Setting review.site_characters: expected 0 or more, got {settings.review.site_characters}."
        )
    return settings


def with_strikes(settings: Settings, strikes: Iterable[str]) -> Settings:
    """Return settings that strike out these tags and values too."""
    known = settings.privacy.strike
    new = tuple(sorted(set(strikes) - set(known)))
    return replace(settings, privacy=replace(settings.privacy, strike=known + new)) if new else settings


@contextmanager
def settled(out: OutFolder, settings: Settings, *, begun: bool) -> Iterator[list[str]]:
    """Save the settings of a run; while it lasts, no other run can change them.

    Parameters
    ----------
    out : OutFolder
        Folder of the run.
    settings : Settings
        Of this run.
    begun : bool
        Whether attempts were already made in this folder.

    Yields
    ------
    list of str
        Which of them changed, as sentences.

    Raises
    ------
    SettingsError
        If attempts were made with others: results of two kinds would lie side by side.
    """
    with ExitStack() as stack:
        with lock(out.lock("settings"), wait=True):
            alone = stack.enter_context(sharing(out.lock("run")))
            sentences = _save(out, settings, begun=begun or not alone)
        yield sentences


def _save(out: OutFolder, settings: Settings, *, begun: bool) -> list[str]:
    changed = differences(saved_settings(out.root), settings) if out.settings.is_file() else {}
    serious = {name: values for name, values in changed.items() if name not in _MAY_CHANGE}
    if begun and serious:
        name, (before, now) = next(iter(serious.items()))
        raise SettingsError(
            f"The output folder {out.root.name} was made with {name} = {_shown(before)}, now it is"
            f" {_shown(now)}. Use a new output folder, or leave the setting as it was"
            " (without --settings the saved ones hold)."
        )
    text = to_toml(settings)
    if not out.settings.is_file() or out.settings.read_text(encoding="utf-8") != text:
        write_whole(out.settings, text)
    return [f"{name} is now {_shown(now)}." for name, (_, now) in changed.items()]


def differences(one: Settings, other: Settings) -> dict[str, tuple[Any, Any]]:
    """Return the settings that differ, by dotted name."""
    first, second = asdict(one), asdict(other)
    return {
        f"{table}.{name}": (value, second[table][name])
        for table, values in first.items()
        for name, value in values.items()
        if value != second[table][name]
    }


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(list(value)) if isinstance(value, tuple) else str(value)
