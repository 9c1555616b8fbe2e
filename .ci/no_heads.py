"""Refuse volumes and DICOM files, by name and by content: heads do not belong in git."""

import gzip
import sys
import zlib
from pathlib import Path, PurePosixPath

ENDINGS = (
    ".nii",
    ".nii.gz",
    ".mgh",
    ".mgz",
    ".mgh.gz",
    ".hdr",
    ".img",
    ".hdr.gz",
    ".img.gz",
    ".dcm",
    ".dicom",
    ".ima",
)
OURS = "src/defacto/anatomy/data/*.nii.gz"


def refusal(name: str, head: bytes) -> str | None:
    """Say why a file must not be committed, or None.

    Parameters
    ----------
    name : str
        Path from the top of the repository.
    head : bytes
        Its first 600 bytes or more, decompressed where they are gzip.
    """
    path = PurePosixPath(name)
    if path.match(OURS) and len(path.parts) == len(PurePosixPath(OURS).parts):
        return None
    if path.name.lower().endswith(ENDINGS):
        return "its name is that of a head image"
    if head[344:347] in {b"n+1", b"ni1"} or head[4:7] in {b"n+2", b"ni2"}:
        return "it holds a NIfTI header"
    if head[128:132] == b"DICM":
        return "it holds a DICOM header"
    return None


def first_bytes(path: Path, count: int = 640) -> bytes:
    """Return the first bytes of a file, decompressed where it is gzip."""
    with path.open("rb") as file:
        head = file.read(count)
    if head[:2] != b"\x1f\x8b":
        return head
    try:
        with gzip.open(path) as file:
            return file.read(count)
    except (OSError, EOFError, zlib.error):
        return head


def main(names: list[str]) -> int:
    """Check the files that are named on the command line."""
    refused = 0
    for name in names:
        path = Path(name)
        reason = refusal(name, first_bytes(path)) if path.is_file() else None
        if reason:
            print(f"{name}: refused, {reason}; keep it outside of the repository")
            refused = 1
    return refused


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
