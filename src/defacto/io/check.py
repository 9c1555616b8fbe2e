"""Whether a data set is BIDS enough to be worked on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from defacto.errors import BidsError
from defacto.io.inheritance import read_object

_ONE_FILE_CODES = frozenset({"EMPTY_FILE", "FILE_READ", "NIFTI_HEADER_UNREADABLE", "NIFTI_TOO_SMALL"})
_ADVICE = "Correct the data set, or pass --skip-bids-validation."


def check(folder: Path, skip: bool = False) -> None:
    """Check a BIDS data set: its description always, the rest where bids-validator-deno is installed.

    Volumes that cannot be read are no fault of the data set here: they are refused one by one later.

    Parameters
    ----------
    folder : Path
        The data set.
    skip : bool
        Leave the validator out.

    Raises
    ------
    BidsError
        One sentence, with the codes of the first errors.
    """
    path = folder / "dataset_description.json"
    description = read_object(path)
    if description is None:
        state = "is not a JSON object" if path.exists() else "is missing"
        raise BidsError(
            f'{path.name} {state}; expected one with at least {{"Name": "...", "BIDSVersion": "1.10.0"}}.'
        )
    for field in ("Name", "BIDSVersion"):
        if not isinstance(description.get(field), str):
            raise BidsError(f"{path.name} has no {field}; expected a string.")
    if not skip and (program := _validator()):
        _validate(program, folder)


def _validator() -> str | None:
    beside = Path(sys.executable).with_name("bids-validator-deno")
    if beside.exists():
        return str(beside)
    return shutil.which("bids-validator-deno")


def _validate(program: str, folder: Path) -> None:
    command = [program, "--format", "json", "--ignoreWarnings", "--ignoreNiftiHeaders", str(folder)]
    run = subprocess.run(command, capture_output=True, check=False)
    try:
        issues: list[dict[str, Any]] = json.loads(run.stdout)["issues"]["issues"]
    except (ValueError, KeyError, TypeError):
        raise BidsError(
            f"The BIDS validator did not answer (it ended with {run.returncode}). {_ADVICE}"
        ) from None
    errors = [
        each for each in issues if each.get("severity") == "error" and each["code"] not in _ONE_FILE_CODES
    ]
    if errors:
        codes = list(dict.fromkeys(each["code"] for each in errors))
        shown = ", ".join(codes[:5]) + (" and others" if len(codes) > 5 else "")
        raise BidsError(f"The BIDS validator finds {len(errors)} errors in the data set: {shown}. {_ADVICE}")
