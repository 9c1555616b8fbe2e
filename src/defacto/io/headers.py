"""The header of one DICOM file: what is needed to sort it into a series, and to recognise the series."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pydicom
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import UID

_KEYWORDS = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "StudyDate",
    "StudyTime",
    "SeriesNumber",
    "InstanceNumber",
    "Modality",
    "SOPClassUID",
    "ImageType",
    "ComplexImageComponent",
    "SeriesDescription",
    "ProtocolName",
    "SequenceName",
    "PulseSequenceName",
    "Manufacturer",
    "ManufacturerModelName",
    "ScanningSequence",
    "EchoPulseSequence",
    "SequenceVariant",
    "ScanOptions",
    "MRAcquisitionType",
    "InversionRecovery",
    "RepetitionTime",
    "EchoTime",
    "EffectiveEchoTime",
    "InversionTime",
    "InversionTimes",
    "FlipAngle",
    "EchoTrainLength",
    "EchoNumbers",
    "MagneticFieldStrength",
    "AngioFlag",
    "DiffusionBValue",
    "ContrastBolusAgent",
    "ContrastBolusAgentSequence",
    "BodyPartExamined",
    "BurnedInAnnotation",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "BitsAllocated",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
_TAGS = [tag for keyword in _KEYWORDS if (tag := tag_for_keyword(keyword)) is not None]
_DICOMDIR = "1.2.840.10008.1.3.10"

Vector = tuple[float, ...]
"""Numbers of a DICOM tag."""


class Person(NamedTuple):
    """Who was scanned, as the tags say. Never shown."""

    patient_id: str
    name: str
    birth_date: str


@dataclass(frozen=True)
class Tags:
    """What the tags of a series say about its kind.

    Times are in ms, the field strength in tesla; None where a tag is missing. `description`, `protocol` and
    `sequence` are free text: they are searched and never shown.
    """

    modality: str = ""
    sop_class: str = ""
    transfer_syntax: str = ""
    image_type: tuple[str, ...] = ()
    component: str = ""
    description: str = ""
    protocol: str = ""
    sequence: str = ""
    manufacturer: str = ""
    model: str = ""
    scanning_sequence: tuple[str, ...] = ()
    sequence_variant: tuple[str, ...] = ()
    scan_options: tuple[str, ...] = ()
    acquisition_type: str = ""
    body_part: str = ""
    agent: str = ""
    is_angio: bool = False
    has_b_value: bool = False
    burned_in: bool = False
    samples_per_pixel: int = 1
    repetition_time_ms: float | None = None
    echo_time_ms: float | None = None
    inversion_time_ms: float | None = None
    flip_angle_deg: float | None = None
    echo_train_length: float | None = None
    field_t: float | None = None


class ImageFile(NamedTuple):
    """One file of a series: path, and the position (mm, LPS) of each of its frames."""

    path: str
    instance: int
    positions: tuple[Vector, ...]


class StackKey(NamedTuple):
    """What files have in common that make one volume."""

    person: Person
    study: str
    series: str
    echo: int
    echo_time: str
    component: str
    rows: int
    columns: int
    orientation: Vector


class Header(NamedTuple):
    """One file, read."""

    key: StackKey
    file: ImageFile
    number: int | None
    when: str
    tags: Tags


def read_header(path: Path) -> Header | None:
    """Read the header of a file without its pixels; None for a DICOMDIR.

    Raises
    ------
    ValueError
        If the file cannot be read as DICOM, or is cut off before the end of its pixels.
    """
    try:
        with path.open("rb") as file:
            data = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(_TAGS), force=True)
            left = os.fstat(file.fileno()).st_size - file.tell()
        return _header(path, data, left)
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(type(error).__name__) from error


def _header(path: Path, data: Dataset, bytes_left: int) -> Header | None:
    meta = getattr(data, "file_meta", Dataset())
    if str(meta.get("MediaStorageSOPClassUID", "")) == _DICOMDIR:
        return None
    if not data.get("SOPClassUID") or not data.get("SeriesInstanceUID"):
        raise ValueError("no SOP class or series")
    syntax = str(meta.get("TransferSyntaxUID", ""))
    if bytes_left < _declared_bytes(data, syntax):
        raise ValueError("cut off")
    tags = _tags(data, syntax)
    orientation = _numbers(_first(data, "ImageOrientationPatient"))
    key = StackKey(
        person=Person(_text(data, "PatientID"), _text(data, "PatientName"), _text(data, "PatientBirthDate")),
        study=_text(data, "StudyInstanceUID"),
        series=_text(data, "SeriesInstanceUID"),
        echo=_integer(data.get("EchoNumbers")) or 1,
        echo_time=f"{tags.echo_time_ms or 0:.2g}",
        component=tags.component,
        rows=_integer(data.get("Rows")) or 0,
        columns=_integer(data.get("Columns")) or 0,
        orientation=tuple(round(value, 2) + 0.0 for value in orientation),
    )
    file = ImageFile(str(path), _integer(data.get("InstanceNumber")) or 0, tuple(_positions(data)))
    return Header(
        key,
        file,
        _integer(data.get("SeriesNumber")),
        _text(data, "StudyDate") + _text(data, "StudyTime"),
        tags,
    )


def _declared_bytes(data: Dataset, syntax: str) -> int:
    if not syntax or UID(syntax).is_compressed:
        return 0
    voxels = (_integer(data.get("Rows")) or 0) * (_integer(data.get("Columns")) or 0)
    frames = _integer(data.get("NumberOfFrames")) or 1
    samples = _integer(data.get("SamplesPerPixel")) or 1
    return voxels * frames * samples * (_integer(data.get("BitsAllocated")) or 0) // 8


def _tags(data: Dataset, syntax: str) -> Tags:
    image_type = _codes(data, "ImageType")
    inversion = _number(_first(data, "InversionTime", "InversionTimes"))
    scanning = _codes(data, "ScanningSequence") or _enhanced_sequence(data)
    return Tags(
        modality=_text(data, "Modality").upper(),
        sop_class=_text(data, "SOPClassUID"),
        transfer_syntax=syntax,
        image_type=image_type,
        component=_component(image_type, str(_first(data, "ComplexImageComponent") or "")),
        description=_text(data, "SeriesDescription"),
        protocol=_text(data, "ProtocolName"),
        sequence=_text(data, "SequenceName") or _text(data, "PulseSequenceName"),
        manufacturer=_text(data, "Manufacturer"),
        model=_text(data, "ManufacturerModelName"),
        scanning_sequence=scanning,
        sequence_variant=_codes(data, "SequenceVariant"),
        scan_options=_codes(data, "ScanOptions"),
        acquisition_type=_text(data, "MRAcquisitionType").upper(),
        body_part=_text(data, "BodyPartExamined").upper(),
        agent=_text(data, "ContrastBolusAgent") or ("yes" if data.get("ContrastBolusAgentSequence") else ""),
        is_angio=_text(data, "AngioFlag").upper() == "Y",
        has_b_value=(_number(_first(data, "DiffusionBValue")) or 0) > 0,
        burned_in=_text(data, "BurnedInAnnotation").upper() == "YES",
        samples_per_pixel=_integer(data.get("SamplesPerPixel")) or 1,
        repetition_time_ms=_number(_first(data, "RepetitionTime")),
        echo_time_ms=_number(_first(data, "EchoTime", "EffectiveEchoTime")),
        inversion_time_ms=inversion,
        flip_angle_deg=_number(_first(data, "FlipAngle")),
        echo_train_length=_number(_first(data, "EchoTrainLength")),
        field_t=_number(_first(data, "MagneticFieldStrength")),
    )


def _component(image_type: tuple[str, ...], said: str) -> str:
    """Return M, P, R or I: magnitude, phase, real or imaginary part."""
    if said.upper() in {"PHASE", "REAL", "IMAGINARY"}:
        return said[0].upper()
    for code in image_type[2:]:
        if code in {"P", "PHASE", "PHASE MAP", "VELOCITY MAP"} or code.startswith("P_"):
            return "P"
        if code in {"REAL", "IMAGINARY", "R", "I"} or code.startswith(("R_", "I_")):
            return code[0]
    return "M"


def _enhanced_sequence(data: Dataset) -> tuple[str, ...]:
    """Return the codes of ScanningSequence that the tags of an enhanced file stand for."""
    kind = str(_first(data, "EchoPulseSequence") or "").upper()
    codes = {"SPIN": ("SE",), "GRADIENT": ("GR",), "BOTH": ("SE", "GR")}.get(kind, ())
    return (*codes, "IR") if str(_first(data, "InversionRecovery") or "").upper() == "YES" else codes


def _positions(data: Dataset) -> Iterator[Vector]:
    if (position := data.get("ImagePositionPatient")) is not None:
        yield _numbers(position)
        return
    for frame in data.get("PerFrameFunctionalGroupsSequence") or ():
        yield _numbers(_search(frame, "ImagePositionPatient"))


def _first(data: Dataset, *keywords: str) -> Any:
    """Return the first of the tags that has a value: at the top, in the shared groups, in the first frame."""
    for keyword in keywords:
        if data.get(keyword) not in (None, ""):
            return data.get(keyword)
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for item in (data.get(groups) or ())[:1]:
            for keyword in keywords:
                if (value := _search(item, keyword)) is not None:
                    return value
    return None


def _search(group: Dataset, keyword: str) -> Any:
    for element in group:
        if element.VR == "SQ" and element.value and element.value[0].get(keyword) not in (None, ""):
            return element.value[0].get(keyword)
    return None


def _text(data: Dataset, keyword: str) -> str:
    value = data.get(keyword)
    return "" if value is None else str(value).strip("\0 ")


def _codes(data: Dataset, keyword: str) -> tuple[str, ...]:
    value = data.get(keyword)
    values = [value] if isinstance(value, str) else value or ()
    return tuple(str(each).strip().upper() for each in values)


def _numbers(value: Any) -> Vector:
    try:
        return tuple(float(each) for each in value)
    except (TypeError, ValueError):
        return ()


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        pass
    numbers = _numbers(value)
    return numbers[0] if numbers else None


def _integer(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
