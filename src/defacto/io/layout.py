"""What the header of a volume file declares, checked before any voxel is read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from defacto.errors import VolumeError
from defacto.types import Affine, Header

MAX_BESIDES = 64 << 20
"""Most bytes that may stand before or behind the voxels: extensions, footers."""

_VOXEL_MM = (0.02, 50.0)
_FARTHEST_MM = 10_000.0
_LEAST_VOLUME_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the voxels are in a file, and what they mean.

    Parameters
    ----------
    header : Header
        As it will stand in the scan; without the footer.
    shape : tuple of int
        (i, j, k) or (i, j, k, t).
    dtype : dtype
        With the byte order of the file.
    offset : int
        First byte of the voxels in the uncompressed file that holds them.
    affine : ndarray, shape (4, 4)
        Voxel indices to RAS+ world mm.
    slope, intercept : float
        Intensity = slope * stored + intercept.
    """

    header: Header
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    affine: Affine
    slope: float = 1.0
    intercept: float = 0.0

    @property
    def voxel_bytes(self) -> int:
        """Bytes of all voxels as they are stored."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def memory_bytes(self) -> int:
        """Bytes of a scan in memory: the stored voxels, and its volume in float32."""
        return self.voxel_bytes + 4 * math.prod(self.shape[:3])

    def __str__(self) -> str:
        return f"{' x '.join(map(str, self.shape))} voxels of {self.dtype.name}"


def volume_shape(dimensions: list[int]) -> tuple[int, ...]:
    """Return the shape without trailing ones.

    Parameters
    ----------
    dimensions : list of int
        As the header declares them.

    Returns
    -------
    tuple of int
        (i, j, k) or (i, j, k, t).

    Raises
    ------
    VolumeError
        If it is not a volume or a series of volumes.
    """
    declared = " x ".join(map(str, dimensions))
    if any(n < 1 for n in dimensions):
        raise VolumeError(f"expected dimensions of at least 1, got {declared}; the file is empty or corrupt")
    shape = list(dimensions)
    while len(shape) > 3 and shape[-1] == 1:
        shape.pop()
    if len(shape) < 3 or min(shape[:3]) < 2:
        raise VolumeError(
            f"expected a volume with 3 dimensions, got a picture of {declared} voxels; leave it out"
        )
    if len(shape) > 4:
        raise VolumeError(
            f"expected a volume or a series of volumes, got {declared} voxels in {len(shape)} dimensions; "
            "leave it out"
        )
    return tuple(shape)


def check_affine(affine: Affine) -> Affine:
    """Return the affine as it came, if it can be that of a head.

    Raises
    ------
    VolumeError
        If it is not finite or not invertible, a voxel is not between 0.02 and 50 mm long, or the origin
        lies more than 10 m away.
    """
    advice = "correct the geometry in its header (if it is not in mm, the units too)"
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        raise VolumeError(f"expected a finite affine, got one with NaN or infinite numbers; {advice}")
    if not np.array_equal(affine[3], [0.0, 0.0, 0.0, 1.0]):
        raise VolumeError(f"expected an affine whose last row is 0 0 0 1, got another; {advice}")
    with np.errstate(over="ignore"):
        lengths = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    least, most = _VOXEL_MM
    if not (lengths.min() >= least and lengths.max() <= most):
        got = " x ".join(f"{length:.3g}" for length in lengths)
        raise VolumeError(f"expected voxels of {least} to {most:g} mm, got {got} mm; {advice}")
    share = abs(np.linalg.det(affine[:3, :3])) / lengths.prod()
    if not share >= _LEAST_VOLUME_SHARE:
        raise VolumeError(
            f"expected an invertible affine, got a singular one (determinant {share:.2g}); {advice}"
        )
    farthest = np.abs(affine[:3, 3]).max()
    if not farthest <= _FARTHEST_MM:
        raise VolumeError(
            f"expected an origin within {_FARTHEST_MM:g} mm, got one {farthest:.3g} mm away; {advice}"
        )
    return affine
