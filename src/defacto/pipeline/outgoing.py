"""Bring a folder to a wanted content: only files that we put there are ever replaced or removed."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from defacto.errors import NotClearedError, SettingsError
from defacto.pipeline.evidence import file_hash
from defacto.pipeline.folder import write_whole

_PART = ".defacto-part"


@dataclass(frozen=True)
class Wanted:
    """A file as it shall be.

    Parameters
    ----------
    sha256 : str
        Hash of its content.
    content : bytes or Path
        The content, or the file to copy it from.
    """

    sha256: str
    content: bytes | Path

    @classmethod
    def text(cls, content: str) -> Wanted:
        """Return a file of that text, in UTF-8."""
        return cls.of(content.encode("utf-8"))

    @classmethod
    def of(cls, content: bytes) -> Wanted:
        """Return a file of that content."""
        return cls(hashlib.sha256(content).hexdigest(), content)


Manifest = dict[str, list[str]]
"""Path in the folder to the hashes that our file of that name may have."""


def read_manifest(path: Path) -> Manifest:
    """Return what we put into a folder before."""
    if not path.is_file():
        return {}
    manifest: Manifest = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def bring(target: Path, wanted: Mapping[str, Wanted], manifest_path: Path) -> None:
    """Write, replace and remove files until the folder holds what is wanted; others stay as they are.

    A new folder appears all at once; in an old one each file changes at once. Cut off in the middle, it goes
    on where it was when it is called again.

    Parameters
    ----------
    target : Path
        The folder.
    wanted : mapping of str to Wanted
        By path in the folder, with slashes.
    manifest_path : Path
        Where it is kept what we put there.

    Raises
    ------
    SettingsError
        If a file there is not ours, or was changed since; nothing is written then.
    NotClearedError
        If a file to copy is not what it was when it was checked.
    """
    before = read_manifest(manifest_path)
    present = {path: file_hash(target / path) for path in {*before, *wanted} if (target / path).is_file()}
    _refuse_foreign(target, wanted, before, present)
    both = {path: list(hashes) for path, hashes in before.items() if path in present}
    for path, want in wanted.items():
        both[path] = sorted({*both.get(path, []), want.sha256})
    _write_manifest(manifest_path, both)
    with _place(target) as folder:
        for path in sorted(set(present) - set(wanted)):
            _remove(folder, path)
        for path, want in wanted.items():
            if present.get(path) != want.sha256:
                _put(folder / path, path, want)
    _write_manifest(manifest_path, {path: [want.sha256] for path, want in wanted.items()})


def _refuse_foreign(
    target: Path, wanted: Mapping[str, Wanted], before: Manifest, present: Mapping[str, str]
) -> None:
    if not before and target.is_dir() and any(target.iterdir()):
        raise SettingsError(
            f"The folder {target.name} holds files that this output folder did not export;"
            " choose an empty or new one."
        )
    changed = sorted(
        path
        for path, content in present.items()
        if content not in before.get(path, []) and (path not in wanted or wanted[path].sha256 != content)
    )
    if changed:
        more = f" and {len(changed) - 1} others" if len(changed) > 1 else ""
        raise SettingsError(
            f"{changed[0]}{more} in {target.name} would be overwritten, but changed since the last export;"
            " move it away, or export to a new folder."
        )


@contextmanager
def _place(target: Path) -> Iterator[Path]:
    if target.is_dir() and any(target.iterdir()):
        yield target
        return
    new = target.with_name(f".{target.name}{_PART}")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    yield new
    new.replace(target)


def _put(path: Path, name: str, want: Wanted) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}{_PART}")
    if isinstance(want.content, bytes):
        part.write_bytes(want.content)
    elif want.content.is_file():
        shutil.copyfile(want.content, part)
    if not part.exists() or file_hash(part) != want.sha256:
        part.unlink(missing_ok=True)
        raise NotClearedError(f"{name} is not what it was when it was checked; it stays inside. Run again.")
    part.replace(path)


def _remove(folder: Path, path: str) -> None:
    (folder / path).unlink()
    parent = (folder / path).parent
    while parent != folder and not any(parent.iterdir()):
        parent.rmdir()
        parent = parent.parent


def _write_manifest(path: Path, manifest: Manifest) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    path.chmod(0o600)
