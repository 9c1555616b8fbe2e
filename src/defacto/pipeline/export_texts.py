"""What an exported data set says of itself: names, sidecars, description."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from defacto import __version__
from defacto.errors import NotClearedError
from defacto.io import names
from defacto.pipeline.records import ScanRow
from defacto.types import Attempt

BIDS_VERSION = "1.10.0"
_IN_MASK_NAMES = frozenset({"sub", "ses", "task", "acq", "ce", "rec", "run", "chunk"})
_CODES = [
    {
        "CodeValue": "113102",
        "CodeMeaning": "Clean Recognizable Visual Features Option",
        "CodingSchemeDesignator": "DCM",
        "CodingSchemeVersion": "01",
    }
]


_COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "age": {"Description": "Age at the first scan here; 89 and older as 89+.", "Units": "year"},
    "sex": {"Description": "Sex.", "Levels": {"M": "male", "F": "female", "O": "other"}},
    "weight": {"Description": "Weight.", "Units": "kg"},
    "height": {"Description": "Height.", "Units": "cm"},
}


def scan_stem(scan: ScanRow) -> str:
    """Return where a scan lies in the data set, without its ending."""
    return f"{_folder(scan)}/{scan.name}"


def mask_stem(scan: ScanRow) -> str:
    """Return where its mask lies, without its ending.

    BIDS allows few entities in the name of a mask; others go into the label of ``acq``, so that two scans
    never share one.

    Examples
    --------
    >>> mask_stem(ScanRow("sub-1_echo-2_T1w", "1", None, "T1w", "anat", "bids"))
    'sub-1/anat/sub-1_acq-echo2_mod-T1w_defacemask'
    """
    name = _parsed(scan)
    kept = {key: label for key, label in name.entities.items() if key in _IN_MASK_NAMES}
    folded = "".join(key + label for key, label in name.entities.items() if key not in _IN_MASK_NAMES)
    if folded:
        kept["acq"] = re.sub("[^A-Za-z0-9]", "", kept.get("acq", "") + folded)
    entities = names.in_order({**kept, "mod": scan.suffix})
    return f"{_folder(scan)}/{names.Name(entities, 'defacemask').stem}"


def _folder(scan: ScanRow) -> str:
    session = f"ses-{scan.session}/" if scan.session else ""
    return f"sub-{scan.subject}/{session}{scan.datatype}"


def _parsed(scan: ScanRow) -> names.Name:
    name = names.parse(scan.name)
    if name is None:
        raise NotClearedError(f"{scan.name} is not a BIDS name; it cannot be exported.")
    return name


def scan_sidecar(
    cleaned: Mapping[str, Any], attempt: Attempt, *, verified: bool, tool: str
) -> dict[str, Any]:
    """Return the sidecar of an exported scan.

    Parameters
    ----------
    cleaned : mapping
        What was left of the original's sidecar.
    attempt : Attempt
        The one that is exported.
    verified : bool
        Whether a person cleared it.
    tool : str
        Version of defacto that made the attempt.
    """
    what = "Face and ears" if attempt.parameters.get("ears") else "Face"
    return dict(cleaned) | {
        "DeidentificationMethod": [
            f"{what} {_done(attempt)} by defacto {tool}",
            f"Method {attempt.method} {attempt.version}",
            "Header texts blanked, sidecar reduced to an allow-list",
        ],
        "DeidentificationMethodCodeSequence": _CODES,
        "Defacing": {
            "Software": "defacto",
            "SoftwareVersion": tool,
            "Method": attempt.method,
            "MethodVersion": attempt.version,
            "Parameters": dict(attempt.parameters),
            "ClearedBy": "person" if verified else "limits on measures",
        },
    }


def _done(attempt: Attempt) -> str:
    """Return what became of the face: how far it moved is measured only where another stands in its place."""
    return "replaced" if any(name.endswith("_moved_mm") for name in attempt.measures) else "removed"


def mask_sidecar(scan: ScanRow, attempt: Attempt, tool: str) -> dict[str, Any]:
    """Return the sidecar of a removal mask; it says what 1 means."""
    done = _done(attempt)
    return {
        "Description": f"Voxels of {scan.name} that were {done}: 1 = {done}, 0 = kept as it was.",
        "Values": {"0": "kept as it was", "1": done},
        "Software": "defacto",
        "SoftwareVersion": tool,
        "Method": attempt.method,
        "MethodVersion": attempt.version,
    }


def description(name: str) -> dict[str, Any]:
    """Return the content of dataset_description.json."""
    return {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [
            {
                "Name": "defacto",
                "Version": __version__,
                "Description": "Defaced, measured, and exported only where cleared.",
            }
        ],
    }


def readme(name: str, n_scans: int, n_subjects: int) -> str:
    """Return the content of README.md."""
    return (
        f"# {name}\n\n"
        f"{n_scans} scans of {n_subjects} subjects, de-identified by defacto {__version__}.\n\n"
        "Each scan was defaced, and measured for brain that was lost and facial features that were left;\n"
        "only scans that were cleared are here. Voxels outside the removal mask are those of the original,\n"
        "bit for bit. The masks (`*_defacemask.nii.gz`) are 1 where voxels were removed, 0 where they were\n"
        "kept. Sidecars hold an allow-list of tags, and say under `Defacing` how the scan was treated.\n"
    )


def participants(
    subjects: Sequence[str], known: Iterable[tuple[ScanRow, Mapping[str, Any]]] = ()
) -> tuple[str, dict[str, Any]]:
    """Return the content of participants.tsv and participants.json.

    Parameters
    ----------
    subjects : sequence of str
        Labels.
    known : iterable of (ScanRow, mapping)
        Scans with what their attempts' sidecars say; of ``Participant`` the first scan that says it counts.
    """
    people: dict[str, dict[str, str]] = {}
    for scan, sidecar in known:
        people[scan.subject] = {**sidecar.get("Participant", {}), **people.get(scan.subject, {})}
    columns = [name for name in _COLUMNS if any(name in person for person in people.values())]
    rows = [["participant_id", *columns]]
    rows += [
        [f"sub-{subject}", *(people.get(subject, {}).get(name, "n/a") for name in columns)]
        for subject in subjects
    ]
    described = {"participant_id": {"Description": "Label of the subject in this data set."}}
    described |= {name: dict(_COLUMNS[name]) for name in columns}
    return _tsv(rows), described


def scans_tables(known: Iterable[tuple[ScanRow, Mapping[str, Any]]]) -> dict[str, str]:
    """Return the ``scans.tsv`` of each subject or session of which moved times are known, by path."""
    times: dict[str, list[list[str]]] = defaultdict(list)
    for scan, sidecar in known:
        if made := sidecar.get("AcquisitionDateTime"):
            above = _folder(scan).removesuffix(f"/{scan.datatype}")
            table = f"{above}/{above.replace('/', '_')}_scans.tsv"
            times[table].append([f"{scan.datatype}/{scan.name}.nii.gz", made])
    return {path: _tsv([["filename", "acq_time"], *sorted(rows)]) for path, rows in times.items()}


def _tsv(rows: Iterable[Sequence[str]]) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)
