"""`defacto run` on a made study, judged by the truth about its heads instead of by its own registrations.

Run ``defacto simulate study STUDY``, ``defacto run STUDY OUT participant``, then
``python benchmarks/truth.py STUDY OUT [FOLDER_OF_LABEL_MAPS]``. The heads are made again from their
parameters; what the last attempt removed is measured on the made anatomy (`defacto.simulate.truth`).
"""

from __future__ import annotations

import json
import sys
from functools import lru_cache
from pathlib import Path

import nibabel as nib
import numpy as np

from defacto.config import Settings
from defacto.pipeline.store import Store
from defacto.simulate.base import Base
from defacto.simulate.bases import load_bases
from defacto.simulate.head import HeadParameters, make_head
from defacto.simulate.made import Made
from defacto.simulate.scene import Scene
from defacto.simulate.truth import find_truth


def main() -> None:
    study, out = Path(sys.argv[1]), Path(sys.argv[2])
    handles = load_bases(Path(sys.argv[3]) if len(sys.argv) > 3 else None)
    settings = Settings()

    @lru_cache(maxsize=1)
    def load(name: str) -> Base:
        return handles[name].load()

    passed, right, lost = 0, 0, []
    for record in Store.open(out).records():
        if not record.attempts or "mask" not in record.attempts[-1].files:
            continue
        attempt, name = record.attempts[-1], record.scan.name
        place = study / "derivatives" / "truth" / name.split("_")[0] / "anat" / f"{name}_head.json"
        parameters = HeadParameters.from_json(json.loads(place.read_text()))
        scene = Scene(make_head(load(parameters.base), parameters), load(parameters.base))
        removed = np.ascontiguousarray(np.asarray(nib.load(out / attempt.files["mask"]).dataobj) > 0)
        truth = find_truth(scene, Made(removed))
        said = attempt.decision.outcome.value if attempt.decision.outcome else "not sure"
        most = max(truth.visible, key=lambda feature: truth.visible[feature])
        print(
            f"{name:32} said {said:8} truth {truth.outcome(settings).value:8} brain lost"
            f" {truth.brain_lost_ml:6.2f} ml, most visible {most.value} {truth.visible[most]:.0%}",
            flush=True,
        )
        if said == "pass":
            passed += 1
            right += truth.outcome(settings).value == "pass"
            lost.append(truth.brain_lost_ml)
    print(
        f"{passed} passes, {right} of them by the truth;"
        f" most brain lost in a pass {max(lost, default=0):.2f} ml"
    )


if __name__ == "__main__":
    main()
