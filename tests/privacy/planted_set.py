"""A BIDS data set of people who do not exist, with something that would name them in every place."""

import gzip
import json
import struct

import numpy as np

from defacto.io import volume

PLAIN = {
    "Modality": "MR",
    "Manufacturer": "Siemens",
    "ManufacturersModelName": "Prisma",
    "MagneticFieldStrength": 3,
    "EchoTime": 0.00298,
    "RepetitionTime": 2.3,
    "FlipAngle": 9,
    "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"],
    "SliceTiming": [0.0, 0.5, 1.0],
    "MRAcquisitionType": "3D",
}
PLANTED = {
    "SeriesDescription": "t1 for Dr. Finch",
    "PatientName": "Quill^Dorothea",
    "PatientAge": "093Y",
    "AcquisitionDateTime": "2019-03-04T10:11:12.5",
    "SeriesInstanceUID": "1.3.12.2.1107.5.2.43.66012.2019030410111200001",
    "DeviceSerialNumber": "66012",
    "ImageComments": "call +49 30 5557788 or ward@nowhere.example",
    "Site": {"Contact": {"Room": "12 Harbour Street", "Archive": "/home/quill/raw"}},
    "Blob": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9w",
    "RecordNumber": 70012345,
}
"""Tags of a sidecar, every one of them suspicious."""


def write_json(path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


def make_plain(root, subjects=6):
    """Write a data set in which nothing is suspicious."""
    write_json(
        root / "dataset_description.json", {"Name": "Made", "BIDSVersion": "1.10.0", "Authors": ["Jo Made"]}
    )
    (root / "README").write_text("Heads of people who do not exist, made in 2026.\n")
    (root / "CHANGES").write_text("1.0.0 2026-01-01\n  - first\n")
    rows = [f"sub-{n:02d}\t{30 + n}\tF" for n in range(1, subjects + 1)]
    (root / "participants.tsv").write_text("\n".join(["participant_id\tage\tsex", *rows]) + "\n")
    write_json(
        root / "participants.json",
        {"age": {"Description": "Age of the participant at the scan", "Units": "year"}},
    )
    scan = volume.scan_from_arrays(np.ones((4, 4, 4), np.float32), np.eye(4))
    for n in range(1, subjects + 1):
        stem = root / f"sub-{n:02d}" / "anat" / f"sub-{n:02d}_T1w"
        write_json(stem.with_suffix(".json"), {**PLAIN, "EchoTime": 0.003 + n / 1e5})
        volume.write(stem.with_suffix(".nii.gz"), scan)
    return root


def plant(root):
    """Add identifiers to sidecars, tables, texts, names and headers."""
    anat = root / "sub-01" / "anat"
    write_json(anat / "sub-01_T1w.json", {**PLAIN, **PLANTED})
    (root / "README").write_text("Scanned in 2019.\nAsk Dr. Finch, tel. 030 5557788, on 4 March 2019.\n")
    rows = [
        "participant_id\tage\tdob\tnotes",
        "sub-01\t93\t1926-02-01\tQuill, Dorothea",
        "sub-02\t40\tn/a\tn/a",
    ]
    (root / "participants.tsv").write_text("\n".join(rows) + "\n")
    (root / "sub-01" / "sub-01_scans.tsv").write_text(
        "filename\tacq_time\nanat/sub-01_T1w.nii.gz\t2019-03-04T10:11:12\n"
    )
    write_json(root / "dataset_description.json", {"Name": "Ward of 12.03.2019", "BIDSVersion": "1.10.0"})
    write_json(root / "sub-20190304" / "anat" / "sub-20190304_acq-quill70012345_T1w.json", PLAIN)
    write_json(root / "derivatives" / "quill dorothea" / "x.json", {"EchoTime": 30})
    (root / "sub-02" / "anat" / "report.pdf").write_bytes(b"%PDF")
    (root / ".heudiconv").mkdir()
    plant_header(anat / "sub-01_T1w.nii.gz")
    return root


def plant_header(path):
    """Put texts into the fields of a NIfTI header, into an extension and into the gzip header."""
    raw = bytearray(gzip.decompress(path.read_bytes()))
    for first, text in ((148, b"Time=101112.500"), (228, b"/home/quill"), (14, b"Quill")):
        raw[first : first + len(text)] = text
    extension = b"PatientName Quill^Dorothea".ljust(40, b"\0")
    raw[108:112] = struct.pack("<f", 352 + 48)
    content = bytes(raw[:348]) + b"\1\0\0\0" + struct.pack("<ii", 48, 2) + extension + bytes(raw[352:])
    with (
        path.open("wb") as file,
        gzip.GzipFile("quill_70012345.nii", "wb", fileobj=file, mtime=1551694272) as member,
    ):
        member.write(content)
