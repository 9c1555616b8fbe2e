"""A made head: a person of a base head, in a contrast, as acquired, with the anatomy known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from defacto.simulate.acquisition import AcquisitionParameters, acquire
from defacto.simulate.base import Base
from defacto.simulate.contrast import ContrastParameters, Lesion, draw_contrast, make_palette
from defacto.simulate.filling import Filling, draw_filling, fill
from defacto.simulate.person import Bump, PersonParameters, draw_person, make_person
from defacto.simulate.ranges import Ranges, draw_kind, draw_protocol
from defacto.types import Affine, Feature, FloatVolume, Grid, LabelVolume, Scan

__all__ = ["HeadParameters", "MadeHead", "Ranges", "draw_head", "make_head"]


@dataclass(frozen=True)
class HeadParameters:
    """All that makes a head; JSON values only.

    Parameters
    ----------
    base : str
        Name of the base head.
    person, contrast, acquisition
        As drawn.
    filling : Filling, optional
        What fills the face under the skin; by default as the base head has it.
    """

    base: str
    person: PersonParameters
    contrast: ContrastParameters
    acquisition: AcquisitionParameters
    filling: Filling | None = None

    def to_json(self) -> dict[str, Any]:
        """Return them as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> HeadParameters:
        """Read what `to_json` made, also after it went through a file."""
        person, contrast = dict(values["person"]), dict(values["contrast"])
        person["bumps"] = tuple(Bump(**_tuples(bump)) for bump in person["bumps"])
        contrast["lesions"] = tuple(Lesion(**_tuples(lesion)) for lesion in contrast["lesions"])
        return cls(
            values["base"],
            PersonParameters(**_tuples(person)),
            ContrastParameters(**_tuples(contrast)),
            AcquisitionParameters(**_tuples(values["acquisition"])),
            Filling(**_tuples(values["filling"])) if values.get("filling") else None,
        )


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


@dataclass(frozen=True, eq=False)
class MadeHead:
    """A scan of a made head and its anatomy; all volumes on the scan's voxels.

    Parameters
    ----------
    scan : Scan
        As acquired.
    true_grid : Grid
        Its real geometry; differs from ``scan.grid`` only where the header lies.
    structures : ndarray of uint8
        By `Structure`; 0 outside of the skin.
    features : ndarray of uint8
        Region of each feature around its skin, inwards and outwards, by `Feature.label`. Skin of a feature
        is where this is its label and ``surface_mm`` is near 0. Where an artefact swallows a feature, 0.
    surface_mm : ndarray of float32
        Distance to the skin, true mm; negative inside; clipped at 8 mm.
    inside : ndarray of float32
        Share of each voxel that is inside of the skin.
    to_base : ndarray, shape (4, 4)
        True world mm to base world mm, without the deformation: a perfect affine registration.
    parameters : HeadParameters
        What made it.
    """

    scan: Scan
    true_grid: Grid
    structures: LabelVolume
    features: LabelVolume
    surface_mm: FloatVolume
    inside: FloatVolume
    to_base: Affine
    parameters: HeadParameters


def draw_head(rng: np.random.Generator, base: str, ranges: Ranges) -> HeadParameters:
    """Draw all that makes a head.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    base : str
        Name of the base head.
    ranges : Ranges
        From what to draw.
    """
    years = float(rng.uniform(*ranges.age_years))
    person = draw_person(rng, years=years)
    contrast = draw_contrast(rng, draw_kind(rng, ranges), lesions=bool(rng.random() < ranges.lesion_share))
    size = float(np.prod(person.scale) ** (1 / 3))
    protocol = draw_protocol(rng, ranges, size)
    filled = ranges.filled_share > 0 and rng.random() < ranges.filled_share
    return HeadParameters(base, person, contrast, protocol, draw_filling(rng) if filled else None)


def make_head(base: Base, parameters: HeadParameters) -> MadeHead:
    """Make a head; the same parameters give the same bytes.

    Parameters
    ----------
    base : Base
        The base head that the parameters name.
    parameters : HeadParameters
        As drawn.

    Raises
    ------
    ValueError
        If the parameters name another base head.
    """
    if base.name != parameters.base:
        raise ValueError(f"expected the base head {parameters.base!r}, got {base.name!r}; load that one")
    person = make_person(parameters.person, base.grid)
    palette = make_palette(base, parameters.contrast)
    filled = base if parameters.filling is None else fill(base, parameters.filling)
    made = acquire(filled, person, palette, parameters.acquisition, parameters.contrast.lesions)
    return MadeHead(
        scan=made.scan,
        true_grid=made.true_grid,
        structures=np.ascontiguousarray(made.sampled.structures),
        features=_sided(made.sampled.features, mirrored=parameters.person.mirrored),
        surface_mm=np.ascontiguousarray(made.sampled.surface_mm),
        inside=np.ascontiguousarray(made.sampled.inside),
        to_base=made.to_base,
        parameters=parameters,
    )


def _sided(features: LabelVolume, *, mirrored: bool) -> LabelVolume:
    """Name the sides as they are: a mirrored person's left eye and ear were the base head's right ones."""
    if not mirrored:
        return np.ascontiguousarray(features)
    table = np.arange(len(Feature) + 1, dtype=np.uint8)
    for left, right in ((Feature.LEFT_EYE, Feature.RIGHT_EYE), (Feature.LEFT_EAR, Feature.RIGHT_EAR)):
        table[[left.label, right.label]] = right.label, left.label
    return np.ascontiguousarray(table[features])
