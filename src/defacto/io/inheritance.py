"""BIDS sidecars: JSON files at the levels above a volume apply to it too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from defacto.io import names


@dataclass(frozen=True)
class SidecarFile:
    """A JSON file and what it applies to."""

    path: Path
    name: names.Name

    @cached_property
    def content(self) -> dict[str, Any] | None:
        """What it says, read once; None where it is no JSON object."""
        return read_object(self.path)

    def applies_to(self, other: names.Name) -> bool:
        """Whether its suffix is the same and all its entities stand in the other name."""
        return self.name.suffix == other.suffix and self.name.entities.items() <= other.entities.items()


def sidecar_file(path: Path) -> SidecarFile | None:
    """Recognise a sidecar by its name; it may lack ``sub-`` on the upper levels."""
    name = names.parse(path.name) or _without_subject(path.name)
    return SidecarFile(path, name) if name and name.extension == ".json" else None


def _without_subject(file_name: str) -> names.Name | None:
    name = names.parse(f"sub-0_{file_name}")
    if name is None:
        return None
    return names.Name({k: v for k, v in name.entities.items() if k != "sub"}, name.suffix, name.extension)


def merge(name: names.Name, levels: Sequence[Sequence[SidecarFile]]) -> tuple[dict[str, Any], list[str]]:
    """Merge what applies to a volume, upper levels first, so that the nearest file has the last word.

    Returns
    -------
    merged : dict
        Keys of all sidecars that apply.
    broken : list of str
        Names of sidecars that could not be read as a JSON object.
    """
    merged: dict[str, Any] = {}
    broken: list[str] = []
    for level in levels:
        applying = [file for file in level if file.applies_to(name)]
        for file in sorted(applying, key=lambda file: len(file.name.entities)):
            if file.content is None:
                broken.append(file.path.name)
            merged |= file.content or {}
    return merged, broken


def read_object(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; None where the file cannot be read as one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
