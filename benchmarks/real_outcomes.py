"""Outcomes of real defacers on the real heads, with good and bad parameters, labelled by looking.

``python benchmarks/real_outcomes.py make OUT [--tools PYTHON]``: one defaced NIfTI an outcome, and
``outcomes.tsv``. PYTHON is of an environment with deepbet, quickshear and pydeface (for its mask alone).
``python benchmarks/real_outcomes.py sheets OUT``: contact sheets for the labelling, three outcomes each, in
random order and without a word of what made them; ``order.tsv`` tells which number is which.
``python benchmarks/real_outcomes.py lost OUT``: for each outcome, the millilitres of deepbet's brain that
were removed: for a second look after the labelling, never before.
``python benchmarks/real_outcomes.py verify OUT``: which outcomes are not the ones that were labelled, as may
be when defacto's registration, networks or methods have changed: their labels are to be looked at again.
``python benchmarks/real_outcomes.py judge OUT``: what `defacto check` says of them, beside the labels.

OUT holds faces: keep it outside of the repository. The labels are in ``real_outcomes.tsv``, twice: with ears
counted and without. Brain lost and a counted feature left at once is a failure, an ear too. The section of an
eyeball in a plane of the cut is no eye, the corner of a lid is one. The ears of uih1, which the field of view
clips, are not made out.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
import subprocess
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nibabel as nib
import niimath
import numpy as np

from defacto.anatomy import Context, load_template, locate
from defacto.anatomy.morphology import dilated, distance_mm
from defacto.anatomy.regions import OF_FEATURE, Region
from defacto.anatomy.resample import carry
from defacto.anatomy.template import data_path
from defacto.config import DefaceSettings, Settings
from defacto.deface import METHODS, apply
from defacto.errors import StepError
from defacto.io import volume
from defacto.io.convert import convert
from defacto.io.dicom import find_series
from defacto.pipeline.check import check_file
from defacto.qc.binomial import wilson
from defacto.render import slices_before_after, surface_views, to_png
from defacto.render.contrast import find_contrast
from defacto.types import Feature, FloatVolume, Mask, Outcome, Picture, Removal, Scan

DATA = Path(__file__).parents[2] / "shared" / "data"
PERSONS = {
    "uih1_t1": "uih1",
    "allineate_t1_2mm": "allineate",
    "ixi012_t1_2mm": "ixi012",
    "fernando_t2": "fernando",
    "pyrad1_t1gd": "pyrad1",
    "child_t1": "child",
    "adult_t1": "adult",
    "adult_t2": "adult",
}
"""Heads, and whose they are: adult_t1 and adult_t2 are of one study."""
UIH1, ALLI, IXI, FERN, PYRA, CHILD, ADT1, ADT2 = PERSONS
EAR_DEPTH = 0.6
A_SHEET = 3
SEED = 20261121

PLAN: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    *((head, "niimath", {"mask": "defacto", "header": "right"}) for head in PERSONS),
    *((head, "niimath", {"mask": "pydeface", "header": "right"}) for head in (UIH1, ALLI, CHILD, ADT2)),
    (ALLI, "niimath", {"mask": "defacto", "header": "y flipped"}),
    (IXI, "niimath", {"mask": "defacto", "header": "about x by 180"}),
    (UIH1, "niimath", {"mask": "defacto", "header": "about x by 90"}),
    (CHILD, "niimath", {"mask": "defacto", "header": "about z by 180"}),
    (ADT1, "niimath", {"mask": "defacto", "header": "y flipped"}),
    (ADT2, "niimath", {"mask": "pydeface", "header": "about x by 180"}),
    (FERN, "niimath", {"mask": "defacto", "header": "about z by 180"}),
    (PYRA, "niimath", {"mask": "defacto", "header": "y flipped"}),
    (IXI, "niimath", {"mask": "pydeface", "header": "about z by 90"}),
    (ALLI, "niimath", {"mask": "defacto", "header": "about x by 45"}),
    (CHILD, "niimath", {"mask": "pydeface", "header": "about x by -90"}),
    (ADT1, "niimath", {"mask": "defacto", "header": "about y by 180"}),
    (UIH1, "niimath", {"mask": "defacto", "header": "z flipped"}),
    *((head, "quickshear", {"buffer": 10}) for head in (ALLI, IXI, ADT1, CHILD, UIH1)),
    (FERN, "quickshear", {"buffer": 2}),
    (ADT2, "quickshear", {"buffer": 5}),
    (PYRA, "quickshear", {"buffer": 1}),
    (ALLI, "quickshear", {"buffer": 40}),
    (UIH1, "quickshear", {"buffer": 60}),
    (CHILD, "quickshear", {"buffer": 35}),
    (IXI, "quickshear", {"buffer": -8}),
    (ADT1, "quickshear", {"buffer": -12}),
    (ADT2, "quickshear", {"buffer": -6}),
    (ALLI, "quickshear", {"buffer": -3}),
    (UIH1, "skullstrip", {"dilate_mm": 0}),
    (CHILD, "skullstrip", {"dilate_mm": 0}),
    (ADT2, "skullstrip", {"dilate_mm": 3}),
    (IXI, "skullstrip", {"dilate_mm": 3}),
    (PYRA, "skullstrip", {"dilate_mm": 8}),
    (ADT1, "skullstrip", {"dilate_mm": 8}),
    (ALLI, "skullstrip", {"dilate_mm": 15}),
    (FERN, "skullstrip", {"dilate_mm": 15}),
    (UIH1, "skullstrip", {"dilate_mm": 25}),
    (CHILD, "skullstrip", {"dilate_mm": 25}),
    (IXI, "skullstrip", {"dilate_mm": 35}),
    (ADT1, "skullstrip", {"dilate_mm": 35}),
    (ALLI, "skullstrip", {"dilate_mm": -3}),
    (FERN, "skullstrip", {"dilate_mm": -6}),
    (ADT1, "skullstrip", {"dilate_mm": -6}),
    (ALLI, "template", {"nudge_mm": [0, -20, 0], "ears": True}),
    (ALLI, "template", {"nudge_mm": [0, 12, 0], "ears": True}),
    (ALLI, "template", {"nudge_mm": [0, -5, 5], "ears": False}),
    (IXI, "template", {"nudge_mm": [0, -5, 0], "ears": True}),
    (IXI, "template", {"nudge_mm": [0, 20, 0], "ears": True}),
    (IXI, "template", {"nudge_mm": [0, -25, 10], "ears": False}),
    (IXI, "template", {"nudge_mm": [0, 8, -10], "ears": False}),
    (UIH1, "template", {"nudge_mm": [0, 5, 0], "ears": False}),
    (UIH1, "template", {"nudge_mm": [0, -30, 0], "ears": True}),
    (UIH1, "template", {"nudge_mm": [0, 0, -25], "ears": True}),
    (UIH1, "template", {"nudge_mm": [0, -12, 0], "ears": True}),
    (FERN, "template", {"nudge_mm": [0, -15, 5], "ears": True}),
    (FERN, "template", {"nudge_mm": [0, 10, 0], "ears": True}),
    (FERN, "template", {"nudge_mm": [0, 0, -20], "ears": False}),
    (PYRA, "template", {"nudge_mm": [0, -20, 0], "ears": False}),
    (PYRA, "template", {"nudge_mm": [0, 15, -10], "ears": True}),
    (PYRA, "template", {"nudge_mm": [0, -5, 0], "ears": True}),
    (CHILD, "template", {"nudge_mm": [0, 0, 25], "ears": True}),
    (CHILD, "template", {"nudge_mm": [0, 25, 0], "ears": False}),
    (CHILD, "template", {"nudge_mm": [0, -8, 0], "ears": False}),
    (CHILD, "template", {"nudge_mm": [0, 6, 0], "ears": True}),
    (ADT1, "template", {"nudge_mm": [0, -10, 0], "ears": True}),
    (ADT1, "template", {"nudge_mm": [0, 15, -15], "ears": True}),
    (ADT1, "template", {"nudge_mm": [0, 0, 12], "ears": False}),
    (ADT2, "template", {"nudge_mm": [0, -25, 0], "ears": True}),
    (ADT2, "template", {"nudge_mm": [0, 8, 0], "ears": False}),
    (ADT2, "template", {"nudge_mm": [0, 0, 5], "ears": True}),
    (ALLI, "defacto", {"method": "template"}),
    (FERN, "defacto", {"method": "template"}),
    (ADT1, "defacto", {"method": "features"}),
    (ADT2, "defacto", {"method": "template"}),
    (UIH1, "defacto", {"method": "features"}),
    (CHILD, "defacto", {"method": "template"}),
    (PYRA, "defacto", {"method": "template"}),
    (IXI, "defacto", {"method": "features"}),
    (ALLI, "box", {"front_mm": 30}),
    (UIH1, "box", {"front_mm": 45, "below_mm": 85}),
    (IXI, "box", {"front_mm": 70}),
    (CHILD, "box", {"front_mm": 15}),
    (ADT1, "box", {"front_mm": 65, "below_mm": 95}),
    (ADT2, "box", {"front_mm": 20}),
    (FERN, "box", {"front_mm": 55}),
    (PYRA, "box", {"front_mm": 25}),
    (UIH1, "box", {"back_mm": 50}),
    (ADT1, "box", {"back_mm": 70}),
    (ALLI, "eyes only", {"reach_mm": 10}),
    (CHILD, "eyes only", {"reach_mm": 15}),
    (FERN, "eyes only", {"reach_mm": 15}),
    (ADT2, "eyes only", {"reach_mm": 12}),
    (UIH1, "mouth and nose only", {"reach_mm": 10}),
    (IXI, "mouth and nose only", {"reach_mm": 15}),
    (ADT1, "mouth and nose only", {"reach_mm": 10}),
    (ALLI, "nothing", {}),
    (PYRA, "nothing", {}),
    (CHILD, "nothing", {}),
    (ADT2, "nothing", {}),
)
"""Head, defacer, parameters."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A real head and what the defacers need to know of it."""

    name: str
    scan: Scan
    tools: str
    folder: Path

    @cached_property
    def context(self) -> Context:
        """Where things are, as defacto finds them."""
        return locate(self.scan, Settings().anatomy)

    @cached_property
    def file(self) -> Path:
        """The scan as a NIfTI file for outside programs."""
        path = self.folder / f"{self.name}.nii.gz"
        if not path.exists():
            volume.write(path, self.scan)
        return path

    @cached_property
    def brain_file(self) -> Path:
        """Deepbet's mask."""
        path = self.folder / f"{self.name}_brain.nii.gz"
        if not path.exists():
            call = "run_bet([sys.argv[1]], mask_paths=[sys.argv[2]], threshold=0.5, n_dilate=0, no_gpu=True)"
            program = f"import sys; from deepbet import run_bet; {call}"
            subprocess.run([self.tools, "-c", program, str(self.file), str(path)], check=True)
        return path

    @cached_property
    def brain(self) -> Mask:
        """What deepbet calls brain."""
        return np.asarray(nib.load(self.brain_file).dataobj) > 0

    def world(self, axis: int) -> FloatVolume:
        """Return every voxel's place along a world axis, mm."""
        row = self.scan.grid.affine[axis]
        i, j, k = np.ogrid[tuple(slice(length) for length in self.scan.grid.shape)]
        return np.asarray(row[0] * i + row[1] * j + row[2] * k + row[3], dtype=np.float32)


def by_niimath(subject: Subject, parameters: Mapping[str, Any]) -> Mask:
    """``niimath -deface``; with a spoilt header the affine is restored afterwards."""
    scan = subject.scan
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        if parameters["mask"] == "defacto":
            template = load_template()
            keep = (np.maximum(template.face_cut_mm, template.ear_cut_mm) <= 0).astype(np.uint8)
            nib.save(nib.Nifti1Image(keep, template.grid.affine), here / "keep.nii.gz")
            head, mask = data_path("template.nii.gz"), here / "keep.nii.gz"
        else:
            program = "import pydeface; print(pydeface.__path__[0])"
            found = subprocess.run([subject.tools, "-c", program], check=True, capture_output=True, text=True)
            data = Path(found.stdout.strip()) / "data"
            head, mask = data / "mean_reg2mean.nii.gz", data / "facemask.nii.gz"
        affine = spoilt(parameters["header"]) @ scan.grid.affine
        nib.save(nib.Nifti1Image(scan.volume, affine), here / "scan.nii.gz")
        words = [here / "scan.nii.gz", "-deface", head, mask, here / "out.nii.gz"]
        subprocess.run([niimath.bin, *map(str, words)], check=True, capture_output=True)
        return changed(nib.load(here / "out.nii.gz"), scan)


def spoilt(how: str) -> np.ndarray:
    """Return what a header is spoilt by, in world coordinates: a flip, or a turn by degrees about an axis."""
    matrix = np.eye(4)
    words = how.split()
    if words[-1] == "flipped":
        axis = "xyz".index(words[0])
        matrix[axis, axis] = -1
    elif words[0] == "about":
        one, other = (axis for axis in range(3) if "xyz"[axis] != words[1])
        angle = np.radians(float(words[3]))
        matrix[one, one] = matrix[other, other] = np.cos(angle)
        matrix[one, other], matrix[other, one] = -np.sin(angle), np.sin(angle)
    return matrix


def by_quickshear(subject: Subject, parameters: Mapping[str, Any]) -> Mask:
    """Quickshear with deepbet's brain; the buffer is in voxels, below 0 it cuts into the brain."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.nii.gz"
        scan = Path(folder) / "scan.nii.gz"
        nib.save(nib.Nifti1Image(subject.scan.volume, subject.scan.grid.affine), scan)
        program = (
            "import sys, nibabel as nb; from quickshear import quickshear;"
            " scan, brain, out, buffer = sys.argv[1:];"
            " quickshear(nb.load(scan), nb.load(brain), float(buffer)).to_filename(out)"
        )
        words = [scan, subject.brain_file, out, parameters["buffer"]]
        subprocess.run([subject.tools, "-c", program, *map(str, words)], check=True)
        return changed(nib.load(out), subject.scan)


def changed(image: Any, scan: Scan) -> Mask:
    """Return where a program changed a scan by more than rounding."""
    was = scan.volume
    return np.abs(image.get_fdata(dtype=np.float32) - was) > 1e-4 * max(1.0, float(was.max()))


def by_skullstrip(subject: Subject, parameters: Mapping[str, Any]) -> Mask:
    """Nothing stays farther than so many mm from deepbet's brain; below 0, the brain's rim goes too."""
    mm, size = parameters["dilate_mm"], subject.scan.grid.voxel_size_mm
    if mm < 0:
        return dilated(~subject.brain, -mm, size)
    return ~dilated(subject.brain, mm, size)


def by_template(subject: Subject, parameters: Mapping[str, Any]) -> Mask:
    """As pydeface does: a registration, and the template's cut, nudged; the brain is not spared."""
    template, context = load_template(), subject.context
    right, anterior, superior = parameters["nudge_mm"]
    cut = moved(template.face_cut_mm, context, (right, anterior, superior))
    if parameters["ears"]:
        ears = moved(template.ear_cut_mm, context, (right, 0.0, superior))
        cut = np.maximum(cut, ears - np.float32(EAR_DEPTH * anterior))
    return context.to_scan(cut) > 0


def moved(field: FloatVolume, context: Context, shift_mm: tuple[float, float, float]) -> FloatVolume:
    back = np.eye(4)
    back[:3, 3] = -context.shift_in_template(shift_mm)
    grid = load_template().grid
    return carry(field, grid, grid, back, fill=None)


def by_defacto(subject: Subject, parameters: Mapping[str, Any]) -> Mask:
    """Defacto's own method, as it comes."""
    method = METHODS[parameters["method"]]
    return method.removal(subject.scan, subject.context, DefaceSettings(method=method.name)).mask


def by_box(subject: Subject, parameters: Mapping[str, Any]) -> Mask:
    """So many mm of the head's front, or back, are gone; below a height under its top, where one is given."""
    head = subject.scan.volume > find_contrast(subject.scan.volume).surface
    ahead, up = subject.world(1), subject.world(2)
    level = float(np.percentile(up[head], 99.9)) - parameters.get("below_mm", -1e3)
    if "front_mm" in parameters:
        box = ahead > float(np.percentile(ahead[head], 99.9)) - parameters["front_mm"]
    else:
        box = ahead < float(np.percentile(ahead[head], 0.1)) + parameters["back_mm"]
    return np.broadcast_to(box & (up < level), head.shape)


def by_eyes(subject: Subject, parameters: Mapping[str, Any]) -> Mask:
    return near(subject, (Region.EYES,), parameters["reach_mm"])


def by_mouth_and_nose(subject: Subject, parameters: Mapping[str, Any]) -> Mask:
    return near(subject, (Region.MOUTH, Region.NOSE), parameters["reach_mm"])


def near(subject: Subject, regions: tuple[Region, ...], reach_mm: float) -> Mask:
    """Return what is near a region that the network sees, or near the template's skin of it."""
    template, context = load_template(), subject.context
    labels = [each.label for each in Feature if OF_FEATURE.get(each, Region.EYES) in regions]
    here = np.isin(template.features, labels)
    for region in regions:
        here |= context.seen_region(region)
    cut = np.minimum(np.float32(reach_mm) - distance_mm(here), context.brain_mm - np.float32(3.0))
    return context.to_scan(cut) > 0


DEFACERS: Mapping[str, Callable[[Subject, Mapping[str, Any]], Mask]] = {
    "niimath": by_niimath,
    "quickshear": by_quickshear,
    "skullstrip": by_skullstrip,
    "template": by_template,
    "defacto": by_defacto,
    "box": by_box,
    "eyes only": by_eyes,
    "mouth and nose only": by_mouth_and_nose,
    "nothing": lambda subject, _: np.zeros(subject.scan.grid.shape, dtype=bool),
}


def read_head(name: str) -> Scan:
    """Read a head; a DICOM series is converted as defacto's main job does it."""
    path = DATA / "heads" / f"{name}.nii.gz"
    if path.exists():
        return volume.read(path)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "dicom").mkdir()
        (here / "work").mkdir()
        with tarfile.open(DATA / "dicom" / f"{name}.tar.gz") as archive:
            archive.extractall(here / "dicom", filter="data")
        found, _ = find_series(here / "dicom")
        series = max(found, key=lambda each: len(each.files))
        return volume.read(convert(series, here / "work").path)


def make(out: Path, tools: str) -> None:
    (out / "intact").mkdir(parents=True, exist_ok=True)
    lines = ["name\thead\tperson\tdefacer\tparameters"]
    for head, person in PERSONS.items():
        subject = Subject(head, read_head(head), tools, out / "intact")
        for number, (defacer, parameters) in enumerate(planned(head), 1):
            name = f"{head}-{number:02}"
            lines.append("\t".join((name, head, person, defacer, json.dumps(parameters))))
            if (out / f"{name}.nii.gz").exists():
                continue
            mask = np.asarray(DEFACERS[defacer](subject, parameters))
            removal = Removal(mask=mask, method=defacer, version="1", parameters=parameters)
            volume.write(out / f"{name}.nii.gz", apply(subject.scan, removal))
            print(f"{name}  {np.count_nonzero(mask) * subject.scan.grid.voxel_ml:7.0f} ml", flush=True)
    (out / "outcomes.tsv").write_text("\n".join(lines) + "\n")


def planned(head: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give a head's outcomes in an order that tells nothing."""
    own = [(defacer, parameters) for whose, defacer, parameters in PLAN if whose == head]
    random.Random(f"{SEED} {head}").shuffle(own)
    yield from own


def sheets(out: Path) -> None:
    """Draw each outcome: the views that a classifier gets, and the original's slices, the removed tinted."""
    names = [line.split("\t")[0] for line in (out / "outcomes.tsv").read_text().splitlines()[1:]]
    random.Random(SEED).shuffle(names)
    (out / "sheets").mkdir(exist_ok=True)
    (out / "order.tsv").write_text("".join(f"{number}\t{name}\n" for number, name in enumerate(names, 1)))
    for start in range(0, len(names), A_SHEET):
        some = names[start : start + A_SHEET]
        path = out / "sheets" / f"{start + 1:03}.png"
        path.write_bytes(to_png(np.concatenate([drawn_or_blank(out, name) for name in some])))
        print(path.name, flush=True)


def drawn_or_blank(out: Path, name: str) -> Picture:
    try:
        return drawn(out, name)
    except StepError:
        return np.zeros((546, 960, 3), dtype=np.uint8)


def drawn(out: Path, name: str) -> Picture:
    result = volume.read(out / f"{name}.nii.gz", allow_blank=True)
    original = volume.read(out / "intact" / f"{name.rsplit('-', 1)[0]}.nii.gz")
    views = surface_views(result.volume, result.grid)
    picture = slices_before_after(
        original.volume, result.volume, result.grid, original.volume != result.volume
    )
    planes = [
        picture[row * 240 : row * 240 + 240, column * 240 : column * 240 + 240] for row, column in SHOWN
    ]
    rows = (
        np.concatenate([views["left"], views["right"], views["front"]], axis=1),
        np.pad(np.concatenate(planes, axis=1), ((0, 6), (0, 0), (0, 0))),
    )
    wide = max(row.shape[1] for row in rows)
    return np.concatenate([np.pad(row, ((0, 0), (0, wide - row.shape[1]), (0, 0))) for row in rows])


SHOWN = ((0, 0), (0, 1), (1, 1), (2, 1))
"""Row and column of the slices shown: through an eye, the middle, the temples, across the eyes."""


def brain_lost(out: Path) -> None:
    for line in (out / "outcomes.tsv").read_text().splitlines()[1:]:
        name, head, _, defacer, parameters = line.split("\t")
        original = volume.read(out / "intact" / f"{head}.nii.gz")
        gone = original.volume != volume.read(out / f"{name}.nii.gz", allow_blank=True).volume
        brain = np.asarray(nib.load(out / "intact" / f"{head}_brain.nii.gz").dataobj) > 0
        lost = np.count_nonzero(gone & brain) * original.grid.voxel_ml
        print(f"{name}\t{lost:.2f}\t{defacer}\t{parameters}", flush=True)


def labelled() -> list[dict[str, str]]:
    with Path(__file__).with_suffix(".tsv").open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def judge(out: Path) -> None:
    """Set what `defacto check` says beside the labels, with ears counted and without."""
    rows, settings = labelled(), Settings()
    for column, ears in (("with_ears", True), ("without_ears", False)):
        checked = [check_file(str(out / f"{row['name']}.nii.gz"), settings, ears) for row in rows]
        pairs = [(row[column], each.prediction) for row, each in zip(rows, checked, strict=True)]
        likely = [(t, max(p.p_outcome, key=lambda o: p.p_outcome[o]).value) for t, p in pairs if p]
        tell(f"{column}: the classifier's likeliest outcome is the label", [t == said for t, said in likely])
        decided = [
            (row, each.decision.outcome.value)
            for row, each in zip(rows, checked, strict=True)
            if each.decision.sure and each.decision.outcome
        ]
        print(f"  decided without a person: {len(decided)} of {len(rows)}")
        tell("  of those, the label", [row[column] == said for row, said in decided])
        passed = [row for row, said in decided if said == "pass"]
        tell("  of those passed, not a pass", [row[column] != "pass" for row in passed])
        faces = [row for row in passed if row[column] in {"shallow", "failure"}]
        print("  passed with a feature to be made out:", ", ".join(row["name"] for row in faces) or "none")
        for label in Outcome:
            counts = Counter(said for t, said in likely if t == label)
            print(f"  {label:8}", "  ".join(f"{said} {counts[said]:3}" for said in Outcome))


def tell(what: str, yes: list[bool]) -> None:
    low, high = wilson(sum(yes), len(yes))
    print(f"{what}: {sum(yes)} of {len(yes)} ({100 * low:.0f} to {100 * high:.0f} %)")


def verify(out: Path) -> None:
    rows = labelled()
    others = [row["name"] for row in rows if voxels_sha256(out / f"{row['name']}.nii.gz") != row["sha256"]]
    print(
        f"{len(rows) - len(others)} of {len(rows)} outcomes are those that were labelled", *others, sep="\n"
    )


def voxels_sha256(path: Path) -> str:
    if not path.exists():
        return "absent"
    return hashlib.sha256(volume.read(path, allow_blank=True).stored.tobytes()).hexdigest()[:16]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("make", "sheets", "lost", "verify", "judge"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--tools", default="/opt/tv/bin/python")
    options = parser.parse_args()
    if options.what == "make":
        make(options.out, options.tools)
    else:
        {"sheets": sheets, "lost": brain_lost, "verify": verify, "judge": judge}[options.what](options.out)
