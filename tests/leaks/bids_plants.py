"""A BIDS data set with an identifier in every place that its files and names have."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import tiny_studies
from planted import Plants

from defacto.privacy import sidecar_terms as terms

DCM2NIIX_TEXT = [
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "AccessionNumber",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "StudyID",
    "InstitutionName",
    "InstitutionAddress",
    "InstitutionalDepartmentName",
    "StationName",
    "DeviceSerialNumber",
    "ProcedureStepDescription",
    "SeriesDescription",
    "ProtocolName",
    "ReferringPhysicianName",
    "PerformingPhysicianName",
    "OperatorsName",
    "ImageComments",
    "ConsistencyInfo",
    "PulseSequenceName",
    "SequenceVariant",
    "WipMemBlock",
    "CoilString",
    "RefPhysician",
    "FrameOfReferenceUID",
    "BidsGuess",
    "StudyDescription",
    "Comments",
    "RawImage",
]


def make(root: Path, plants: Plants, first_voxel: int) -> Path:
    """Make the data set; `first_voxel` says to the fake rooms what shall happen to its scans."""
    tiny_studies.make_empty(root)
    person = plants.word("PatientName, and in names of files")
    subject = f"{person}7"
    _scan(
        root, subject, plants, first_voxel, {"ses": plants.day("session label"), "acq": f"hi{person}"}, person
    )
    _scan(root, "mgh", plants, first_voxel, {}, person="", ending=".mgz")
    _scan(root, "gap", plants, first_voxel, {}, person="")
    _scan(root, "more", plants, first_voxel, {}, person="")
    _texts(root, subject, plants)
    _broken(root, plants)
    return root


def _scan(root, subject, plants, first_voxel, entities, person, ending=".nii.gz"):
    session = f"ses-{entities['ses']}" if "ses" in entities else ""
    folder = root / f"sub-{subject}" / session / "anat"
    folder.mkdir(parents=True)
    stem = "_".join([f"sub-{subject}", *(f"{key}-{label}" for key, label in entities.items()), "T1w"])
    values = np.random.default_rng(3).integers(1, 900, (12, 14, 10)).astype(np.int16)
    values[0, 0, 0] = first_voxel
    affine = np.diag([2.0, 2, 2, 1])
    if ending == ".mgz":
        _write_mgz(folder / f"{stem}.mgz", values, affine, plants)
    else:
        _write_nifti(folder / f"{stem}.nii.gz", values, affine, plants)
    (folder / f"{stem}.json").write_text(json.dumps(_sidecar(subject, plants, person)))
    (root / "T1w.json").write_text(json.dumps({"InstitutionName": plants.word("inherited sidecar")}))


def _sidecar(subject, plants, person):
    place = f"sidecar of {subject[:3]}: "
    sidecar = {tag: plants.word(place + tag) for tag in DCM2NIIX_TEXT if tag != "PatientName"}
    for tag in sorted({*terms.NUMBERS, *terms.BOOLEANS} - {"EchoTime"}):
        sidecar[tag] = (
            plants.number(place + tag) if tag in terms.BOOLEANS else int(plants.number(place + tag))
        )
    for tag in (*terms.VALUES, *terms.REFUSED):
        sidecar[tag] = plants.word(place + tag)
    for tag, words in terms.WORDS.items():
        sidecar[tag] = f"{words.split()[0]} {plants.word(place + tag)}"
    sidecar |= {
        "EchoTime": 0.003,
        "AcquisitionTime": plants.time(place + "AcquisitionTime"),
        "AcquisitionDateTime": f"{plants.day(place + 'AcquisitionDateTime')}T04:37:11",
        "PatientBirthDate": plants.day(place + "PatientBirthDate"),
        "SoftwareVersions": f"syngo MR {plants.day(place + 'SoftwareVersions')}",
        "ImageType": ["ORIGINAL", plants.word(place + "ImageType")],
        "Nested": {"deep": [{"er": plants.word(place + "nested")}]},
        plants.word(place + "key"): 1,
    }
    return sidecar | ({"PatientName": f"{person}^Olga"} if person else {})


def _write_nifti(path, values, affine, plants):
    image = nib.Nifti1Image(values, affine)
    header = image.header
    for name in ("descrip", "aux_file", "db_name", "intent_name"):
        header[name] = plants.word(f"NIfTI {name}").encode()
    for code in (
        ()
        if path.name.startswith("sub-gap")
        else (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 30, 32, 38, 40, 44, 99)
    ):
        content = plants.word(f"NIfTI extension {code}").encode()
        header.extensions.append(nib.nifti1.Nifti1Extension(code if code != 2 else 6, content))
    raw = bytearray(image.to_bytes())
    word = plants.word("NIfTI data_type").encode()
    raw[4 : 4 + len(word)] = word
    if path.name.startswith("sub-gap"):
        hidden = plants.word("NIfTI bytes before the voxels").encode().ljust(16, b"\0")
        raw[352:352] = hidden
        struct.pack_into("<f", raw, 108, 352 + len(hidden))
    if path.name.startswith("sub-more"):
        raw += plants.word("NIfTI bytes behind the voxels").encode()
    path.write_bytes(_gzipped(bytes(raw), plants))


def _gzipped(content, plants):
    """Pack with a name, a comment and an extra field in the gzip header, and a second member behind it."""
    extra = plants.word("gzip extra field").encode()
    head = b"\x1f\x8b\x08" + bytes([4 | 8 | 16]) + struct.pack("<I", 1234567890) + b"\0\3"
    head += struct.pack("<H", len(extra)) + extra
    head += plants.word("gzip name").encode() + b"\0" + plants.word("gzip comment").encode() + b"\0"
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = packer.compress(content) + packer.flush()
    return head + body + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)


def _write_mgz(path, values, affine, plants):
    image = nib.MGHImage(values, affine)
    raw = bytearray(image.to_bytes())
    word = plants.word("MGH unused header bytes").encode()
    raw[120 : 120 + len(word)] = word
    tag = plants.word("MGH tag: command line").encode()
    raw += struct.pack(">ii", 3, len(tag)) + tag
    path.write_bytes(gzip.compress(bytes(raw)))


def _texts(root, subject, plants):
    columns = ["age", "sex", "name", "birth", "hospital", "mrn"]
    row = [
        f"sub-{subject}",
        "93",
        "F",
        plants.word("participants name"),
        plants.day("participants birth"),
        plants.word("participants hospital"),
        plants.number("participants mrn"),
    ]
    (root / "participants.tsv").write_text(
        "\t".join(["participant_id", *columns]) + "\n" + "\t".join(row) + "\n"
    )
    (root / "participants.json").write_text(
        json.dumps({"name": {"Description": plants.word("participants.json")}})
    )
    (root / "README.md").write_text(f"Scans of {plants.word('README')}, {plants.day('README')}.\n")
    (root / "CHANGES").write_text(f"1.0.0 {plants.day('CHANGES')}\n - by {plants.word('CHANGES')}\n")
    (root / ".bidsignore").write_text(f"{plants.word('bidsignore')}*\n")
    description = {
        "Name": plants.word("description Name"),
        "BIDSVersion": "1.10.0",
        "Authors": [plants.word("description Authors")],
        "HowToAcknowledge": plants.word("description how"),
    }
    (root / "dataset_description.json").write_text(json.dumps(description))
    session = next((root / f"sub-{subject}").iterdir())
    scan = next(session.glob("anat/*.nii.gz"))
    stem = f"sub-{subject}_{session.name}"
    made = f"{_iso(plants, 'scans.tsv acq_time')}T04:37:11"
    (session / f"{stem}_scans.tsv").write_text(
        f"filename\tacq_time\toperator\nanat/{scan.name}\t{made}\t{plants.word('scans.tsv operator')}\n"
    )
    (root / f"sub-{subject}" / f"sub-{subject}_sessions.tsv").write_text(
        f"session_id\tacq_time\tnote\n{session.name}\t{made}\t{plants.word('sessions.tsv note')}\n"
    )
    (root / "code").mkdir()
    (root / "code" / f"{plants.word('name of a file beside')}.txt").write_text(plants.word("file beside"))


def _iso(plants, place):
    day = plants.day(place)
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def _broken(root, plants):
    """Files that cannot be used, whose errors might quote them."""
    for label, content in {
        "cut": gzip.compress(plants.word("NIfTI cut off").encode() * 50)[:60],
        "text": plants.word("text called NIfTI").encode(),
    }.items():
        folder = root / f"sub-{label}" / "anat"
        folder.mkdir(parents=True)
        (folder / f"sub-{label}_T1w.nii.gz").write_bytes(content)
        (folder / f"sub-{label}_T1w.json").write_text("{ not json " + plants.word("sidecar that is no JSON"))
    odd = plants.word("name of a file that is not BIDS")
    (root / "sub-cut" / "anat" / f"{odd} seen 2011.nii.gz").write_bytes(b"")
