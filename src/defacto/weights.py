"""Networks that come with defacto: ONNX files with a list of versions and checksums beside them."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from defacto.errors import StepError

LIST = "networks.json"
"""What is known of each network of a folder: version, SHA-256, and what its room needs to use it."""


@cache
def known_networks(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the list of a folder's networks."""
    found: dict[str, dict[str, Any]] = json.loads((folder / LIST).read_text(encoding="utf-8"))
    return found


@cache
def open_network(folder: Path, name: str) -> Any:
    """Open a network, once a process.

    Parameters
    ----------
    folder : Path
        Where ``name.onnx`` and the list are.
    name : str
        Of the network.

    Returns
    -------
    onnxruntime.InferenceSession

    Raises
    ------
    StepError
        If the weights are missing, or not those of the list.
    """
    import onnxruntime  # noqa: PLC0415  (slow to import, and not everybody who knows of networks asks one)

    try:
        content = (folder / f"{name}.onnx").read_bytes()
    except OSError as error:
        raise StepError(f"The weights of the network {name} are missing; install defacto again.") from error
    if hashlib.sha256(content).hexdigest() != known_networks(folder).get(name, {}).get("sha256"):
        raise StepError(f"The weights of the network {name} are damaged; install defacto again.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # niimath is at work beside it
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
