"""The gate once more, for DICOM: cleared scans go out as de-identified copies of their series."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from defacto import __version__
from defacto.errors import DefactoError, NotClearedError
from defacto.io import volume
from defacto.io.dicom_pixels import Image, put_back
from defacto.io.source import Source
from defacto.io.subjects import subject_key
from defacto.pipeline.evidence import file_hash
from defacto.pipeline.export import check_target, manifest_key
from defacto.pipeline.folder import OutFolder
from defacto.pipeline.locks import lock
from defacto.pipeline.outgoing import Wanted, bring, read_manifest
from defacto.pipeline.records import Record
from defacto.pipeline.run_settings import saved_settings
from defacto.pipeline.sources import Selection, find_sources, has_changed, sentence
from defacto.pipeline.state import Standing, standing_of_record
from defacto.pipeline.store import Store
from defacto.privacy.dicom import Pseudonym, clean
from defacto.types import State

_IMPLEMENTATION = UID("2.25.93046211403226311713174127733178034912")
_OF_PIXELS = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
)


@dataclass(frozen=True)
class ExportedDicom:
    """What an export did.

    Parameters
    ----------
    names : tuple of str
        Scans that lie in the target now.
    kept : mapping of str to str
        Scans that do not, and why.
    """

    names: tuple[str, ...]
    kept: Mapping[str, str] = field(default_factory=dict)


def export_dicom(
    out: Path,
    folder: Path,
    target: Path,
    selection: Selection | None = None,
    *,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> ExportedDicom:
    """Write cleared scans as DICOM series.

    Parameters
    ----------
    out : Path
        Output folder of a run.
    folder : Path
        Its input, DICOM.
    target : Path
        Folder to write to: new, empty, or what an earlier call made, which is brought up to date.
    selection : Selection, optional
        Which scans, and the key file of the run.
    tell : callable
        Is told how many scans are done, and of how many.

    Raises
    ------
    SettingsError
        If the folder cannot be used.
    """
    check_target(out, target)
    check_target(folder, target)
    selection = selection or Selection()
    store, settings = Store.open(out, run="export"), saved_settings(out)
    key = subject_key(selection.key_file)
    names: list[str] = []
    kept: dict[str, str] = {}
    with lock(OutFolder(out).lock("export"), wait=True):
        found = {source.name: source for source in find_sources(folder, settings, selection)[0]}
        records = [record for record in store.records() if record.scan.origin == "dicom"]
        manifests = out / ".exports" / manifest_key(target)
        for done, record in enumerate(records):
            tell(done, len(records))
            name, source = record.scan.name, found.get(record.scan.name)
            standing = standing_of_record(record, settings)
            place, manifest = _place(target, record), manifests / f"{name}.json"
            try:
                wanted = _wanted(
                    out, record, standing, source, Pseudonym(record.scan.subject, key, settings.privacy)
                )
            except DefactoError as error:
                kept[name], wanted = sentence(error), {}
            if wanted or read_manifest(manifest):
                bring(place, wanted, manifest)
            if wanted:
                names.append(name)
            else:
                _remove_empty(place, target)
        tell(len(records), len(records))
        store.add_event("exported", f"{len(names)} scans were exported as DICOM.")
    return ExportedDicom(tuple(names), kept)


def _place(target: Path, record: Record) -> Path:
    scan = record.scan
    session = f"ses-{scan.session}" if scan.session else "ses-none"
    return target / f"sub-{scan.subject}" / session / scan.name


def _remove_empty(place: Path, target: Path) -> None:
    while place != target and place.is_dir() and not any(place.iterdir()):
        place.rmdir()
        place = place.parent


def _wanted(
    out: Path, record: Record, standing: Standing, source: Source | None, pseudonym: Pseudonym
) -> dict[str, Wanted]:
    if standing.state is not State.CLEARED:
        raise NotClearedError(f"{standing.state.value}. {standing.reason}".strip())
    if source is None or source.series is None:
        raise NotClearedError("Its series is not in the input folder, or another subject key made its name.")
    if record.mark is None or has_changed(source, record.mark):
        raise NotClearedError("The input changed since the scan was checked; run again.")
    attempt = record.attempts[-1]
    scans = []
    for role in ("volume", "mask"):
        path = out / attempt.files[role]
        if not path.is_file() or file_hash(path) != attempt.sha256[role]:
            raise NotClearedError("A file is not what it was when the scan was checked; it stays inside.")
        scans.append(volume.read(path))
    defaced, mask = scans
    images = put_back(source.series, defaced, np.asarray(mask.stored) > 0)
    return {f"{n:04d}.dcm": Wanted.of(encoded(image, pseudonym)) for n, image in enumerate(images, start=1)}


def encoded(image: Image, pseudonym: Pseudonym) -> bytes:
    """Return the bytes of a de-identified DICOM file: explicit VR, little endian, not compressed.

    Parameters
    ----------
    image : Image
        Attributes as they were read, with new pixels.
    pseudonym : Pseudonym
        Who the person becomes.
    """
    data = clean(image.data, pseudonym)
    for keyword in _OF_PIXELS:
        if keyword in image.data:
            setattr(data, keyword, image.data[keyword].value)
    little = image.pixels.astype(image.pixels.dtype.newbyteorder("<"))
    content = little.tobytes()
    data.add_new("PixelData", "OW" if little.dtype.itemsize > 1 else "OB", content + bytes(len(content) % 2))
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = data.SOPClassUID
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _IMPLEMENTATION
    meta.ImplementationVersionName = f"defacto {__version__}"[:16]
    data.file_meta = meta
    data.preamble = bytes(128)
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
