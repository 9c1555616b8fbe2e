"""Head MRI in, out only scans that are shown to be de-identified."""

__version__ = "0.1.0"
