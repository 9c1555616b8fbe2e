"""What may stay in a DICOM image, and how each attribute is treated.

`PROFILE` (actions of the basic profile, PS3.15 table E.1-1) and `SINGLE`, `MULTI` (attributes of single-frame
and multi-frame MR images and their types, PS3.3) are read from ``data/dicom_terms.json``, which
``tools/dicom_terms.py`` makes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files

from pydicom.datadict import tag_for_keyword

from defacto.privacy.sidecar_terms import VALUES, WORDS

_TERMS = json.loads(files("defacto.privacy").joinpath("data/dicom_terms.json").read_text(encoding="utf-8"))


def _by_tag(name: str) -> dict[int, str]:
    return {int(tag, 16): value for tag, value in _TERMS[name].items()}


PROFILE: Mapping[int, str] = _by_tag("profile")
"""Action by tag: D (dummy), Z (empty), X (remove), U (new UID), or a choice of them by the type."""
SINGLE: Mapping[int, str] = _by_tag("single")
"""Type (1, 1C, 2, 2C, 3) by tag, MR Image Storage."""
MULTI: Mapping[int, str] = _by_tag("multi")
"""Type by tag, Enhanced and Legacy Converted Enhanced MR Image Storage."""


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag


def _tags(*keywords: str) -> frozenset[int]:
    return frozenset(map(_tag, keywords))


NEVER = _tags(
    "ICCProfile",
    "LargestImagePixelValue",
    "LargestPixelValueInSeries",
    "PixelPaddingRangeLimit",
    "SmallestImagePixelValue",
    "SmallestPixelValueInSeries",
)
"""Of MR images, and yet not needed; the defacing makes the extremes wrong."""

MOVED_DATES = _tags(
    "StudyDate",
    "SeriesDate",
    "AcquisitionDate",
    "ContentDate",
    "InstanceCreationDate",
    "AcquisitionDateTime",
    "FrameAcquisitionDateTime",
    "FrameReferenceDateTime",
)
"""Dates that Retain Longitudinal Temporal Information with Modified Dates keeps, moved."""
TIME_OF = {
    _tag(f"{each}Time"): _tag(f"{each}Date")
    for each in ("Study", "Series", "Acquisition", "Content", "InstanceCreation")
}
"""Times, and the dates that they belong to."""

CHARACTERISTICS = _tags("PatientAge", "PatientSex", "PatientSize", "PatientWeight")
"""What Retain Patient Characteristics keeps."""

AS_IN_SIDECAR = {
    "Manufacturer": "Manufacturer",
    "ManufacturerModelName": "ManufacturersModelName",
    "SoftwareVersions": "SoftwareVersions",
    "SequenceName": "SequenceName",
    "PulseSequenceName": "SequenceName",
    "ReceiveCoilName": "ReceiveCoilName",
    "TransmitCoilName": "ReceiveCoilName",
    "ReceiveCoilManufacturerName": "Manufacturer",
    "TransmitCoilManufacturerName": "Manufacturer",
}
"""Texts that stay where a sidecar's tag might have that value."""

DESCRIPTORS = {
    "SeriesDescription": """
        t1 t1w t2 t2w pd pdw flair mprage mp2rage memprage bravo spgr fspgr space cube vista vibe tfe ffe tse
        fse frfse se ir gre swi swan tof mra star medic stir dir ciss fiesta haste blade propeller tirm dark
        fluid ax axial tra transverse sag sagittal cor coronal obl oblique iso isotropic 2d 3d post pre gd gad
        contrast fs fatsat fat sat nofs mpr head brain skull face neck p2 p3 p4 grappa sense asset arc acs
        cs caipi thin thick hires high low res resolution mm ms te tr ti nd dis2d dis3d norm filtered
        magnitude mag phase mean echo run scan and of with without w
    """,
    "ContrastBolusAgent": """
        gadolinium gd gad dtpa dota gadavist gadovist gadobutrol magnevist dotarem clariscan prohance
        gadoterate gadoteridol multihance gadobenate omniscan gadodiamide vueway elucirem gadopiclenol
        contrast agent none no yes ml iv
    """,
    "ContrastBolusRoute": "iv intravenous injection",
}
DESCRIPTORS["ProtocolName"] = DESCRIPTORS["SeriesDescription"]
"""Words that stay in texts which people type; all others go."""

TEXTS = {
    "RescaleType": frozenset({"US", "normalized", "HU", "PCT", "MGML"}),
    "ImagedNucleus": frozenset({"1H", "H1", "1h", "H"}),
}
"""Texts with one of a few values."""

CODES = {
    ("SRT", "T-A0100"): "Brain",
    ("SCT", "12738006"): "Brain",
    ("SRT", "T-D1100"): "Head",
    ("SCT", "69536005"): "Head",
    ("SRT", "T-D1600"): "Neck",
    ("SCT", "45048000"): "Neck",
    ("SCT", "774007"): "Head and Neck",
    ("SRT", "T-11100"): "Skull",
    ("SCT", "89546000"): "Skull",
}
"""Coded places of the body that stay, with their meaning, which is written anew."""

CODE_WORDS = frozenset(
    f"""
    {WORDS["ImageType"]} {WORDS["ScanningSequence"]} {WORDS["SequenceVariant"]} {WORDS["ScanOptions"]}
    {" ".join(" ".join(values) for values in VALUES.values())}
    mr yes no y n full none single partial unknown both mixed multi other product volume
    research human biped quadruped monochrome1 monochrome2 row col column linear sigmoid exact linear_exact
    samples sampled distorted resampled original primary derived secondary t1 t2 t2_star proton_density
    diffusion
    fluid_attenuated perfusion flow_encoded stir tagging tof magnitude phase real imaginary mixed
    spin gradient both rf echo steady state free precession transverse longitudinal reverse
    rectilinear radial spiral cartesian stack of stars random linear centric segmented
    acceleration velocity water fat suppression selective non presaturation slab on off
    phase frequency slice_select combination body surface extremity volume head multicoil
    none ellipsoidal corner cutting zero filled 1h 13c 31p 23na 19f
    iec normal first second level sar db_dt dbdt gradient switch electric field peripheral nerve
    directional bmatrix isotropic trace fractional volume_ratio relative
    breath_hold realtime gating tracking phase_ordering phase_scrambling rephasing
    uniform compensated first_order second_order third_order slice
    alternating interleaved ascending descending
    removed modified unmodified left right unpaired l r b u a f h p
    3d 2d 3d_temporal table tiled_full
    """.casefold().split()
)
"""Words of coded strings."""

SAFE_PRIVATE: Mapping[str, Mapping[tuple[int, int], str]] = {
    "SIEMENS MR HEADER": {(0x0019, 0x0C): "IS", (0x0019, 0x0E): "FD", (0x0019, 0x27): "FD"},
    "GEMS_PARM_01": {(0x0043, 0x39): "IS"},
    "GEMS_ACQU_01": {(0x0019, 0xBB): "DS", (0x0019, 0xBC): "DS", (0x0019, 0xBD): "DS"},
    "Philips Imaging DD 001": {(0x2001, 0x03): "FL"},
    "Philips MR Imaging DD 001": {
        (0x2005, 0xB0): "FL",
        (0x2005, 0xB1): "FL",
        (0x2005, 0xB2): "FL",
    },
    "Philips MR Imaging DD 005": {(0x2005, 0x0D): "FL", (0x2005, 0x0E): "FL"},
}
"""Private tags that are known to hold numbers of the acquisition alone: b values, gradient directions (PS3.15
table E.3.10-1) and Philips' scale. By creator, group and element."""
