"""Affine registration to the template: two that share nothing, and a ladder while they disagree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from defacto.anatomy import starts
from defacto.anatomy.begin import Begun, begin
from defacto.anatomy.head import find_head
from defacto.anatomy.niimath import Task, allineate
from defacto.anatomy.pose import angle_deg
from defacto.anatomy.score import Target, similarity
from defacto.errors import RegistrationError, StepError
from defacto.types import Affine, FloatVolume, Grid, Mask

_LANDMARKS = np.array(
    [
        [-30.0, 74.0, -33.0, 1.0],
        [30.0, 74.0, -33.0, 1.0],
        [0.0, 112.0, -63.0, 1.0],
        [0.0, 100.0, -93.0, 1.0],
        [-75.0, -16.0, -43.0, 1.0],
        [75.0, -16.0, -43.0, 1.0],
        [0.0, 85.0, 0.0, 1.0],
        [0.0, 0.0, 85.0, 1.0],
        [0.0, -95.0, 0.0, 1.0],
    ]
)
"""Eyes, nose, mouth, ears, and the head's front, top and back in the template's world, mm."""


@dataclass(frozen=True, eq=False)
class Registration:
    """How a scan lies over the template.

    Parameters
    ----------
    to_template : ndarray, shape (4, 4)
        World mm of the scan to world mm of the template; the better of the two.
    check_to_template : ndarray, shape (4, 4)
        The same by the other registration.
    agreement_mm : float
        Largest distance, in the scan, between the places where the two put eyes, nose, mouth, ears and the
        ends of the head.
    score : float
        Similarity of scan and template (`score.similarity`) under ``to_template``.
    rung : int
        Rung of the ladder that was reached.
    """

    to_template: Affine
    check_to_template: Affine
    agreement_mm: float
    score: float
    rung: int

    @property
    def turned_deg(self) -> float:
        """Angle by which the head lies turned against the axes of its header, degrees."""
        left, _, right = np.linalg.svd(self.to_template[:3, :3])
        turn = left @ right
        if np.linalg.det(turn) < 0:
            turn = -turn
        return angle_deg(turn)


def distance_mm(one: Affine, other: Affine) -> float:
    """Return the largest distance between the places where two registrations put the landmarks, mm."""
    gap = (np.linalg.inv(one) - np.linalg.inv(other)) @ _LANDMARKS.T
    return float(np.sqrt((gap[:3] ** 2).sum(axis=0)).max())


def register(
    volume: FloatVolume,
    grid: Grid,
    agreement_mm: float,
    min_score: float,
    *,
    rung: int = 0,
    bias: bool = False,
    begun: Begun | None = None,
) -> Registration:
    """Register a scan to the template twice, and climb the ladder until both agree.

    Rungs: 0, niimath as it is, beside two starts of our own; 1, all 60 starts, and niimath begun where the
    best of them ended; 2, niimath with a robust field of view and another cost; 3, niimath with a seed from
    the plane of symmetry, which takes a minute. One call climbs two rungs at most, and each rung every
    registration found so far is compared with every one of the other kind.

    Parameters
    ----------
    volume : ndarray of float32, shape ``grid.shape``
        Intensities.
    grid : Grid
        Where its voxels lie.
    agreement_mm : float
        Distance within which two registrations agree.
    min_score : float
        Similarity with the template from which on a registration is believed.
    rung : int
        Where to begin.
    bias : bool
        Correct the bias field (N4, by niimath) first.
    begun : Begun, optional
        What `begin` gave for the same scan, with ``plain`` where the rung is 0 and no bias is corrected.

    Raises
    ------
    RegistrationError
        If no head can be in the scan, or fewer than two registrations could be done.
    """
    begun = begun or begin(volume, grid, plain=rung == 0 and not bias)
    small, small_grid = begun.volume, begun.grid
    if bias:
        small = Task(small, small_grid, ["-n4"]).volume()
    search = _Search(small, small_grid, begun.plain)
    for here, climb in enumerate(_LADDER):
        if (here < rung and here != 1) or here > rung + 1:
            continue
        climb(search)
        found = search.best(here, agreement_mm)
        if found is None or here < rung:
            continue
        if found.agreement_mm <= agreement_mm and found.score >= min_score:
            return found
    if found is None:
        raise RegistrationError(
            "Expected two registrations to the template, none could be done; look at the scan."
        )
    return found


class _Search:
    """The registrations found so far, by niimath and by our own starts."""

    def __init__(self, volume: FloatVolume, grid: Grid, plain: Task | None = None) -> None:
        self.volume, self.grid, self.plain = volume, grid, plain
        self.theirs: list[Affine] = []
        self.ours: list[Affine] = []

    @cached_property
    def head(self) -> Mask:
        return find_head(self.volume, self.grid)

    @cached_property
    def target(self) -> Target:
        return Target.of(self.volume, self.grid)

    def niimath(self, *options: str, before: tuple[str, ...] = (), start: Affine | None = None) -> None:
        seeded = self.grid if start is None else Grid(self.grid.shape, start @ self.grid.affine)
        self.keep(allineate(self.volume, seeded, *options, before=before), start)

    def keep(self, task: Task, start: Affine | None = None) -> None:
        """Wait for niimath, and keep what it found."""
        try:
            matrix = task.matrix()
        except StepError:
            return
        self.theirs.append(matrix if start is None else matrix @ start)

    def starts(self, *, thorough: bool) -> None:
        try:
            self.ours.append(starts.register(self.volume, self.grid, self.head, thorough=thorough))
        except RegistrationError:
            return

    def best(self, rung: int, agreement_mm: float) -> Registration | None:
        """Return the pair that fits best of those that agree, else the one that agrees best.

        The one of the pair that fits better leads.
        """
        found = []
        for one, other in product(self.theirs, self.ours):
            scores = similarity(self.target, one), similarity(self.target, other)
            first, second = (one, other) if scores[0] >= scores[1] else (other, one)
            found.append(Registration(first, second, distance_mm(one, other), max(scores), rung))
        agreed = [each for each in found if each.agreement_mm <= agreement_mm]
        if agreed:
            return max(agreed, key=lambda each: each.score)
        return min(found, key=lambda each: each.agreement_mm, default=None)


def _plain(search: _Search) -> None:
    task = search.plain or allineate(search.volume, search.grid)
    search.starts(thorough=False)
    search.keep(task)


def _many_starts(search: _Search) -> None:
    search.starts(thorough=True)
    if search.ours:
        search.niimath(start=max(search.ours, key=lambda each: similarity(search.target, each)))


def _cropped(search: _Search) -> None:
    search.niimath("-cost", "fastcr", before=("-robustfov",))


def _symmetry(search: _Search) -> None:
    search.niimath("-sym")


_LADDER: tuple[Callable[[_Search], None], ...] = (_plain, _many_starts, _cropped, _symmetry)
