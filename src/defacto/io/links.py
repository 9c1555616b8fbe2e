"""Symbolic links: a file found in the input folder must lie in it."""

from __future__ import annotations

from pathlib import Path

from defacto.errors import VolumeError


def check_link(path: Path, root: Path) -> None:
    """Refuse a file that, its links followed, lies outside of the folder that was given as input.

    Links that stay inside, as DataLad makes them, are good.

    Parameters
    ----------
    path : Path
        A file found in the folder.
    root : Path
        The folder.

    Raises
    ------
    VolumeError
        If it leads outside, to nothing, or in a circle.
    """
    try:
        inside = path.resolve(strict=True).is_relative_to(root.resolve(strict=True))
    except (OSError, RuntimeError, ValueError):
        raise VolumeError(
            f"{path.name}: expected a file, got a link that leads nowhere; fetch what it points to."
        ) from None
    if not inside:
        raise VolumeError(
            f"{path.name}: expected a file inside of the input folder, got a link that leaves it; "
            "copy the file into the folder."
        )
