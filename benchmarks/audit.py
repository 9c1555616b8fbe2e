"""Seconds and memory of an audit of many sidecars: ``python benchmarks/audit.py [SIDECARS] [NPROCS]``.

Makes a BIDS data set in a temporary folder: sidecars of 40 tags, ten of them different in every file (UIDs,
times, positions, free text), a participants table, and a few headers; then audits it in a process of its own.
Memory is the largest sum over all its processes of what each has for itself and its share of what they have
together (PSS).
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from defacto.io import volume

_CALL = """
import json, sys
from pathlib import Path
from defacto.pipeline.audit import audit
if __name__ == "__main__":
    found = audit(Path(sys.argv[1]), nprocs=int(sys.argv[2]))
    print(json.dumps([found.files, found.subjects, len(found.tags), found.open]))
"""


def sidecar(rng: random.Random, number: int) -> dict[str, object]:
    """Return a sidecar as a scanner's conversion makes it."""
    uid = f"1.3.12.2.1107.5.2.43.66012.20{rng.randrange(10, 24)}{rng.randrange(10**16):016d}"
    plain = {
        "Modality": "MR",
        "MagneticFieldStrength": 3,
        "Manufacturer": "Siemens",
        "ManufacturersModelName": rng.choice(["Prisma", "Skyra", "Verio"]),
        "BodyPartExamined": "BRAIN",
        "PatientPosition": "HFS",
        "SoftwareVersions": "syngo MR E11",
        "MRAcquisitionType": "3D",
        "ScanningSequence": "GR_IR",
        "SequenceVariant": "SK_SP_MP",
        "ScanOptions": "IR",
        "SequenceName": "_tfl3d1_16ns",
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "NORM"],
        "SeriesNumber": rng.randrange(1, 30),
        "SliceThickness": 1,
        "EchoTime": rng.choice([0.00298, 0.0033, 0.0022]),
        "RepetitionTime": 2.3,
        "InversionTime": 0.9,
        "FlipAngle": 9,
        "PartialFourier": 1,
        "BaseResolution": 256,
        "ShimSetting": [rng.randrange(-9999, 9999) for _ in range(8)],
        "PhaseResolution": 1,
        "ReceiveCoilName": "HeadNeck_64",
        "CoilString": "HC1-7;NC1",
        "PulseSequenceDetails": "%SiemensSeq%_tfl",
        "PercentPhaseFOV": 93.75,
        "PercentSampling": 100,
        "PhaseEncodingSteps": 239,
        "PixelBandwidth": 240,
        "ImageOrientationPatientDICOM": [round(rng.uniform(-1, 1), 5) for _ in range(6)],
        "ConversionSoftware": "dcm2niix",
    }
    own = {
        "SeriesInstanceUID": uid,
        "AcquisitionTime": f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.random() * 60:09.6f}",
        "SAR": rng.random(),
        "TxRefAmp": rng.uniform(200, 300),
        "ImagingFrequency": rng.uniform(123.2, 123.3),
        "SeriesDescription": f"t1 mprage sag {number}",
        "DeviceSerialNumber": str(rng.randrange(10**5, 10**6)),
        "TablePosition": [0, 0, rng.randrange(-1500, 0)],
    }
    return plain | own


def make_set(root: Path, count: int) -> None:
    """Write so many sidecars, four a subject."""
    rng = random.Random(1)
    (root / "dataset_description.json").write_text('{"Name": "Many", "BIDSVersion": "1.10.0"}')
    subjects = range(-(-count // 4))
    rows = "".join(f"sub-{n:06d}\t{rng.randrange(18, 90)}\n" for n in subjects)
    (root / "participants.tsv").write_text("participant_id\tage\n" + rows)
    for n in subjects:
        folder = root / f"sub-{n:06d}" / "anat"
        folder.mkdir(parents=True)
        for run in range(1, min(4, count - 4 * n) + 1):
            text = json.dumps(sidecar(rng, 4 * n + run), indent=1)
            (folder / f"sub-{n:06d}_run-{run}_T1w.json").write_text(text)
    scan = volume.scan_from_arrays(np.ones((8, 8, 8), np.float32), np.eye(4))
    for n in subjects[:50]:
        volume.write(root / f"sub-{n:06d}" / "anat" / f"sub-{n:06d}_run-1_T1w.nii.gz", scan)


def memory_mb(root: int) -> float:
    """Return the memory of a process and all below it, in units of 1e6 bytes."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    family, grown = {root}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in family} - family
        family, grown = family | more, bool(more)
    total = 0
    for process in family:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024 / 1e6


def measure(root: Path, nprocs: int) -> tuple[float, float, float, list[int]]:
    """Return seconds, those of the processor, the peak of memory in 1e6 bytes, and what was found."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    script = root.parent / "call.py"
    script.write_text(_CALL)
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, script, root, str(nprocs)], stdout=subprocess.PIPE, text=True
    ) as process:
        peak, ended = [0.0], threading.Event()

        def watch() -> None:
            while not ended.wait(0.1):
                peak[0] = max(peak[0], memory_mb(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        said, _ = process.communicate()
        ended.set()
        watcher.join()
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, used, peak[0], json.loads(said)


def main(count: int = 100_000, nprocs: int = 0) -> None:
    """Print one line."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "set"
        root.mkdir()
        make_set(root, count)
        seconds, used, peak, found = measure(root, nprocs or len(os.sched_getaffinity(0)))
        print(
            f"{count} sidecars, {os.cpu_count()} cores: {seconds:.1f} s ({used:.1f} s of processor),"
            f" {peak:.0f} MB; files, subjects, tags, to decide: {found}"
        )


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
