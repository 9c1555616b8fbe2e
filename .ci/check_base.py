"""Fail where the base installation holds what only training or development needs."""

import importlib.util
import sys

UNWANTED = ("torch", "scipy", "matplotlib", "pytest")


def main() -> int:
    """Look for them in the environment that runs this."""
    found = [name for name in UNWANTED if importlib.util.find_spec(name)]
    for name in found:
        print(f"in the base installation: {name}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
