"""DICOM series made to order: tiny, and of any kind."""

from pathlib import Path

import numpy as np
import pydicom
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"

MPRAGE = {
    "SeriesDescription": "SAG MPRAGE",
    "ScanningSequence": ["GR", "IR"],
    "SequenceVariant": ["SP", "MP"],
    "RepetitionTime": 2000,
    "EchoTime": 2.5,
    "InversionTime": 900,
    "FlipAngle": 9,
}
TSE = {
    "SeriesDescription": "ax tse",
    "ScanningSequence": "SE",
    "SequenceVariant": "SK",
    "RepetitionTime": 5000,
    "EchoTime": 90,
    "FlipAngle": 150,
}


def write_series(folder: Path, *, slices=12, skip=(), first=0, suffix=".dcm", **tags) -> list[Path]:
    """Write a series; `tags` overrides what stands in every file; `skip` leaves out slices."""
    folder.mkdir(parents=True, exist_ok=True)
    study = tags.pop("StudyInstanceUID", None) or generate_uid(
        entropy_srcs=[str(tags.get("PatientID", "P1"))]
    )
    series = tags.pop("SeriesInstanceUID", None) or generate_uid()
    spacing = tags.pop("spacing_mm", 2.0)
    paths = []
    for place in range(slices):
        if place in skip:
            continue
        data = _image(place + first, spacing, {"StudyInstanceUID": study, "SeriesInstanceUID": series} | tags)
        path = folder / f"{series[-6:]}{place + first:04d}{suffix}"
        data.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def write_enhanced(folder: Path, *, frames=20) -> Path:
    """Write one enhanced multi-frame file: an inversion-prepared 3D gradient echo."""
    folder.mkdir(parents=True, exist_ok=True)
    gone = (
        "ImagePositionPatient",
        "ImageOrientationPatient",
        "EchoNumbers",
        "PixelSpacing",
        "SliceThickness",
    )
    tags = dict.fromkeys(gone) | {
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4.1",
        "EchoPulseSequence": "GRADIENT",
        "ImageType": ["ORIGINAL", "PRIMARY", "T1", "NONE"],
        "ComplexImageComponent": "MAGNITUDE",
        "NumberOfFrames": frames,
    }
    data = _image(0, 2.0, tags)
    shared = Dataset()
    shared.MRTimingAndRelatedParametersSequence = [_item(RepetitionTime=8.1, FlipAngle=8)]
    shared.MREchoSequence = [_item(EffectiveEchoTime=3.7)]
    shared.MRModifierSequence = [_item(InversionRecovery="YES", InversionTimes=[900.0])]
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])]
    shared.PixelMeasuresSequence = [_item(PixelSpacing=[2, 2], SliceThickness=2)]
    data.SharedFunctionalGroupsSequence = [shared]
    data.PerFrameFunctionalGroupsSequence = [
        _item(
            PlanePositionSequence=[_item(ImagePositionPatient=[-16, -16, 2 * frame])],
            FrameContentSequence=[_item(StackID="1", InStackPositionNumber=frame + 1)],
        )
        for frame in range(frames)
    ]
    data.PixelData = np.arange(frames * 256, dtype="<u2").tobytes()
    data.save_as(folder / "enhanced", enforce_file_format=True)
    return folder / "enhanced"


def _item(**tags) -> Dataset:
    item = Dataset()
    for keyword, value in tags.items():
        setattr(item, keyword, value)
    return item


def _image(place: int, spacing: float, tags: dict) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = tags.get("SOPClassUID", MR_IMAGE)
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", Dataset(), file_meta=meta, preamble=bytes(128))
    defaults = {
        "SOPClassUID": MR_IMAGE,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "Modality": "MR",
        "Manufacturer": "SIEMENS",
        "PatientID": "P1",
        "PatientName": "Plantov^Olga",
        "PatientBirthDate": "19700102",
        "StudyDate": "20200304",
        "StudyTime": "101112",
        "SeriesNumber": 1,
        "InstanceNumber": place + 1,
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"],
        "MRAcquisitionType": "3D",
        "MagneticFieldStrength": 3,
        "EchoNumbers": 1,
        "Rows": 16,
        "Columns": 16,
        "PixelSpacing": [2, 2],
        "SliceThickness": spacing,
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [-16, -16, place * spacing],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
    }
    for keyword, value in (defaults | tags).items():
        if value is not None:
            tag = tag_for_keyword(keyword)
            data.add(DataElement(tag, dictionary_VR(tag), value, validation_mode=pydicom.config.IGNORE))
    data.PixelData = np.full((16, 16), 100 + place, dtype="<u2").tobytes()
    return data
