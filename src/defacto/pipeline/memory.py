"""How much memory the work on a scan will take, judged by its header."""

from __future__ import annotations

import os
from pathlib import Path

from defacto.errors import InputError
from defacto.io import mgh, nifti
from defacto.io.content import open_content
from defacto.io.memory import available_bytes
from defacto.io.source import Source

BASE_GB = 0.5
"""What a process takes before it has read a scan."""
TIMES = 5.0
"""What the work takes, in multiples of the scan with its volume in memory (see benchmarks/)."""


def need_gb(source: Source) -> float:
    """Return how much memory the work on a scan is expected to take, 1e9 bytes.

    A header that cannot be read counts as nothing: the scan will be refused.
    """
    if source.series is not None:
        size = sum(_size(Path(file.path)) for file in source.series.files)
        return BASE_GB + TIMES * 3 * size / 1e9
    if source.path is None:
        return BASE_GB
    try:
        return BASE_GB + TIMES * _declared_bytes(source.path) / 1e9
    except (InputError, OSError):
        return BASE_GB


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _declared_bytes(path: Path) -> int:
    name = path.name.lower()
    read_layout = mgh.read_layout if name.endswith((".mgh", ".mgz")) else nifti.read_layout
    with open_content(path, compressed=name.endswith((".gz", ".mgz"))) as content:
        return read_layout(content).memory_bytes


def free_gb() -> float:
    """Return how much memory may be taken now, 1e9 bytes."""
    available = available_bytes()
    if available is None:
        available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return available / 1e9
