"""The program niimath, fed from memory: no voxel of a scan is written to a disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nibabel as nib
import niimath
import numpy as np

from defacto.anatomy.template import data_path
from defacto.errors import KilledError, ProgramError, RegistrationError
from defacto.types import Affine, FloatVolume, Grid

_TIMEOUT_S = 300
_LEAST_DET = 1e-3
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE, signal.SIGBUS, signal.SIGILL)
"""Signals by which a program ends through its own fault; any other came from outside."""


class Task:
    """One run of niimath, started at once; ask for its result later.

    Volumes go in and come out through anonymous memory files, so that nothing is left behind when the
    process is killed. Only names and the fitted matrix touch the temporary folder.
    """

    def __init__(
        self, volume: FloatVolume, grid: Grid, operations: list[str], base: Path | None = None
    ) -> None:
        self._cleaned = False
        self._folder = tempfile.TemporaryDirectory(prefix="defacto-")
        here = Path(self._folder.name)
        self._matrix = here / "matrix.json"
        self._input = _memory_file(here / "in.nii", _nifti_bytes(volume, grid))
        self._output = _memory_file(here / "out.nii", b"")
        words = [
            str(self._matrix) if word == "MATRIX" else str(base) if word == "BASE" else word
            for word in operations
        ]
        try:
            self._process = subprocess.Popen(
                [niimath.bin, str(here / "in.nii"), *words, str(here / "out.nii")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "FSLOUTPUTTYPE": "NIFTI", "OMP_WAIT_POLICY": "passive"},
            )
        except OSError as error:
            self._clean_up()
            raise ProgramError(
                f"niimath cannot be started ({error.strerror}); install defacto again."
            ) from error

    def matrix(self) -> Affine:
        """Wait; return the fitted matrix, input world mm to base world mm.

        Raises
        ------
        RegistrationError
            If niimath ended without one, or with one that is not a plausible affine.
        KilledError
            If it was killed from outside.
        """
        with self._finished():
            try:
                matrix = np.array(json.loads(self._matrix.read_text())["moving_to_fixed"], dtype=np.float64)
            except (OSError, ValueError, TypeError, KeyError) as error:
                raise RegistrationError("niimath found no registration to the template.") from error
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < _LEAST_DET:
            raise RegistrationError("niimath gave a matrix that is not an affine.")
        return matrix

    def volume(self) -> FloatVolume:
        """Wait; return the resulting volume.

        Raises
        ------
        ProgramError
            If niimath ended without a result.
        KilledError
            If it was killed from outside.
        """
        with self._finished() as code:
            content = os.pread(self._output, os.fstat(self._output).st_size, 0)
        if code != 0 or len(content) < 352:
            raise ProgramError(f"niimath ended with exit code {code} and without a result.")
        image = nib.Nifti1Image.from_bytes(content)
        return np.ascontiguousarray(image.get_fdata(dtype=np.float32))

    @contextmanager
    def _finished(self) -> Iterator[int]:
        try:
            try:
                code = self._process.wait(timeout=_TIMEOUT_S)
            except subprocess.TimeoutExpired as error:
                self._process.kill()
                self._process.wait()
                raise ProgramError(f"niimath did not end within {_TIMEOUT_S} s.") from error
            if code < 0 and -code not in _CRASHES:
                raise KilledError(
                    f"niimath was killed by signal {-code}, perhaps for want of memory; run the same again."
                )
            yield code
        finally:
            self._clean_up()

    def stop(self) -> None:
        """Stop the program if it still runs, and take its files away; a no-op once its result was taken."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._clean_up()

    def _clean_up(self) -> None:
        if self._cleaned:
            return
        self._cleaned = True
        os.close(self._input)
        os.close(self._output)
        self._folder.cleanup()


def allineate(volume: FloatVolume, grid: Grid, *options: str, before: tuple[str, ...] = ()) -> Task:
    """Begin an affine registration to the template.

    Parameters
    ----------
    volume : ndarray of float32, shape ``grid.shape``
        Intensities; not coarser than 3 mm where it can be helped.
    grid : Grid
        Where its voxels lie.
    *options : str
        Of niimath's ``-allineate``.
    before : tuple of str
        Operations to do first.
    """
    master = str(data_path("features_2mm.nii.gz"))
    words = [*before, "-allineate", "BASE", *options, "-savemat", "MATRIX", "-master", master]
    return Task(volume, grid, words, data_path("template_2mm.nii.gz"))


def _memory_file(link: Path, content: bytes) -> int:
    descriptor = os.memfd_create(link.name)
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    link.symlink_to(f"/proc/{os.getpid()}/fd/{descriptor}")
    return descriptor


def _nifti_bytes(volume: FloatVolume, grid: Grid) -> bytes:
    image = nib.Nifti1Image(volume, grid.affine)
    image.header.set_xyzt_units("mm")
    content: bytes = image.to_bytes()
    return content
