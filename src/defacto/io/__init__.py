"""Files in and out: volumes, DICOM, BIDS."""
