"""A run's own classifier: copied into its folder before the first attempt, and the same ever after."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from defacto import qc
from defacto.errors import SettingsError, StepError
from defacto.pipeline.folder import OutFolder, write_whole
from defacto.qc.classify import DATA, DEFAULT
from defacto.weights import LIST, known_networks


def network_of(out: Path) -> Path:
    """Return the folder of a run's classifier: its own, or that of defacto."""
    own = OutFolder(out).network
    return own if (own / LIST).is_file() else DATA


def adopt_network(given: Path, out: OutFolder, *, begun: bool) -> None:
    """Make a classifier the run's own.

    Parameters
    ----------
    given : Path
        Folder that `defacto train render --from-store` wrote.
    out : OutFolder
        Of the run.
    begun : bool
        Whether attempts were already made in it.

    Raises
    ------
    SettingsError
        If there is no such network, it is damaged, or attempts were made with another.
    """
    check_network(given)
    entry = known_networks(given)[DEFAULT]
    before = known_networks(network_of(out.root))[DEFAULT]
    if entry == before:
        return
    if begun:
        raise SettingsError(
            f"The output folder {out.root.name} was made with {DEFAULT} {before['version']}, --network is"
            f" {entry['version']}; use a new output folder, or leave --network out."
        )
    shutil.rmtree(out.network, ignore_errors=True)
    out.network.mkdir(parents=True)
    shutil.copyfile(given / f"{DEFAULT}.onnx", out.network / f"{DEFAULT}.onnx")
    write_whole(out.network / LIST, json.dumps({DEFAULT: entry}, indent=2) + "\n")


def check_network(given: Path) -> None:
    """Refuse a folder that holds no sound classifier."""
    try:
        qc.RenderClassifier(folder=given)
    except (OSError, ValueError, KeyError) as error:
        raise SettingsError(
            f"--network: expected a folder that `defacto train render --from-store` wrote, got {given.name}."
        ) from error
    except StepError as error:
        raise SettingsError(f"--network: the network in {given.name} is missing or damaged.") from error
