"""Samples a second of a recipe, and where the time goes, in one process of one thread.

Run ``python benchmarks/simulate.py [RECIPE [HEADS [FOLDER_OF_LABEL_MAPS]]]``. Times are of the processor;
with two cores twice as many samples are made a second.
"""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.update(dict.fromkeys(("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "1"

from defacto.render import looks as looking
from defacto.simulate import arrays, group
from defacto.simulate.bases import load_bases
from defacto.simulate.recipe import read_recipe

STEPS = {
    group: ("make_head", "make_outcome", "find_truth"),
    arrays: ("result_of",),
    looking: ("find_head", "cast", "to_codes", "to_depth_codes", "middle_slice"),
}


def timed(function: Callable[..., Any], seconds: dict[str, float]) -> Callable[..., Any]:
    def call(*words: Any, **named: Any) -> Any:
        start = time.process_time()
        result = function(*words, **named)
        seconds[function.__name__] += time.process_time() - start
        return result

    return call


def main() -> None:
    words = sys.argv[1:] + [None, None, None][len(sys.argv) - 1 :]
    recipe, heads = read_recipe(words[0] or "renders-24k"), int(words[1] or 8)
    base = next(iter(load_bases(Path(words[2]) if words[2] else None).values())).load()
    first = group.make_group(recipe, 1, 0, base)
    arrays.arrays_of(recipe, first.scene, first.samples[0])
    seconds: dict[str, float] = defaultdict(float)
    for module, names in STEPS.items():
        for name in names:
            setattr(module, name, timed(getattr(module, name), seconds))
    start, samples, tries = time.process_time(), 0, 0
    for number in range(1, heads + 1):
        made = group.make_group(recipe, 1, number, base)
        for sample in made.samples:
            arrays.arrays_of(recipe, made.scene, sample)
            samples, tries = samples + 1, tries + sample.tries
    total = time.process_time() - start
    print(f"{recipe.name}: {samples} samples in {total:.1f} s of one core: {samples / total:.1f} a second")
    print(f"outcomes drawn for a sample: {tries / samples:.2f}")
    for name, spent in sorted(seconds.items(), key=lambda pair: -pair[1]):
        print(f"  {name:15} {1000 * spent / samples:6.1f} ms a sample")
    print(f"  {'the rest':15} {1000 * (total - sum(seconds.values())) / samples:6.1f} ms a sample")


if __name__ == "__main__":
    main()
