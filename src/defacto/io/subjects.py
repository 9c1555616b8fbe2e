"""New labels for subjects: made from a secret key, and stable across runs."""

from __future__ import annotations

import base64
import contextlib
import csv
import hashlib
import hmac
import io
import os
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path

from defacto.errors import InputError, SettingsError

KEY_VARIABLE = "DEFACTO_SUBJECT_KEY"
"""Environment variable that names another key file."""
_KEY_BYTES = 32
_LABEL_LETTERS = 10
_SHORT_LETTERS = 6


def key_path() -> Path:
    """Return where the key lies: ``$DEFACTO_SUBJECT_KEY``, else in the user's configuration."""
    if named := os.environ.get(KEY_VARIABLE):
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "defacto" / "subject.key"


def subject_key(path: Path | None = None) -> bytes:
    """Read the secret that labels are made with; make it where there is none.

    Whoever holds the key and a patient ID can compute the label; it belongs neither into a run's folder nor
    into a shared data set. Two runs that start at once agree: the file is linked into place whole, and the
    first one stays.

    Parameters
    ----------
    path : Path, optional
        The key file; default `key_path`.

    Raises
    ------
    SettingsError
        If the file cannot be read or made, or does not hold 32 bytes.
    """
    path = path or key_path()
    try:
        key = _read_key(path) or _make_key(path)
    except OSError as error:
        raise SettingsError(
            f"The subject key {path.name} can neither be read nor made: {error.strerror}. "
            f"Set {KEY_VARIABLE} to a file in a folder that you may write to."
        ) from error
    if len(key) != _KEY_BYTES:
        raise SettingsError(
            f"The subject key {path.name} holds {len(key)} bytes, expected {_KEY_BYTES}. "
            "Restore it from a copy; a new one would give every subject a new label."
        )
    return key


def _read_key(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _make_key(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".subject.key-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
    return path.read_bytes()


def subject_label(key: bytes, patient_id: str, *, name: str = "", birth_date: str = "") -> str:
    """Return the label of a person: 10 lower-case letters and digits, the same in every run with that key.

    The patient ID alone decides where there is one; name and birth date stand in for a missing ID. Spaces
    around and case do not matter. That two of 235,000 subjects share a label has a probability of 2.5e-5.

    Parameters
    ----------
    key : bytes
        From `subject_key`.
    patient_id, name, birth_date : str
        As in the DICOM tags.

    Raises
    ------
    InputError
        If all three are empty: nothing says who it is.
    """
    parts = [_plain(patient_id)] if _plain(patient_id) else ["", _plain(name), _plain(birth_date)]
    if not any(parts):
        raise InputError(
            "Expected a patient ID, or a name and birth date, got none: nothing says which images "
            "belong to one person. Put each person into a folder of its own and give it an ID."
        )
    return keyed_label(key, "person", *parts)


def keyed_label(key: bytes, *parts: str) -> str:
    """Return 10 letters and digits made from the parts with the key (HMAC-SHA-256).

    A digit is among the first six, so that no label looks like a name, nor does its beginning.
    """
    label, rest = "", parts
    while not any(map(str.isdigit, label[:_SHORT_LETTERS])):
        digest = hmac.new(key, "\x1f".join(rest).encode(), hashlib.sha256).digest()
        label = base64.b32encode(digest).decode().lower()[:_LABEL_LETTERS]
        rest = (*parts, label)
    return label


def _plain(text: str) -> str:
    return " ".join(text.replace("^", " ").split()).casefold()


def link_table(rows: Iterable[tuple[str, str]], path: Path, *, outside: Path) -> None:
    """Write the table that links labels to persons, readable by its owner only.

    Parameters
    ----------
    rows : iterable of (str, str)
        Label (``sub-...``) and what it stands for: a patient ID, or the relative path of a loose file.
    path : Path
        The TSV file to write, where the user asked for it.
    outside : Path
        The folder of the run; the table may not lie in it.

    Raises
    ------
    SettingsError
        If `path` lies inside `outside`, or cannot be written.
    """
    if path.resolve().is_relative_to(outside.resolve()):
        raise SettingsError(
            "The table that links subjects to patients may not lie in the folder of the run, which is read "
            "by reviewers and shared. Choose a place outside of it."
        )
    text = io.StringIO()
    table = csv.writer(text, delimiter="\t", lineterminator="\n")
    table.writerow(["participant_id", "source_id"])
    table.writerows(sorted(set(rows)))
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"The table {path.name} cannot be written: {error.strerror}.") from error
