"""What kind of input a folder is: BIDS, DICOM, or loose volume files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from defacto.errors import InputError
from defacto.io import names
from defacto.io.source import Origin

_HEAD_BYTES = 132
_TEXTS = (
    ".json",
    ".tsv",
    ".txt",
    ".csv",
    ".md",
    ".html",
    ".xml",
    ".py",
    ".m",
    ".sh",
    ".log",
    ".bval",
    ".bvec",
)
_NEVER_DICOM = frozenset(
    {*_TEXTS, ".pdf", ".png", ".jpg", ".jpeg", ".gz", ".zip", ".nii", ".hdr", ".mgh", ".mgz"}
)


def kind_of(folder: Path) -> Origin:
    """Tell what kind of input a folder or file is.

    Raises
    ------
    InputError
        If it does not exist, or nothing in it can be defaced.
    """
    if not folder.exists():
        raise InputError(
            f"There is no input {folder.name}; expected a BIDS data set, or a folder of DICOM or NIfTI files."
        )
    if is_bids(folder):
        return "bids"
    if is_dicom(folder):
        return "dicom"
    if any(names.volume_extension(path.name) for path in walk_files(folder)):
        return "nifti"
    raise InputError(
        f"Nothing to deface was found in {folder.name}: expected a BIDS data set (dataset_description.json "
        "and sub- folders), DICOM files, or NIfTI or MGH files."
    )


def is_bids(folder: Path) -> bool:
    """Whether a folder holds ``sub-`` folders, and a description or a datatype folder within them."""
    if not folder.is_dir():
        return False
    subjects = [entry for entry in folder.iterdir() if entry.name.startswith("sub-") and entry.is_dir()]
    if not subjects:
        return False
    if (folder / "dataset_description.json").exists():
        return True
    return any(any(each.glob("anat")) or any(each.glob("ses-*/anat")) for each in subjects)


def is_dicom(folder: Path) -> bool:
    """Whether a folder, or a single file, holds DICOM; stops at the first file that does."""
    return any(looks_like_dicom(path) for path in walk_files(folder))


def looks_like_dicom(path: Path) -> bool:
    """Whether a file begins like DICOM: ``DICM`` after the preamble, or an element of group 0008."""
    if path.suffix.lower() in _NEVER_DICOM:
        return False
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return False
    return head[128:] == b"DICM" or _begins_without_preamble(head)


def _begins_without_preamble(head: bytes) -> bool:
    if len(head) < 12 or head[:2] != b"\x08\x00" or head[3] != 0:
        return False
    explicit = head[4:6] in {b"CS", b"UI", b"UL", b"SH", b"DA", b"LO"}
    return explicit or int.from_bytes(head[4:8], "little") < len(head)


LINKED_FOLDER = "symbolic links to folders are not followed; give the folder itself"


def count_linked_folders(folder: Path) -> int:
    """Count the symbolic links to folders, which `walk_files` does not follow."""
    return sum(
        Path(top, name).is_symlink()
        for top, folders, _ in os.walk(folder)
        for name in folders
        if not name.startswith(".")
    )


def walk_files(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and below, in order; hidden ones and linked folders are skipped."""
    if folder.is_file():
        yield folder
        return
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(top, name) for name in sorted(files) if not name.startswith("."))
