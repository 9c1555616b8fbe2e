"""How much memory may still be taken, in this machine and in this container."""

from __future__ import annotations

import re
from pathlib import Path

from defacto.errors import VolumeError

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def available_bytes() -> int | None:
    """Return the memory that can be taken without swapping; None where the system does not tell."""
    known = [amount for amount in (_in_machine(), _in_container()) if amount is not None]
    return min(known, default=None)


def check_memory(declared: str, needed: int, max_memory_gb: float) -> None:
    """Refuse a volume that would not fit.

    Parameters
    ----------
    declared : str
        What the header declares, in words.
    needed : int
        Bytes that it takes in memory.
    max_memory_gb : float
        The limit of the settings, 1e9 bytes.

    Raises
    ------
    VolumeError
        If it needs more than the limit, or more than there is.
    """
    needed_gb = needed / 1e9
    if not needed_gb <= max_memory_gb:
        raise VolumeError(
            f"expected a volume that takes at most {max_memory_gb:g} GB, "
            f"got {declared}, which takes {needed_gb:.3g} GB; "
            "if that is right, raise the setting input.max_memory_gb"
        )
    available = available_bytes()
    if available is not None and needed > available:
        raise VolumeError(
            f"expected {needed_gb:.1f} GB of free memory for {declared}, got {available / 1e9:.1f} GB; "
            "run fewer scans at once"
        )


def _in_machine() -> int | None:
    found = re.search(r"^MemAvailable:\s+(\d+) kB", _text(_MEMINFO), re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _in_container() -> int | None:
    limit, used = _text(_CGROUP / "memory.max").strip(), _text(_CGROUP / "memory.current").strip()
    if not (limit.isdigit() and used.isdigit()):
        return None
    cache = re.search(r"^inactive_file (\d+)", _text(_CGROUP / "memory.stat"), re.MULTILINE)
    return max(int(limit) - int(used) + (int(cache[1]) if cache else 0), 0)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
