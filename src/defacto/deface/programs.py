"""The programs of others: how each is called, by its own documentation."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import niimath
import numpy as np

from defacto.anatomy import load_template
from defacto.anatomy.template import data_path, load_map
from defacto.config import DefaceSettings

MEMORY = Path("/dev/shm")  # noqa: S108  (nothing of it is on a disk)
"""Where folders in memory can be made."""
_DEFAULT_FRACTION = 0.5


@dataclass(frozen=True)
class Files:
    """What a program is given, and where its result is expected; all in one folder of its own.

    Parameters
    ----------
    source : Path
        The scan, one volume, float32 NIfTI.
    target : Path
        Where the defaced scan is to be.
    brain : Path
        The brain, 1 inside; written only for programs that need it.
    """

    source: Path
    target: Path
    brain: Path


@dataclass(frozen=True)
class Program:
    """A program that defaces.

    Parameters
    ----------
    name : str
        In settings and sidecars.
    commands : tuple of str
        Names under which it is found, the best first; or a path.
    words : callable
        From files and settings to what follows the command.
    version : tuple of str
        What makes it tell its version; empty where nothing does.
    replaces : bool
        Whether it puts another face in the place of the person's.
    needs_brain : bool
        Whether a mask of the brain is written for it.
    result : str
        Pattern of the result's name, where the program chooses it.
    """

    name: str
    commands: tuple[str, ...]
    words: Callable[[Files, DefaceSettings], list[str]]
    version: tuple[str, ...] = ("--version",)
    replaces: bool = False
    needs_brain: bool = False
    result: str = ""


def _fsl_deface(files: Files, settings: DefaceSettings) -> list[str]:
    """``fsl_deface IN OUT [-nud x y z] [-f fraction] [-B]``; x, y and z are those of its template."""
    right, anterior, superior = settings.nudge_mm
    words = [str(files.source), str(files.target)]
    if any(settings.nudge_mm):
        words += ["-nud", f"{right:g}", f"{anterior:g}", f"{superior:g}"]
    if settings.fraction != _DEFAULT_FRACTION:
        words += ["-f", f"{settings.fraction:g}"]
    return words + (["-B"] if settings.bias_correction else [])


def _pydeface(files: Files, settings: DefaceSettings) -> list[str]:
    return [str(files.source), "--outfile", str(files.target), "--force"]


def _mri_deface(files: Files, settings: DefaceSettings) -> list[str]:
    """``mri_deface IN BRAIN_TEMPLATE FACE_TEMPLATE OUT``; the templates come with FreeSurfer."""
    home = Path(os.environ.get("FREESURFER_HOME", "/usr/local/freesurfer")) / "average"
    atlases = [str(home / name) for name in ("talairach_mixed_with_skull.gca", "face.gca")]
    return [str(files.source), *atlases, str(files.target)]


def _mideface(files: Files, settings: DefaceSettings) -> list[str]:
    return ["--i", str(files.source), "--o", str(files.target), *([] if settings.ears else ["--no-ears"])]


def _afni(files: Files, settings: DefaceSettings) -> list[str]:
    return ["-input", str(files.source), "-mode_reface", "-prefix", str(files.target)]


def _mri_reface(files: Files, settings: DefaceSettings) -> list[str]:
    return [str(files.source), str(files.target.parent)]


def _quickshear(files: Files, settings: DefaceSettings) -> list[str]:
    return [str(files.source), str(files.brain), str(files.target)]


def _deepdefacer(files: Files, settings: DefaceSettings) -> list[str]:
    return ["--input_file", str(files.source), "--defaced_output_path", str(files.target)]


def _niimath(files: Files, settings: DefaceSettings) -> list[str]:
    """``niimath IN -deface TEMPLATE KEEP OUT``, with the mask of pydeface."""
    keep = files.target.with_name("keep.nii.gz")
    image = nib.Nifti1Image((load_map("pydeface_cut") <= 0).astype(np.uint8), load_template().grid.affine)
    nib.save(image, keep)
    return [str(files.source), "-deface", str(data_path("template.nii.gz")), str(keep), str(files.target)]


PROGRAMS: Mapping[str, Program] = {
    program.name: program
    for program in (
        Program("fsl_deface", ("fsl_deface",), _fsl_deface, version=()),
        Program("pydeface", ("pydeface",), _pydeface),
        Program("mri_deface", ("mri_deface",), _mri_deface, version=("-version",)),
        Program("mideface", ("mideface",), _mideface),
        Program("afni_refacer", ("afni_refacer2", "@afni_refacer_run"), _afni, ("-ver",), replaces=True),
        Program(
            "mri_reface",
            ("run_mri_reface.sh", "mri_reface"),
            _mri_reface,
            version=(),
            replaces=True,
            result="*deFaced.nii*",
        ),
        Program("quickshear", ("quickshear",), _quickshear, version=(), needs_brain=True),
        Program("deepdefacer", ("deepdefacer",), _deepdefacer, version=()),
        Program("niimath", (niimath.bin,), _niimath, version=("-version",)),
    )
}
"""Every program by its name in the settings."""


def private_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that only the user can look into, gone when it is left; in memory if possible."""
    place = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
    return tempfile.TemporaryDirectory(prefix="defacto-", dir=place)
