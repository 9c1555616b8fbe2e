"""Tiny BIDS studies for tests."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from defacto.io import volume

SIDECAR = {"EchoTime": 0.003, "Manufacturer": "Siemens", "InstitutionName": "General", "PatientName": "Doe"}


def add_scan(root, label, first_voxel, suffix="T1w"):
    """Add a scan whose first voxel says what shall happen to it."""
    folder = root / f"sub-{label}" / "anat"
    folder.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(int(first_voxel)).integers(1, 900, (12, 14, 10)).astype(np.int16)
    values[0, 0, 0] = first_voxel
    scan = volume.scan_from_arrays(values, np.diag([2.0, 2, 2, 1]))
    path = folder / f"sub-{label}_{suffix}.nii.gz"
    volume.write(path, scan)
    (folder / f"sub-{label}_{suffix}.json").write_text(json.dumps(SIDECAR))
    return path


def make_empty(root):
    """Make a data set without scans."""
    root.mkdir(parents=True, exist_ok=True)
    description = {"Name": "Tiny", "BIDSVersion": "1.10.0"}
    (root / "dataset_description.json").write_text(json.dumps(description))
    (root / "README.md").write_text("Tiny.\n")
    return root


def make(root, fakes):
    """Make a study with a scan for each thing that can happen."""
    make_empty(root)
    for label, first_voxel in {
        "pass": fakes.PASS,
        "shallow": fakes.SHALLOW_ONCE,
        "lost": fakes.NO_REGISTRATION_ONCE,
        "unsure": fakes.UNSURE,
        "deep": fakes.ALWAYS_DEEP,
        "faint": fakes.FAINT,
    }.items():
        add_scan(root, label, first_voxel)
    broken = add_scan(root, "broken", 1)
    broken.write_bytes(broken.read_bytes()[:300])
    return root


def tree(root, *, leave=("store.sqlite", "logs", "report")):
    """Return path to hash of all files below a folder, but for what may differ between runs."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.relative_to(root).parts[0] not in leave
    }


def everything(root):
    """Return the bytes of all files below a folder, and their names."""
    return b"\n".join(
        str(path.relative_to(root)).encode() + b"\n" + path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    )
