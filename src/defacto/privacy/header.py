"""What names a person in the header of a volume file, and how it is taken out.

==========================  ==============================================================  ===========
where                       what may stand there                                            what we do
==========================  ==============================================================  ===========
NIfTI text fields           descrip: acquisition time (dcm2niix), operator; aux_file: a     blanked
                            path; intent_name, db_name, data_type, unused_str: free text
NIfTI leftovers             extents, session_error, regular, glmax, glmin: ANALYZE 7.5      blanked
                            fields that NIfTI does not use
NIfTI bytes that nobody     behind the last extension, before the voxels                    blanked
reads
extensions 20, 22, 24, 26,  numbers: b value, direction, tensor component, spherical        kept while
34                          harmonics, frame times                                          no text is
                                                                                            in them
extension 0                 anything                                                        dropped
extension 2                 DICOM: everything that a scanner knows of a patient             dropped
extension 4                 AFNI: history with user, machine and paths                      dropped
extension 6                 comment                                                         dropped
extension 8                 XCEDE: the subject and study as XML                             dropped
extensions 10, 28           Jim and VoxBo headers: text                                     dropped
extension 12                LONI workflow: paths                                            dropped
extension 14                FreeSurfer tags: command lines with paths                       dropped
extension 16                Python pickle: anything                                         dropped
extension 18                MiND identifier: text                                           dropped
extensions 30, 32           Caret and CIFTI: XML with paths and user names                  dropped
extensions 36, 38, 40, 42,  unassigned, EVAL, MATLAB, Quantiphyse, MRS: text or anything    dropped
44
any other extension         not known to be free of text, and unknown is never a pass       dropped
MGH header                  behind the geometry, to byte 284: not used                      blanked
MGH footer                  repetition time, flip angle, echo time, inversion time          kept
MGH tags                    command lines with paths, transforms' file names, dates         dropped
==========================  ==============================================================  ===========

Geometry, dtype, scaling and voxels are never touched.
"""

from __future__ import annotations

import re
from dataclasses import replace

from defacto.io import mgh, nifti_header
from defacto.types import Header, Scan

_TEXT_FIELDS = ("data_type", "db_name", "descrip", "aux_file", "intent_name", "unused_str")
_UNUSED_FIELDS = ("extents", "session_error", "regular", "glmax", "glmin")
_NUMERIC_EXTENSIONS = frozenset({20, 22, 24, 26, 34})
_EXTENSION_NAMES = {
    2: "DICOM",
    4: "AFNI",
    6: "comment",
    8: "XCEDE",
    10: "Jim",
    12: "workflow",
    14: "FreeSurfer",
    16: "Python pickle",
    18: "MiND identifier",
    28: "VoxBo",
    30: "Caret",
    32: "CIFTI",
    38: "EVAL",
    40: "MATLAB",
    42: "Quantiphyse",
    44: "MRS",
}
_TEXT = re.compile(rb"[\x20-\x7e]{4}|(?:[\x20-\x7e]\0){4}|(?:\0[\x20-\x7e]){4}")
_MGH_USED_BYTES = 90
_MGH_NUMBERS_BYTES = 16


def clean(scan: Scan) -> Scan:
    """Return the scan with a header that names nobody.

    Parameters
    ----------
    scan : Scan
        Its voxels are shared with the result, not copied.

    Returns
    -------
    Scan
        The same volume under a header without free text. Cleaning it again changes nothing.
    """
    if scan.header.format == "mgh":
        return replace(scan, header=_clean_mgh(scan.header))
    return replace(scan, header=_clean_nifti(scan.header))


def findings(scan: Scan) -> tuple[str, ...]:
    """Return the names of the free text that `clean` takes out, never its content.

    Examples
    --------
    >>> import numpy as np
    >>> from defacto.io.volume import scan_from_arrays
    >>> findings(scan_from_arrays(np.ones((4, 4, 4)), np.eye(4)))
    ()
    """
    header = scan.header
    if header.format == "mgh":
        unused, tags = header.raw[_MGH_USED_BYTES:], header.footer[_MGH_NUMBERS_BYTES:]
        return (("unused header bytes",) if any(unused) else ()) + (("MGH tags",) if any(tags) else ())
    fields = _positions(header.raw, _TEXT_FIELDS)
    text = tuple(name for name, (first, size) in fields.items() if any(header.raw[first : first + size]))
    return text + tuple(
        f"extension {code} ({_EXTENSION_NAMES.get(code, 'unknown')})"
        for code, content in header.extensions
        if not _is_numeric(code, content)
    )


def _clean_nifti(header: Header) -> Header:
    raw = bytearray(header.raw)
    for first, size in _positions(header.raw, _TEXT_FIELDS + _UNUSED_FIELDS).values():
        raw[first : first + size] = bytes(size)
    kept = tuple(each for each in header.extensions if _is_numeric(*each))
    cleaned = Header(header.format, bytes(raw), kept)
    return cleaned if kept == header.extensions else nifti_header.packed(cleaned)


def _clean_mgh(header: Header) -> Header:
    raw = header.raw[:_MGH_USED_BYTES].ljust(mgh.HEADER_BYTES, b"\0")
    return Header("mgh", raw, footer=header.footer[:_MGH_NUMBERS_BYTES])


def _positions(raw: bytes, names: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    """Return first byte and size of the fields of these names that this kind of header has."""
    fields = nifti_header.fields_of(raw).dtype.fields
    return {name: (fields[name][1], fields[name][0].itemsize) for name in names if name in fields}


def _is_numeric(code: int, content: bytes) -> bool:
    return code in _NUMERIC_EXTENSIONS and _TEXT.search(content) is None
