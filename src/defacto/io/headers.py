"""The header of one DICOM file: what is needed to sort it into a series, and to recognise the series."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pydicom
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import UID

from defacto.io import values
from defacto.io.tags import Header, ImageFile, Person, StackKey, Tags, Visit
from defacto.io.values import Vector

_KEYWORDS = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "PatientAge",
    "PatientSex",
    "PatientWeight",
    "AcquisitionDate",
    "AcquisitionTime",
    "AcquisitionDateTime",
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


def read_header(path: Path) -> Header | None:
    """Read the header of a file without its pixels; None for a DICOMDIR.

    Raises
    ------
    ValueError
        If the file cannot be read as DICOM, or is cut off before the end of its pixels.
    """
    try:
        with quiet(), path.open("rb") as file:
            data = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(_TAGS), force=True)
            return _header(path, data, os.fstat(file.fileno()).st_size - file.tell())
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(type(error).__name__) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep pydicom from warning: its warnings quote the values of tags, which may be names."""
    logger, settings = logging.getLogger("pydicom"), pydicom.config.settings
    before = logger.disabled, settings.reading_validation_mode
    logger.disabled, settings.reading_validation_mode = True, pydicom.config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled, settings.reading_validation_mode = before


def _header(path: Path, data: Dataset, bytes_left: int) -> Header | None:
    meta = getattr(data, "file_meta", Dataset())
    if str(meta.get("MediaStorageSOPClassUID", "")) == _DICOMDIR:
        return None
    if not values.text(data, "SOPClassUID") or not values.text(data, "SeriesInstanceUID"):
        raise ValueError("no SOP class or series")
    syntax = str(meta.get("TransferSyntaxUID", ""))
    if bytes_left < _declared_bytes(data, syntax):
        raise ValueError("cut off")
    tags = _tags(data, syntax)
    orientation = values.numbers(values.first(data, "ImageOrientationPatient"))
    key = StackKey(
        person=Person(
            values.text(data, "PatientID"),
            values.text(data, "PatientName"),
            values.text(data, "PatientBirthDate"),
        ),
        study=values.text(data, "StudyInstanceUID"),
        series=values.text(data, "SeriesInstanceUID"),
        echo=values.integer(values.get(data, "EchoNumbers")) or 1,
        echo_time=f"{tags.echo_time_ms or 0:.2g}",
        component=tags.component,
        rows=values.integer(values.get(data, "Rows")) or 0,
        columns=values.integer(values.get(data, "Columns")) or 0,
        orientation=tuple(round(part, 2) + 0.0 for part in orientation),
    )
    file = ImageFile(
        str(path), values.integer(values.get(data, "InstanceNumber")) or 0, tuple(_positions(data))
    )
    return Header(
        key,
        file,
        values.integer(values.get(data, "SeriesNumber")),
        values.text(data, "StudyDate") + values.text(data, "StudyTime"),
        tags,
        _visit(data),
    )


def _visit(data: Dataset) -> Visit:
    acquired = values.text(data, "AcquisitionDate") + values.text(data, "AcquisitionTime")
    return Visit(
        acquired=acquired or values.text(data, "AcquisitionDateTime"),
        age=values.text(data, "PatientAge"),
        sex=values.text(data, "PatientSex"),
        weight=values.text(data, "PatientWeight"),
    )


def _declared_bytes(data: Dataset, syntax: str) -> int:
    if not syntax or UID(syntax).is_compressed:
        return 0
    voxels = (values.integer(values.get(data, "Rows")) or 0) * (
        values.integer(values.get(data, "Columns")) or 0
    )
    frames = values.integer(values.get(data, "NumberOfFrames")) or 1
    samples = values.integer(values.get(data, "SamplesPerPixel")) or 1
    return voxels * frames * samples * (values.integer(values.get(data, "BitsAllocated")) or 0) // 8


def _tags(data: Dataset, syntax: str) -> Tags:
    image_type = values.codes(data, "ImageType")
    inversion = values.number(values.first(data, "InversionTime", "InversionTimes"))
    scanning = values.codes(data, "ScanningSequence") or _enhanced_sequence(data)
    return Tags(
        modality=values.text(data, "Modality").upper(),
        sop_class=values.text(data, "SOPClassUID"),
        transfer_syntax=syntax,
        image_type=image_type,
        component=_component(image_type, str(values.first(data, "ComplexImageComponent") or "")),
        description=values.text(data, "SeriesDescription"),
        protocol=values.text(data, "ProtocolName"),
        sequence=values.text(data, "SequenceName") or values.text(data, "PulseSequenceName"),
        manufacturer=values.text(data, "Manufacturer"),
        model=values.text(data, "ManufacturerModelName"),
        scanning_sequence=scanning,
        sequence_variant=values.codes(data, "SequenceVariant"),
        scan_options=values.codes(data, "ScanOptions"),
        acquisition_type=values.text(data, "MRAcquisitionType").upper(),
        body_part=values.text(data, "BodyPartExamined").upper(),
        agent=values.text(data, "ContrastBolusAgent")
        or ("yes" if values.get(data, "ContrastBolusAgentSequence") else ""),
        is_angio=values.text(data, "AngioFlag").upper() == "Y",
        has_b_value=(values.number(values.first(data, "DiffusionBValue")) or 0) > 0,
        burned_in=values.text(data, "BurnedInAnnotation").upper() == "YES",
        samples_per_pixel=values.integer(values.get(data, "SamplesPerPixel")) or 1,
        repetition_time_ms=values.number(values.first(data, "RepetitionTime")),
        echo_time_ms=values.number(values.first(data, "EchoTime", "EffectiveEchoTime")),
        inversion_time_ms=inversion,
        flip_angle_deg=values.number(values.first(data, "FlipAngle")),
        echo_train_length=values.number(values.first(data, "EchoTrainLength")),
        field_t=values.number(values.first(data, "MagneticFieldStrength")),
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
    kind = str(values.first(data, "EchoPulseSequence") or "").upper()
    codes = {"SPIN": ("SE",), "GRADIENT": ("GR",), "BOTH": ("SE", "GR")}.get(kind, ())
    return (*codes, "IR") if str(values.first(data, "InversionRecovery") or "").upper() == "YES" else codes


def _positions(data: Dataset) -> Iterator[Vector]:
    if (position := values.get(data, "ImagePositionPatient")) is not None:
        yield values.numbers(position)
        return
    for frame in values.get(data, "PerFrameFunctionalGroupsSequence") or ():
        yield values.numbers(values.search(frame, "ImagePositionPatient"))
