"""What a method of defacing is."""

from __future__ import annotations

from typing import Protocol

from defacto.anatomy import Context
from defacto.config import DefaceSettings
from defacto.types import Removal, Scan


class Method(Protocol):
    """Something that says what to remove from a scan; filling, headers and files are not its business."""

    @property
    def name(self) -> str:
        """How it is called in settings and sidecars."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever its result may."""
        ...

    def removal(self, scan: Scan, context: Context, settings: DefaceSettings) -> Removal:
        """Return what to remove."""
        ...
