"""Folders for results that are whole or not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from defacto.errors import SettingsError


def check_new(folder: Path) -> None:
    """Refuse a folder that is not new or empty.

    Raises
    ------
    SettingsError
        If it is a file, or holds something.
    """
    if folder.is_symlink() and not folder.exists():
        raise SettingsError(f"{folder.name} is a link that leads nowhere; name a new or empty folder.")
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"{folder.name} is a file; expected a new or empty folder.")
    try:
        held = {entry.name for entry in folder.iterdir()} - {".DS_Store"} if folder.is_dir() else set()
    except OSError as error:
        raise SettingsError(f"The folder {folder.name} cannot be read: {error.strerror}.") from error
    if held:
        raise SettingsError(f"The folder {folder.name} holds {min(held)}; name a new or empty folder.")


def check_results(folder: Path, page: str, ours: Collection[str], what: str) -> None:
    """Refuse a folder that holds something other than results of one kind.

    Parameters
    ----------
    folder : Path
        It need not be there.
    page : str
        By which results are known: beside it anything may lie.
    ours : collection of str
        What may lie there without it.
    what : str
        What would be written.

    Raises
    ------
    SettingsError
        If it does, or is not a folder.
    """
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"{folder.name} is a file; expected a folder to write the {what} into.")
    held = {path.name for path in folder.iterdir()} - {".DS_Store", *ours} if folder.is_dir() else set()
    if held and page not in held:
        raise SettingsError(
            f"The folder {folder.name} holds something else ({min(held)}); name a new or empty folder."
        )


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Fill a new or empty folder: what is written appears in the end, or, after an error, nothing of it.

    Parameters
    ----------
    folder : Path
        It is made if it is not there; then only its owner can look into it.

    Yields
    ------
    Path
        Where to write; a folder in it.

    Raises
    ------
    SettingsError
        If it is not new or empty, or cannot be written.
    """
    check_new(folder)
    new, part = not folder.exists(), folder / f".part-{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.mkdir(mode=0o700)
    except OSError as error:
        raise SettingsError(f"The folder {folder.name} cannot be written: {error.strerror}.") from error
    try:
        yield part
        for each in sorted(part.iterdir()):
            each.replace(folder / each.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if new:
            with suppress(OSError):
                folder.rmdir()  # goes only where nothing is in it
