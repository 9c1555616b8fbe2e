"""Files in and out: volumes, DICOM, BIDS."""

from defacto.io.opening import Opened, open_source
from defacto.io.source import LeftOut, Source

__all__ = ["LeftOut", "Opened", "Source", "open_source"]
