"""The output folder of a run: where things lie in it, and whether it may be used."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from defacto import __version__
from defacto.errors import SettingsError
from defacto.io.kind import is_bids

_OURS = frozenset(
    {
        "dataset_description.json",
        "settings.toml",
        "store.sqlite",
        "store.id",
        "store.sqlite-journal",
        "logs",
        "network",
        "report",
        "scans",
        ".work",
        ".locks",
    }
)


@dataclass(frozen=True)
class OutFolder:
    """Where the files of a run lie.

    Parameters
    ----------
    root : Path
        The output folder.
    """

    root: Path

    @property
    def settings(self) -> Path:
        """The settings of the run."""
        return self.root / "settings.toml"

    @property
    def network(self) -> Path:
        """The classifier of the run, where it has one of its own."""
        return self.root / "network"

    @property
    def logs(self) -> Path:
        """One file for each run."""
        return self.root / "logs"

    @property
    def work(self) -> Path:
        """Temporary files, unless the user names another place."""
        return self.root / ".work"

    def lock(self, name: str) -> Path:
        """Return the lock file of a scan, or of the whole run for a name that is no scan's."""
        return self.root / ".locks" / f"{name}.lock"

    def scan(self, name: str) -> Path:
        """Return the folder of a scan."""
        return self.root / "scans" / name

    def attempt(self, name: str, number: int) -> Path:
        """Return the folder of an attempt."""
        return self.scan(name) / f"attempt-{number}"


@contextmanager
def private_files() -> Iterator[None]:
    """Make files that only their owner can read."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def check_places(folder: Path, out: Path, work: Path | None = None) -> None:
    """Refuse an output folder in a dangerous place.

    Parameters
    ----------
    folder : Path
        Input.
    out : Path
        Output folder; it need not exist.
    work : Path, optional
        Where temporary files go.

    Raises
    ------
    SettingsError
        If output and input are the same or lie in one another (but for BIDS/derivatives), or if the output
        folder holds files that defacto did not make.
    """
    inside, outside = folder.resolve(), out.resolve()
    if inside == outside:
        raise SettingsError(
            "The output folder is the input itself; choose another one, originals stay as they are."
        )
    if inside.is_relative_to(outside):
        raise SettingsError("The input lies in the output folder; choose an output folder elsewhere.")
    if outside.is_relative_to(inside) and not _is_derivatives(inside, outside):
        raise SettingsError(
            "The output folder lies in the input; choose one elsewhere,"
            " or below derivatives/ of a BIDS data set."
        )
    if work is not None and work.resolve().is_relative_to(inside):
        raise SettingsError("The work folder lies in the input; choose one elsewhere.")
    _check_content(out)


def _is_derivatives(inside: Path, outside: Path) -> bool:
    parts = outside.relative_to(inside).parts
    return len(parts) > 1 and parts[0] == "derivatives" and is_bids(inside)


def _check_content(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise SettingsError(f"The output {out.name} is a file; expected a folder, or a name that is free.")
    if not out.is_dir() or (out / "settings.toml").is_file():
        return
    foreign = sorted(entry.name for entry in out.iterdir() if entry.name not in _OURS)
    if foreign:
        raise SettingsError(
            f"The output folder {out.name} holds {len(foreign)} files or folders that are not of defacto;"
            " choose an empty or new one."
        )


def prepare(out: OutFolder) -> None:
    """Make the folders of a run and the description that BIDS asks of them."""
    for folder in (out.root, out.logs, out.root / "scans", out.root / ".locks"):
        folder.mkdir(parents=True, exist_ok=True)
    description = {
        "Name": "defacto: defaced scans and how they were checked; not for sharing",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "defacto", "Version": __version__}],
    }
    path = out.root / "dataset_description.json"
    if not path.exists():
        write_whole(path, json.dumps(description, indent=2) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a small text file in one step."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
