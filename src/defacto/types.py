"""The nouns: Grid, Scan, Looks, Removal, Outcome, Measure, Prediction, Decision, Attempt, Mode, Review.

Conventions
-----------
Arrays index ``(i, j, k)``; world coordinates are RAS+ in mm; an affine maps voxel indices to world mm.
A *removal mask* is True where voxels are removed. Probabilities are named ``p_*``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Affine = npt.NDArray[np.float64]
"""(4, 4) homogeneous matrix."""
FloatVolume = npt.NDArray[np.float32]
"""(i, j, k) intensities."""
Mask = npt.NDArray[np.bool_]
"""(i, j, k) yes or no."""
LabelVolume = npt.NDArray[np.uint8]
"""(i, j, k) labels, 0 = none."""
Picture = npt.NDArray[np.uint8]
"""(rows, columns, 3) RGB, 0-255."""


class Feature(StrEnum):
    """A part of the head by which a person is recognised."""

    LEFT_EYE = "left_eye"
    RIGHT_EYE = "right_eye"
    NOSE = "nose"
    MOUTH = "mouth"
    LEFT_EAR = "left_ear"
    RIGHT_EAR = "right_ear"

    @property
    def is_ear(self) -> bool:
        """Whether it counts only where ears are asked for."""
        return self in {Feature.LEFT_EAR, Feature.RIGHT_EAR}

    @property
    def label(self) -> int:
        """Its value in a label map: 1 to 6, in the order above."""
        return list(Feature).index(self) + 1


@dataclass(frozen=True, eq=False)
class Grid:
    """Where the voxels of a volume lie.

    Parameters
    ----------
    shape : tuple of int
        Voxels along i, j, k.
    affine : ndarray, shape (4, 4)
        Voxel indices to RAS+ world mm. Finite and invertible.
    """

    shape: tuple[int, int, int]
    affine: Affine

    @cached_property
    def voxel_size_mm(self) -> tuple[float, float, float]:
        """Length of one voxel along i, j, k."""
        i, j, k = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
        return float(i), float(j), float(k)

    @cached_property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(abs(np.linalg.det(self.affine[:3, :3])) / 1000.0)

    @cached_property
    def to_voxel(self) -> Affine:
        """World mm to voxel indices."""
        return np.asarray(np.linalg.inv(self.affine))


@dataclass(frozen=True, eq=False)
class Header:
    """What stands in a volume file besides its voxels, kept to the byte.

    Parameters
    ----------
    format : {"nifti1", "nifti2", "mgh"}
        Kind of file. Paired ``.hdr``/``.img`` files are read as their single-file kind.
    raw : bytes
        The fixed header, in the byte order of the file.
    extensions : tuple of (int, bytes)
        NIfTI header extensions: code and content.
    footer : bytes
        What follows the voxels in an MGH file.
    """

    format: Literal["nifti1", "nifti2", "mgh"]
    raw: bytes
    extensions: tuple[tuple[int, bytes], ...] = ()
    footer: bytes = b""


@dataclass(frozen=True, eq=False)
class Scan:
    """A volume in memory, with its geometry, as its file stores it.

    Parameters
    ----------
    stored : ndarray, shape (i, j, k) or (i, j, k, t)
        Stored values in the dtype and byte order of the file, never scaled, read-only.
    grid : Grid
        Where the voxels lie.
    header : Header
        What stands in the file besides.
    slope, intercept : float
        Intensity = slope * stored + intercept.
    """

    stored: npt.NDArray[Any]
    grid: Grid
    header: Header
    slope: float = 1.0
    intercept: float = 0.0

    @cached_property
    def volume(self) -> FloatVolume:
        """Intensities, float32, C order; a series as its mean; NaN and infinite become the minimum."""
        with np.errstate(invalid="ignore"):
            if self.stored.ndim == 3:
                values = self.stored.astype(np.float32, order="C")
            else:
                values = _mean_over_time(self.stored)
            if (self.slope, self.intercept) != (1.0, 0.0):
                values *= np.float32(self.slope)
                values += np.float32(self.intercept)
            if not np.isfinite(values.sum(dtype=np.float64)):
                finite = np.isfinite(values)
                values[~finite] = values[finite].min() if finite.any() else 0.0
        values.flags.writeable = False
        return values


def _mean_over_time(stored: npt.NDArray[Any]) -> FloatVolume:
    mean = np.zeros(stored.shape[:3], dtype=np.float32)
    for t in range(stored.shape[3]):
        mean += stored[..., t]
    mean /= np.float32(stored.shape[3])
    return mean


@dataclass(frozen=True, eq=False)
class Looks:
    """What a classifier of outcomes sees of a scan: no picture for people, codes for a network.

    Parameters
    ----------
    shade : ndarray of uint8, shape (3, 165, 135)
        Brightness of the surface from front left, front right and the front: `render.surface.to_codes`.
    depth : ndarray of uint8, shape (3, 165, 135)
        Depth of the surface: `render.surface.to_depth_codes`.
    slice : ndarray of uint8, shape (128, 128)
        The plane through the middle of the head: superior up, anterior to the left.
    """

    shade: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.uint8]
    slice: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Labelled:
    """A result of defacing that people judged.

    Parameters
    ----------
    person : str
        Whose scan it is, as its run calls them.
    looks : Path
        File of its `Looks`.
    outcome : Outcome
        What people say.
    ears : bool
        Whether ears counted.
    seen : frozenset of Feature
        What people said can be made out; more may be.
    """

    person: str
    looks: Path
    outcome: Outcome
    ears: bool
    seen: frozenset[Feature] = frozenset()


@dataclass(frozen=True, eq=False)
class Removal:
    """What a method takes out of a scan.

    Parameters
    ----------
    mask : ndarray of bool, shape (i, j, k)
        On the scan's own grid; True = remove.
    method, version : str
        Who made it.
    parameters : mapping
        With what; JSON values only.
    replacement : ndarray, optional
        Intensities, shape (i, j, k), put in the place of what is removed; only those under the mask count.
    """

    mask: Mask
    method: str
    version: str
    parameters: Mapping[str, Any]
    replacement: FloatVolume | None = None


class Outcome(StrEnum):
    """How a defacing ended.

    ``pass``: face gone, brain whole. ``deep``: brain was removed. ``shallow``: a feature can still be made
    out. ``failure``: the cut is in the wrong place, both at once, or a step could not be done.
    """

    PASS = "pass"  # noqa: S105
    DEEP = "deep"
    SHALLOW = "shallow"
    FAILURE = "failure"


@dataclass(frozen=True)
class Measure:
    """One number about a defaced scan.

    Parameters
    ----------
    name : str
        As in ``qc.measure``, for example ``brain_lost_ml``.
    value : float or None
        None or NaN: it could not be measured.
    unit : str
        ``ml``, ``%``, ``mm``, ``voxels``, ``share`` (0 to 1).
    lower_is_better : bool
        Direction.
    """

    name: str
    value: float | None
    unit: str
    lower_is_better: bool = True


Measures = Mapping[str, Measure]
"""Measures by name."""


@dataclass(frozen=True)
class Prediction:
    """A classifier's opinion.

    Parameters
    ----------
    model : str
        Name and version of the classifier.
    p_outcome : mapping of Outcome to float
        Calibrated probabilities; they sum to 1.
    p_feature : mapping of Feature to float
        Probability that a feature can be made out, where the classifier says it.
    """

    model: str
    p_outcome: Mapping[Outcome, float]
    p_feature: Mapping[Feature, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Reason:
    """Why a decision was taken: one sentence that holds the value and the limit."""

    sentence: str
    measure: str | None = None
    value: float | None = None
    limit: float | None = None


@dataclass(frozen=True)
class Decision:
    """What the machine concludes from an attempt.

    Parameters
    ----------
    outcome : Outcome or None
        None: not sure; a person looks.
    reasons : tuple of Reason
        At least one.
    sure : bool
        False sends the scan to a person whatever the outcome.
    """

    outcome: Outcome | None
    reasons: tuple[Reason, ...]
    sure: bool = True


@dataclass(frozen=True)
class Attempt:
    """One try at defacing one scan, with all that is known of it. Never changed once stored.

    Parameters
    ----------
    number : int
        1, 2, 3.
    parameters : mapping
        The method's parameters (JSON values).
    method, version : str
        Who made the removal.
    measures : mapping
        By name.
    decision : Decision
        The conclusion.
    prediction : Prediction, optional
        The classifier's opinion where there is one.
    files : mapping of str to str
        Role (``volume``, ``mask``, ``render_left``, ...) to path relative to the run's folder.
    seconds : mapping of str to float
        Time by step.
    error : str, optional
        The sentence of the error that ended the attempt.
    sha256 : mapping of str to str
        Role to the hash of the file, so that a file that changed later is never exported.
    """

    number: int
    method: str
    version: str
    parameters: Mapping[str, Any]
    measures: Measures
    decision: Decision
    prediction: Prediction | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
    sha256: Mapping[str, str] = field(default_factory=dict)


class Mode(StrEnum):
    """How a person came to a word."""

    LABEL = "label"
    """On the command line."""
    VERIFICATION = "verification"
    """In the gallery of what the machine passed."""
    MANUAL = "manual"
    """Looking at one scan."""
    LEAD = "lead"
    """Settling what reviewers do not agree on: it outweighs the words before it."""


FLAG = "flag"
"""The word for a scan that was flagged: not held to be a pass, the kind not said."""


@dataclass(frozen=True)
class Review:
    """A person's word on an attempt.

    Parameters
    ----------
    attempt : int
        Its number.
    outcome : Outcome or None
        None: flagged, a person looks more closely.
    reviewer : str
        Who says it.
    note : str
        Why.
    mode : Mode
        How the person came to it.
    features : tuple of Feature
        Those that the person makes out.
    seconds : float, optional
        How long the person took.
    """

    attempt: int
    outcome: Outcome | None
    reviewer: str
    note: str = ""
    mode: Mode = Mode.LABEL
    features: tuple[Feature, ...] = ()
    seconds: float | None = None

    @property
    def word(self) -> str:
        """The outcome, or that it was flagged."""
        return self.outcome.value if self.outcome else FLAG


class State(StrEnum):
    """Where a scan stands; always computed from its attempts and reviews, never stored."""

    NEW = "new"
    """No attempt finished yet."""
    RETRY = "retry"
    """The machine is sure that it failed, and attempts are left."""
    VERIFY = "verify"
    """The machine passed it; a person verifies."""
    MANUAL = "manual"
    """The machine is not sure, or attempts are used up; a person decides."""
    CLEARED = "cleared"
    """May be exported."""
    REJECTED = "rejected"
    """A person said that it did not pass; it stays inside."""
    REFUSED = "refused"
    """The input could not be used at all; it stays inside until a person mends it."""
