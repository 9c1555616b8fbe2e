"""DICOM series."""

from __future__ import annotations


class Series:
    """A series."""
