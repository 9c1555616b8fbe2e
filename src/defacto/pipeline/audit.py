"""The audit of a whole data set: every file read once, in processes, in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from defacto.errors import InputError
from defacto.io.kind import is_bids
from defacto.privacy.audit import Audit, conclude
from defacto.privacy.places import pass_over, read_file, read_folder_name, subject_of
from defacto.privacy.strikes import Strikes
from defacto.privacy.tally import Tally
from defacto.simulate.processes import in_processes

_FILES_AT_ONCE = 2000
_LOOKED_INTO = frozenset({".bidsignore"})


def audit(
    folder: Path,
    strikes: Strikes | None = None,
    *,
    nprocs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Audit:
    """Count and judge every value of a BIDS data set, whoever made it.

    Parameters
    ----------
    folder : Path
        The data set; only read.
    strikes : Strikes, optional
        What was decided before.
    nprocs : int, optional
        Processes at once; by default the cores there are. The result is the same for any number.
    progress : callable, optional
        Is given how many files are done, and how many there are.

    Raises
    ------
    InputError
        If it is no BIDS data set.
    """
    if not folder.is_dir() or not is_bids(folder):
        raise InputError(
            f"{folder.name or folder} is no BIDS data set; expected a folder with dataset_description.json"
            " and sub- folders."
        )
    root = folder.resolve()
    tally, groups = _walk(root)
    total = sum(not path.endswith("/") for paths in groups.values() for path in paths)
    for each in _tallies(root, groups, nprocs):
        tally.join(each)
        if progress is not None:
            progress(tally.files, total)
    return conclude(tally, strikes or Strikes(), subjects=len(groups.keys() - {""}))


def _walk(root: Path) -> tuple[Tally, Mapping[str, Sequence[str]]]:
    """Return what is not looked into, and files and folders (with a ``/`` behind) by subject."""
    tally, groups = Tally(), dict[str, list[str]]()
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError:
            pass_over(tally, folder, "folders that cannot be read")
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name.startswith(".") and entry.name not in _LOOKED_INTO:
                pass_over(tally, path, f"hidden: {entry.name}")
            elif entry.is_dir(follow_symlinks=False):
                groups.setdefault(subject_of(path), []).append(path + "/")
                folders.append(path)
            elif entry.is_dir():
                pass_over(tally, path, "links to folders")
            else:
                groups.setdefault(subject_of(path), []).append(path)
    return tally, groups


def _tallies(root: Path, groups: Mapping[str, Sequence[str]], nprocs: int | None) -> Iterator[Tally]:
    batches = list(_batches(groups))
    if len(batches) == 1 or nprocs == 1:
        yield from (_read(root, batch) for batch in batches)
        return
    yield from in_processes(_read, ((root, batch) for batch in batches), nprocs)


def _batches(groups: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Yield lists of files, those of a subject in one."""
    batch: list[str] = []
    for subject in sorted(groups):
        batch += groups[subject]
        if len(batch) >= _FILES_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _read(root: Path, paths: Sequence[str]) -> Tally:
    tally = Tally()
    for path in paths:
        if path.endswith("/"):
            read_folder_name(tally, path[:-1])
        else:
            read_file(tally, root, path)
    return tally
