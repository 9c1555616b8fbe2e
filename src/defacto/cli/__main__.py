"""``python -m defacto.cli`` does what ``defacto`` does."""

from __future__ import annotations

import sys

from defacto.cli import main

if __name__ == "__main__":
    sys.exit(main())
