"""A program of others as a method: it is called, and its result compared with what it was given."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path

import numpy as np

from defacto.anatomy import Context
from defacto.config import DefaceSettings
from defacto.deface.programs import Files, Program, private_folder
from defacto.errors import DefactoError, ProgramError, SettingsError
from defacto.io import volume
from defacto.types import FloatVolume, Removal, Scan

CONTAINERS = ("docker", "apptainer")
TIMEOUT_S = 7200
_ALIKE = 1e-3
"""Values that differ by less than this share of the scan's range are the same."""
_NEARLY_ALL = 0.98
_UNKNOWN = "unknown"
_SLACK_MM = 0.01


class ProgramMethod:
    """A method that calls a program.

    The program gets the mean volume of the scan in a private folder, in memory where there is one; what it
    changed becomes the removal. Nothing of its own handling of headers and values is kept; the brain is not
    spared for it. What goes wrong in it is a failure of the scan.

    Parameters
    ----------
    program : Program
        Which.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.name = program.name

    @property
    def version(self) -> str:
        """The version of the program on this machine, or that it is not known."""
        command = _found(self.program)
        return version_of((command, *self.program.version)) if command and self.program.version else _UNKNOWN

    @property
    def found(self) -> bool:
        """Whether the program is on this machine, outside of containers."""
        return _found(self.program) is not None

    def removal(self, scan: Scan, context: Context, settings: DefaceSettings) -> Removal:
        """Return what the program removed or replaced.

        Raises
        ------
        ProgramError
            If the program is not there, fails, or gives no volume on the grid of the scan.
        SettingsError
            If the settings name no container that there is, or one without an image.
        """
        with private_folder() as name:
            here = Path(name)
            files = Files(here / "scan.nii.gz", here / "defaced.nii.gz", here / "brain.nii.gz")
            _write(files.source, scan.volume, scan)
            if self.program.needs_brain:
                _write(files.brain, context.brain.astype(np.uint8), scan)
            before = set(here.iterdir())
            words = self.program.words(files, settings)
            command = _command(self.program, words, here, settings)
            _run(self.name, command, here)
            result = _read(self.program, files, before, scan)
        version = self.version if not settings.container else settings.container_image
        return _removal(self.program, scan, result, version, settings)


def _found(program: Program) -> str | None:
    return next((path for name in program.commands if (path := shutil.which(name))), None)


@cache
def version_of(words: tuple[str, ...]) -> str:
    """Return the last word of the first line in which a program tells its version."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return _UNKNOWN
    lines = [line for line in (done.stdout + done.stderr).splitlines() if any(c.isdigit() for c in line)]
    return (
        next((word for word in lines[0].split() if any(c.isdigit() for c in word)), _UNKNOWN)[:60]
        if lines
        else _UNKNOWN
    )


def _command(program: Program, words: list[str], here: Path, settings: DefaceSettings) -> list[str]:
    kind = settings.container
    if not kind:
        command = _found(program)
        if command is None:
            known = " or ".join(program.commands)
            raise ProgramError(
                f"The program {known} was not found; install it, or name a container (deface.container)."
            )
        return [command, *words]
    if kind not in CONTAINERS:
        raise SettingsError(f"Setting deface.container: expected one of {', '.join(CONTAINERS)}, got {kind}.")
    if not settings.container_image:
        raise SettingsError(
            f"Setting deface.container_image: {kind} needs the image that holds {program.name}."
        )
    if shutil.which(kind) is None:
        raise ProgramError(f"The program {kind} was not found; install it, or leave deface.container empty.")
    inside = Path(program.commands[0]).name
    place = str(here)
    if kind == "docker":
        start = ["docker", "run", "--rm", "--network", "none", "--pull", "never"]
        start += ["--user", f"{os.getuid()}:{os.getgid()}", "-v", f"{place}:{place}", "-w", place]
        return [*start, "--entrypoint", inside, settings.container_image, *words]
    start = ["apptainer", "exec", "--containall", "--bind", place, "--pwd", place]
    return [*start, settings.container_image, inside, *words]


def _run(name: str, words: list[str], here: Path) -> None:
    try:
        process = subprocess.Popen(
            words,
            cwd=here,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise ProgramError(f"{name} cannot be started ({error.strerror}).") from error
    try:
        code = process.wait(timeout=TIMEOUT_S)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            raise ProgramError(f"{name} did not end within {TIMEOUT_S} s.") from error
        raise
    if code != 0:
        raise ProgramError(f"{name} ended with exit code {code}; try it by hand on this scan.")


def _write(path: Path, values: FloatVolume, scan: Scan) -> None:
    dtype = "uint8" if values.dtype == np.uint8 else "float32"
    volume.write(path, volume.scan_from_arrays(values, scan.grid.affine, dtype=dtype))


def _read(program: Program, files: Files, before: set[Path], scan: Scan) -> FloatVolume:
    path = files.target
    if program.result:
        new = sorted(set(files.target.parent.glob(program.result)) - before)
        path = new[0] if new else path
    if not path.is_file():
        raise ProgramError(f"{program.name} ended without a result; try it by hand on this scan.")
    try:
        result = volume.read(path)
    except DefactoError as error:
        raise ProgramError(f"{program.name} gave a file that cannot be read.") from error
    if result.grid.shape != scan.grid.shape:
        raise ProgramError(
            f"{program.name} gave a volume of shape {result.grid.shape}, expected {scan.grid.shape}."
        )
    if np.abs(result.grid.affine - scan.grid.affine).max() > _SLACK_MM:
        raise ProgramError(f"{program.name} gave a volume that lies elsewhere in the world than the scan.")
    return result.volume


def _removal(
    program: Program, scan: Scan, result: FloatVolume, version: str, settings: DefaceSettings
) -> Removal:
    span = float(scan.volume.max() - scan.volume.min())
    mask = np.abs(result - scan.volume) > _ALIKE * span
    if np.count_nonzero(mask) > _NEARLY_ALL * np.count_nonzero(
        scan.volume > scan.volume.min() + _ALIKE * span
    ):
        raise ProgramError(f"{program.name} changed nearly every voxel, so what it removed cannot be told.")
    return Removal(
        mask=np.asarray(mask),
        method=program.name,
        version=version,
        parameters=dataclasses.asdict(settings),
        replacement=result if program.replaces else None,
    )
