"""What de-identification tools leave of planted identifiers, on the same files.

Plants an identifier in every place of two classic series and a multi-frame file that can hold one (as
tests/leaks does), has each tool clean them, and counts the places whose identifier can be found in what comes
out, in any encoding. Bytes behind the end of a file are left away here: the other tools stop on them.

``pip install dicom-anonymizer dicognito`` first; then ``python benchmarks/leaks.py [--places]``.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import io
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pydicom
from pydicom.datadict import tag_for_keyword

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / part) for part in ("leaks", "pipeline", "io")]

import dicom_plants  # noqa: E402
import made_dicom  # noqa: E402
from planted import Plants  # noqa: E402

from defacto.privacy.dicom_terms import PROFILE  # noqa: E402

Tool = Callable[[Path, Path], None]
KINDS = (
    ("private tags", ("private",)),
    ("functional groups", ("shared/", "frame/")),
    ("other nested sequences", ("/",)),
    ("around the data set", ("meta ", "preamble", "behind the end", "padding")),
    ("overlays, curves", ("overlay", "curve")),
    ("file names", ("file name",)),
)


def defacto(source: Path, target: Path) -> None:
    from defacto.io.dicom_pixels import Image  # noqa: PLC0415
    from defacto.pipeline.export_dicom import encoded  # noqa: PLC0415
    from defacto.privacy.dicom import Pseudonym  # noqa: PLC0415

    data = pydicom.dcmread(source)
    target.with_name("0001.dcm").write_bytes(
        encoded(Image(data, data.pixel_array), Pseudonym("x", b"k" * 32))
    )


def dicom_anonymizer(source: Path, target: Path) -> None:
    from dicomanonymizer import anonymize_dicom_file  # noqa: PLC0415

    anonymize_dicom_file(str(source), str(target))


def dicognito(source: Path, target: Path) -> None:
    from dicognito.anonymizer import Anonymizer  # noqa: PLC0415

    data = pydicom.dcmread(source)
    Anonymizer().anonymize(data)
    data.save_as(target)


TOOLS: dict[str, tuple[Tool, str]] = {
    "nothing": (lambda source, target: target.write_bytes(source.read_bytes()), ""),
    "dicognito": (dicognito, "dicognito"),
    "dicom-anonymizer": (dicom_anonymizer, "dicom-anonymizer"),
    "defacto": (defacto, "defacto"),
}


def plant(folder: Path, plants: Plants) -> list[Path]:
    files = []
    for accents in (False, True):
        name = plants.word("file name") + ("2" if accents else "1")
        (path,) = made_dicom.write_series(folder / name, slices=1, BitsStored=12, **made_dicom.MPRAGE)
        dicom_plants.plant([path], plants, accents=accents, behind=False)
        files.append(path.rename(path.with_name(f"{name}.dcm")))
    frames = made_dicom.write_enhanced(folder / "frames")
    dicom_plants.plant_frames(frames, plants)
    dicom_plants.plant([frames], plants, behind=False)
    return [*files, frames]


def kind_of(place: str) -> str:
    """Return what kind of place it is; an attribute by whether the basic profile names it."""
    tag = tag_for_keyword(place)
    attribute = "attributes of the profile" if tag in PROFILE else "other attributes"
    return next((kind for kind, marks in KINDS if any(mark in place for mark in marks)), attribute)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", action="store_true", help="list every place that was left")
    listed = parser.parse_args().places
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder, plants = Path(name), Plants()
        files = plant(folder / "in", plants)
        total = Counter(kind_of(place) for place in set(plants.places.values()))
        kinds = ["attributes of the profile", "other attributes", *(kind for kind, _ in KINDS)]
        print(
            "| tool | "
            + " | ".join(f"{kind} ({total[kind]})" for kind in kinds)
            + f" | all ({total.total()}) |"
        )
        print("|---" * (len(kinds) + 2) + "|")
        for tool, (clean, package) in TOOLS.items():
            out = folder / "out" / tool
            failed = 0
            for number, path in enumerate(files):
                (out / str(number)).mkdir(parents=True)
                try:
                    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                        clean(path, out / str(number) / path.name)
                except Exception as error:
                    failed += 1
                    print(f"{tool} stopped on file {number}: {type(error).__name__}", file=sys.stderr)
            found = plants.leaks(out)
            left = {leak.partition(" (")[2][:-1] for leak in found}
            counts = Counter(map(kind_of, left))
            version = f" {importlib.metadata.version(package)}" if package else ""
            note = f" ({failed} of {len(files)} files failed)" if failed else ""
            row = " | ".join(str(counts[kind]) for kind in kinds)
            print(f"| {tool}{version}{note} | {row} | {len(left)} |")
            if listed and tool != "nothing":
                print(*sorted(left), sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main()
