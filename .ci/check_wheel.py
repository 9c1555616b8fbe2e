"""Fail where the wheel lacks a file that the package has in the checkout."""

import sys
import zipfile
from pathlib import Path


def main() -> int:
    """Compare the wheel that is named on the command line with ``src``."""
    names = set(zipfile.ZipFile(sys.argv[1]).namelist())
    source = Path(__file__).parent.parent / "src"
    wanted = {
        str(path.relative_to(source))
        for path in (source / "defacto").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    missing = sorted(wanted - names)
    for name in missing:
        print(f"not in the wheel: {name}")
    print(f"{len(wanted)} files of the package, {len(missing)} missing from the wheel")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
