"""Method ``brain``: the brain and a margin around it stay, all else goes."""

from __future__ import annotations

import numpy as np

from defacto.anatomy import Context
from defacto.config import DefaceSettings
from defacto.deface.method import spare_brain
from defacto.types import Removal, Scan


class BrainMethod:
    """Remove all that lies farther than ``strip_margin_mm`` from the brain.

    Brain is what the anatomy network or one of the registrations may call so, furrows and rim included,
    whichever reaches further. A nudge to the back makes the margin smaller, but never smaller than
    ``brain_margin_mm``.
    """

    name = "brain"
    version = "3"

    def removal(self, scan: Scan, context: Context, settings: DefaceSettings) -> Removal:
        """Return what to remove; see `DefaceSettings` for the parameters."""
        margin_mm = max(settings.brain_margin_mm, settings.strip_margin_mm + settings.nudge_mm[1])
        return spare_brain(self, context.anybodys_brain_mm - np.float32(margin_mm), context, settings)
