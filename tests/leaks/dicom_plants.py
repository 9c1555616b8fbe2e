"""Two DICOM series with an identifier in every attribute that can hold one."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pydicom
from planted import Plants
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from defacto.privacy.dicom_terms import MULTI, PROFILE, SINGLE

NEEDED = frozenset(
    [
        "SOPClassUID",
        "Modality",
        "SpecificCharacterSet",
        "ImageType",
        "Rows",
        "Columns",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "NumberOfFrames",
        "PixelRepresentation",
        "SamplesPerPixel",
        "PhotometricInterpretation",
        "PixelData",
        "PixelSpacing",
        "SliceThickness",
        "ImageOrientationPatient",
        "ImagePositionPatient",
        "EchoTime",
        "RepetitionTime",
        "InversionTime",
        "FlipAngle",
        "ScanningSequence",
        "SequenceVariant",
        "MRAcquisitionType",
        "EchoNumbers",
        "BurnedInAnnotation",
        "InstanceNumber",
        "SpacingBetweenSlices",
        "PixelAspectRatio",
        "PlanarConfiguration",
        "RescaleSlope",
        "RescaleIntercept",
        "ExtendedOffsetTable",
        "SliceLocation",
        "ExtendedOffsetTableLengths",
        "RedPaletteColorLookupTableDescriptor",
        "GreenPaletteColorLookupTableDescriptor",
        "BluePaletteColorLookupTableDescriptor",
        "PatientPosition",
        "SharedFunctionalGroupsSequence",
        "AngioFlag",
        "PerFrameFunctionalGroupsSequence",
        "NumberOfTemporalPositions",
        "TriggerTime",
        "AcquisitionMatrix",
        "TemporalResolution",
        "PixelDataProviderURL",
        "SyntheticData",
        "SOPInstanceUID",
        "DataSetTrailingPadding",
    ]
)
"""Without these, or with nonsense in them, it is no image of a head, and nothing would be tested."""
_TEXT = {"LO": 64, "SH": 16, "LT": 200, "ST": 200, "UT": 200, "UC": 200, "AE": 16, "CS": 16}


def plant(paths: list[Path], plants: Plants, *, accents: bool = False, behind: bool = True) -> None:
    """Put identifiers into the files of a series, in the bytes around, and behind the end."""
    values = Dataset()
    for tag in sorted({*PROFILE, *SINGLE, *MULTI}):
        keyword = keyword_for_tag(tag)
        if keyword and keyword not in NEEDED and tag >> 16 > 2:
            _add(values, tag, keyword, plants, accents=accents)
    _add_private(values, plants)
    for path in paths:
        _plant_file(path, values, plants, accents=accents, behind=behind)


def plant_frames(path: Path, plants: Plants) -> None:
    """Put identifiers into the functional groups of a multi-frame file, shared and of each frame."""
    data = pydicom.dcmread(path)
    groups = [("shared", data.SharedFunctionalGroupsSequence[0])]
    groups += [("frame", item) for item in data.PerFrameFunctionalGroupsSequence]
    for kind, group in groups:
        for element in list(group):
            for item in element.value:
                _plant_item(item, f"{kind}/{element.keyword}", plants)
        group.add_new(0x00209222, "SQ", Sequence([_plant_item(Dataset(), f"{kind}/other sequence", plants)]))
    data.save_as(path, enforce_file_format=True)


def _plant_item(item: Dataset, place: str, plants: Plants) -> Dataset:
    for keyword in ("FrameComments", "FrameLabel", "OperatorsName", "RescaleType"):
        setattr(item, keyword, plants.once(f"{place}/{keyword}"))
    item.FrameAcquisitionDateTime = plants.day(f"{place}/FrameAcquisitionDateTime") + "101112"
    item.SpectrallySelectedSuppression = plants.once(f"{place}/code").upper()
    item.private_block(0x0029, "MADE", create=True).add_new(1, "LO", plants.once(f"{place}/private"))
    return item


def _add(values: Dataset, tag: int, keyword: str, plants: Plants, *, accents: bool, depth: int = 0) -> None:
    vr = dictionary_VR(tag).split(" or ")[0]
    value: object
    if vr == "SQ":
        if depth == 2:
            return
        item = Dataset()
        for inner in (0x00100010, 0x00080080, 0x00204000, 0x00080022, 0x00081199):
            _add(item, inner, f"{keyword}/{keyword_for_tag(inner)}", plants, accents=accents, depth=depth + 1)
        value = Sequence([item])
    elif vr in {"PN", "UR"}:
        value = plants.word(keyword, accent=accents and vr == "PN") + (
            "^" + plants.word(keyword) if vr == "PN" else ""
        )
    elif vr in _TEXT:
        word = plants.word(keyword, accent=accents and vr != "CS" and vr != "AE")
        value = (
            word.upper() if vr == "CS" else f"seen by {word}, ok"[-_TEXT[vr] :] if _TEXT[vr] > 20 else word
        )
    elif vr == "DA":
        value = plants.day(keyword)
    elif vr == "DT":
        value = plants.day(keyword) + plants.time(keyword)
    elif vr == "TM":
        value = plants.time(keyword)
    elif vr == "UI":
        value = f"1.2.826.0.1.{plants.day(keyword)}.{plants.number(keyword)}"
    elif vr in {"IS", "DS"}:
        value = plants.number(keyword)
    elif vr == "AS":
        value = "093Y"
    elif vr in {"OB", "OW"}:
        value = (plants.word(keyword) + " ").encode()[:10]
    else:
        return
    values.add(DataElement(tag, vr, value, validation_mode=pydicom.config.IGNORE))


def _add_private(values: Dataset, plants: Plants) -> None:
    for group, creator in (
        (0x0029, "SIEMENS CSA HEADER"),
        (0x0043, "GEMS_PARM_01"),
        (0x2005, "Philips MR Imaging DD 001"),
    ):
        block = values.private_block(group, creator, create=True)
        for offset, vr in (
            (0x10, "LO"),
            (0x20, "OB"),
            (0xF0, "UN"),
            (0x31, "PN"),
            (0x39, "LO"),
            (0xB0, "LT"),
        ):
            word = plants.word(f"private {creator} {offset:02x} {vr}")
            block.add_new(offset, vr, word.encode() + b" " * (len(word) % 2) if vr in {"OB", "UN"} else word)
    siemens = values.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    siemens.add_new(0x0C, "IS", plants.number("private safe, number too long"))
    siemens.add_new(0x08, "CS", plants.word("private safe block, other tag").upper())
    nobody = plants.word("private creator")
    values.private_block(0x0031, nobody, create=True).add_new(
        0x01, "LO", plants.word("private of unknown creator")
    )


def _plant_file(path: Path, values: Dataset, plants: Plants, *, accents: bool, behind: bool) -> None:
    data = pydicom.dcmread(path)
    uid = data.SOPInstanceUID
    data.update(copy.deepcopy(values))
    data.SOPInstanceUID = uid
    data.SpecificCharacterSet = "ISO_IR 192" if accents else "ISO_IR 100"
    data.ImageType = ["ORIGINAL", "PRIMARY", "M", plants.once("ImageType value 4").upper()]
    data.SeriesDescription = f"t1 mprage {plants.once('SeriesDescription')}"
    data.Manufacturer = f"SIEMENS {plants.once('Manufacturer')}"
    data.add_new(0x60000010, "US", 16)
    data.add_new(0x60000011, "US", 16)
    data.add_new(0x60000022, "LO", plants.once("overlay description"))
    data.add_new(0x60003000, "OW", _padded(plants.once("overlay data")))
    data.add_new(0x50000040, "SH", plants.once("curve label"))
    data.add_new(0xFFFCFFFC, "OB", _padded(plants.once("data set trailing padding")))
    data.file_meta.SourceApplicationEntityTitle = plants.once("meta source AE")
    data.file_meta.PrivateInformationCreatorUID = "1.2.3.4"
    data.file_meta.PrivateInformation = _padded(plants.once("meta private information"))
    data.file_meta.ImplementationVersionName = plants.once("meta version")
    data.preamble = plants.once("preamble").encode().ljust(128, b"\0")
    data.PixelData = _in_unused_bits(data.PixelData, plants.once("unused bits of pixels"))
    data.save_as(path, enforce_file_format=True)
    if behind:
        with path.open("ab") as file:
            file.write(b"\0\0" + plants.once("behind the end of the file").encode())


def _padded(word: str) -> bytes:
    return word.encode() + b"\0" * (len(word) % 2)


def _in_unused_bits(pixels: bytes, word: str) -> bytes:
    """Write a word, four bits at a time, above the twelve bits that pixels use."""
    values = np.frombuffer(pixels, dtype="<u2").copy()
    half_bytes = [half for byte in word.encode() for half in (byte >> 4, byte & 15)]
    values[: len(half_bytes)] = (values[: len(half_bytes)] & 0x0FFF) | (
        np.array(half_bytes, dtype="<u2") << 12
    )
    return values.tobytes()
