"""A recipe: how many samples of what a data set holds; TOML in."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from defacto.config import DefaceSettings, QcSettings, Settings
from defacto.errors import SettingsError
from defacto.simulate.outcome import KINDS
from defacto.simulate.ranges import Ranges
from defacto.types import Outcome

Store = Literal["renders", "volumes", "planes"]
_FOLDER = resources.files("defacto.simulate") / "recipes"


@dataclass(frozen=True)
class Slot:
    """One of the outcomes that each head of a data set serves.

    Parameters
    ----------
    kinds : mapping of str to float
        How often each kind of `defacto.simulate.outcome.KINDS` comes.
    outcome : str
        What must come of it, by the truth; empty takes whatever comes.
    count : int
        So many times a head.
    name : str
        For the manifest; by default the outcome.
    beyond_mm : tuple of float
        For skull-stripping: how far beyond the brain is kept, from and to; empty leaves it to the kind.
    """

    kinds: Mapping[str, float]
    outcome: str = ""
    count: int = 1
    name: str = ""
    beyond_mm: tuple[float, ...] = ()


@dataclass(frozen=True)
class Limits:
    """From what on an outcome counts; no sample lies between two limits, where nobody can tell.

    Parameters
    ----------
    ears : bool
        Whether ears count.
    max_feature_left, clear_feature_left : float
        Most of a feature that a pass may show; least of one that is called visible.
    max_brain_lost_ml, clear_brain_lost_ml : float
        Most brain that a pass may lose; least loss that is called one.
    max_elsewhere_ml, clear_elsewhere_ml : float
        The same of tissue far from the face, for the cut that is elsewhere.
    untouched_share, clear_untouched_share : float
        The same of the least visible of eyes, nose and mouth, for the face that is untouched.
    """

    ears: bool = True
    max_feature_left: float = 0.10
    clear_feature_left: float = 0.10
    max_brain_lost_ml: float = 0.0
    clear_brain_lost_ml: float = 0.0
    max_elsewhere_ml: float = 50.0
    clear_elsewhere_ml: float = 50.0
    untouched_share: float = 0.90
    clear_untouched_share: float = 0.90

    def settings(self, *, clear: bool = False) -> Settings:
        """Return the settings by which `defacto.qc.decide` judges: strictly, or only what is clear."""
        strict = (
            self.max_brain_lost_ml,
            self.max_feature_left,
            self.untouched_share,
            self.max_elsewhere_ml,
        )
        lax = (
            self.clear_brain_lost_ml,
            self.clear_feature_left,
            self.clear_untouched_share,
            self.clear_elsewhere_ml,
        )
        lost_ml, left, untouched, elsewhere_ml = lax if clear else strict
        return Settings(
            deface=DefaceSettings(ears=self.ears),
            qc=QcSettings(
                max_brain_lost_ml=lost_ml,
                max_feature_left=left,
                untouched_share=untouched,
                max_elsewhere_ml=elsewhere_ml,
            ),
        )


@dataclass(frozen=True)
class Recipe:
    """All that makes a data set, but the seed and the base heads.

    Parameters
    ----------
    name, about : str
        What it is called, and what it is for.
    store : {"renders", "volumes", "planes"}
        What is kept of a sample.
    heads : int
        Made heads; each serves all slots, so samples = heads times the slots' counts.
    slots : tuple of Slot
        Outcomes of each head.
    ranges : Ranges
        From what heads are drawn.
    limits : Limits
        What an outcome is called.
    heads_a_shard : int
        Made heads in a shard; they share a base head.
    views : tuple of str
        For renders: names of `defacto.render.surface.VIEWS`.
    size_px, columns_px, slice_px : int
        For renders: rows of a view, columns kept around its middle, and the size of the slice.
    voxel_mm, shape : float, tuple of int
        For volumes.
    labels : bool
        For volumes: whether the label maps are kept too.
    split : tuple of float
        Shares of training, validation and test.
    """

    name: str
    about: str
    store: Store
    heads: int
    slots: tuple[Slot, ...]
    ranges: Ranges = field(default_factory=Ranges)
    limits: Limits = field(default_factory=Limits)
    heads_a_shard: int = 10
    views: tuple[str, ...] = ("left", "right", "front")
    size_px: int = 165
    columns_px: int = 135
    slice_px: int = 128
    voxel_mm: float = 2.0
    shape: tuple[int, int, int] = (96, 128, 128)
    labels: bool = False
    split: tuple[float, float, float] = (0.6, 0.2, 0.2)

    @property
    def slot_list(self) -> tuple[Slot, ...]:
        """Each slot as often as it counts."""
        return tuple(slot for slot in self.slots for _ in range(slot.count))

    @property
    def samples(self) -> int:
        """How many samples it makes."""
        return self.heads * len(self.slot_list)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return dataclasses.asdict(self)


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with defacto."""
    return sorted(
        each.name.removesuffix(".toml") for each in _FOLDER.iterdir() if each.name.endswith(".toml")
    )


def read_recipe(name: str) -> Recipe:
    """Read a recipe by its name, or from a file whose name ends in ``.toml``.

    Raises
    ------
    SettingsError
        If there is no such recipe, or it holds what no recipe has.
    """
    try:
        if name.endswith(".toml"):
            text = Path(name).read_text(encoding="utf-8")
        elif name in recipe_names():
            text = (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")
        else:
            known = ", ".join(recipe_names())
            raise SettingsError(f"There is no recipe {name}; expected one of {known}, or a file *.toml.")
        return _recipe(tomllib.loads(text))
    except OSError as error:
        raise SettingsError(f"The recipe {Path(name).name} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The recipe {Path(name).name} is not TOML: {error}.") from error


def _recipe(document: Mapping[str, Any]) -> Recipe:
    values = dict(document)
    values["ranges"] = build(Ranges, values.pop("heads_from", {}), "heads_from.")
    values["limits"] = build(Limits, values.pop("limits", {}), "limits.")
    values["slots"] = tuple(build(Slot, each, "slots.") for each in values.pop("slots", []))
    recipe: Recipe = build(Recipe, values, "")
    _check(recipe)
    return recipe


def build(kind: type, values: Mapping[str, Any], prefix: str) -> Any:
    """Make a dataclass of a table of a recipe, and say in a sentence what does not fit."""
    known = get_type_hints(kind)
    for name in values:
        if name not in known:
            raise SettingsError(f"Recipe: there is no {prefix}{name}; expected one of {', '.join(known)}.")
    try:
        return kind(**{name: tuples(value) for name, value in values.items()})
    except (TypeError, ValueError) as error:
        raise SettingsError(f"Recipe {prefix or 'file'}: {error}.") from error


def tuples(value: Any) -> Any:
    """Return lists as tuples, all the way down."""
    return tuple(tuples(each) for each in value) if isinstance(value, list) else value


def _check(recipe: Recipe) -> None:
    for slot in recipe.slots:
        unknown = [kind for kind in slot.kinds if kind not in KINDS]
        if unknown or not slot.kinds:
            raise SettingsError(
                f"Recipe {recipe.name}: expected kinds among {', '.join(KINDS)}, got {unknown or 'none'}."
            )
        if slot.outcome and slot.outcome not in {each.value for each in Outcome}:
            raise SettingsError(
                f"Recipe {recipe.name}: expected an outcome as pass or deep, got {slot.outcome!r}."
            )
    if not recipe.slots or recipe.heads < 1 or recipe.heads_a_shard < 1:
        raise SettingsError(f"Recipe {recipe.name}: expected at least one head and one slot, got none.")
    if recipe.store not in get_args(Store):
        raise SettingsError(
            f"Recipe {recipe.name}: expected store {', '.join(get_args(Store))}, got {recipe.store!r}."
        )
