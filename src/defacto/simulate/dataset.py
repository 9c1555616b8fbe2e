"""Data sets of samples: made shard by shard in processes, resumable, the same bytes however they are made."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from defacto import __version__
from defacto.errors import SettingsError
from defacto.processes import cores
from defacto.simulate import manifest
from defacto.simulate.arrays import Arrays, arrays_of
from defacto.simulate.base import Base
from defacto.simulate.bases import load_bases
from defacto.simulate.group import groups_of, make_group, shard_count
from defacto.simulate.plan import Plan, make_plan
from defacto.simulate.processes import in_processes
from defacto.simulate.recipe import Recipe

DESCRIPTION = "dataset.json"
MANIFEST = "manifest.tsv"
_ROWS = "rows.tsv"

Progress = Callable[[int, int], None]
"""Is told how many samples are made, and of how many."""


def build_dataset(
    folder: Path,
    recipe: Recipe,
    *,
    seed: int = 1,
    bases: Path | None = None,
    nprocs: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Make the samples of a recipe; what is there already of the same recipe and seed is kept.

    Parameters
    ----------
    folder : Path
        Where to; made if it is not there.
    recipe : Recipe
        What is wanted.
    seed : int
        The same seed gives the same bytes, whatever ``nprocs``, and killed and resumed or not.
    bases : Path, optional
        Folder of label maps to make persons from; without it the template alone.
    nprocs : int, optional
        Processes at once; by default the cores there are.
    progress : callable, optional
        Is told how far it is.

    Raises
    ------
    SettingsError
        If the folder holds something else.
    """
    plan = make_plan(recipe, seed, bases)
    _claim(folder, recipe, seed, plan)
    waiting = [shard for shard in range(shard_count(recipe)) if not _shard(folder, shard).is_dir()]
    waiting.sort(key=lambda shard: (plan.shard_of(shard).base, shard))
    tell = progress or (lambda done, total: None)
    left = sum(len(list(groups_of(recipe, shard))) for shard in waiting) * len(recipe.slot_list)
    tell(recipe.samples - left, recipe.samples)
    jobs = [(folder, recipe, seed, plan, shard) for shard in waiting]
    for made in in_processes(make_shard, jobs, min(nprocs or cores(), len(jobs))) if jobs else ():
        left -= made
        tell(recipe.samples - left, recipe.samples)
    parts = [(_shard(folder, shard) / _ROWS).read_text("utf-8") for shard in range(shard_count(recipe))]
    _write_whole(folder / MANIFEST, manifest.HEAD + "".join(parts))


def remake(recipe: Recipe, seed: int, index: int, *, bases: Path | None = None) -> Arrays:
    """Make one sample of a data set again, alone.

    Parameters
    ----------
    recipe : Recipe
        Of the data set.
    seed : int
        Of the data set.
    index : int
        Of the sample, as in its manifest.
    bases : Path, optional
        As given when the data set was made.
    """
    number, slot = divmod(index, len(recipe.slot_list))
    shard = make_plan(recipe, seed, bases).shard_of(number // recipe.heads_a_shard)
    group = make_group(recipe, seed, number, load_cached(bases, shard.base))
    return arrays_of(recipe, group.scene, group.samples[slot])


class Dataset:
    """A made data set on disk, for reading.

    Parameters
    ----------
    folder : Path
        Made by `build_dataset`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.description: dict[str, Any] = json.loads((folder / DESCRIPTION).read_text("utf-8"))
        self.rows: list[dict[str, Any]] = manifest.read_rows((folder / MANIFEST).read_text("utf-8"))

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def shards(self) -> list[dict[str, npt.NDArray[np.uint8]]]:
        """Arrays of each shard by name, mapped into memory, samples first."""
        return [
            {path.stem: np.load(path, mmap_mode="r") for path in sorted(folder.glob("*.npy"))}
            for folder in sorted((self.folder / "shards").glob("[0-9]*"))
        ]

    def arrays(self, index: int) -> Arrays:
        """Return the arrays of one sample by name."""
        per_shard = int(self.description["samples_a_shard"])
        return {name: values[index % per_shard] for name, values in self.shards[index // per_shard].items()}


def _claim(folder: Path, recipe: Recipe, seed: int, plan: Plan) -> None:
    """Write down what the folder is for, or see that it is for this."""
    description = {
        "defacto": __version__,
        "recipe": recipe.to_json(),
        "seed": seed,
        "samples": recipe.samples,
        "samples_a_shard": recipe.heads_a_shard * len(recipe.slot_list),
        "bases": list(plan.bases),
        "split_by": plan.split_by,
    }
    text = json.dumps(description, indent=2) + "\n"
    path = folder / DESCRIPTION
    if path.is_file():
        if path.read_text("utf-8") != text:
            raise SettingsError(
                f"{folder.name} holds a data set of another recipe, seed, base or version; give a new folder."
            )
        return
    if folder.is_dir() and any(folder.iterdir()):
        raise SettingsError(f"{folder.name} is not empty and holds no data set; give a new or empty folder.")
    folder.mkdir(parents=True, exist_ok=True)
    _write_whole(path, text)


def make_shard(folder: Path, recipe: Recipe, seed: int, plan: Plan, shard: int) -> int:
    """Make one shard beside its place and move it there whole; return how many samples it holds."""
    placed = plan.shard_of(shard)
    base = load_cached(plan.folder, placed.base)
    rows, arrays = [], []
    for number in groups_of(recipe, shard):
        group = make_group(recipe, seed, number, base)
        for sample in group.samples:
            arrays.append(arrays_of(recipe, group.scene, sample))
            rows.append(manifest.row_of(recipe, seed, placed, group, sample))
    place = _shard(folder, shard)
    part = place.with_name(f".{place.name}.{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name in arrays[0]:
        np.save(part / f"{name}.npy", np.stack([each[name] for each in arrays]))
    (part / _ROWS).write_text(manifest.to_text(rows), encoding="utf-8")
    for other in place.parent.glob(f".{place.name}.*"):
        if other != part:
            shutil.rmtree(other, ignore_errors=True)
    part.rename(place)
    return len(rows)


@lru_cache(maxsize=1)
def load_cached(folder: Path | None, name: str) -> Base:
    """Load a base head; the last one stays in memory."""
    return load_bases(folder)[name].load()


def _shard(folder: Path, shard: int) -> Path:
    return folder / "shards" / f"{shard:05d}"


def _write_whole(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
