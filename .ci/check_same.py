"""Fail where two output folders differ in what is promised to be the same bytes."""

import hashlib
import sys
from pathlib import Path

WITH_TIME = {"store.sqlite", "logs", "report", ".locks", ".work"}
"""What holds times: the store, the log, and the pages that show how long things took."""


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file that is promised to be the same."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not WITH_TIME & set(path.relative_to(folder).parts)
    }


def main() -> int:
    """Compare the two folders that are named on the command line."""
    one, other = (digests(Path(name)) for name in sys.argv[1:3])
    differing = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    for name in differing:
        print(f"differs: {name}")
    print(f"{len(one)} files compared, {len(differing)} differ")
    return 1 if differing or not one else 0


if __name__ == "__main__":
    sys.exit(main())
