"""Results of a check and pictures for them, made up: blobs, no heads."""

import numpy as np

from defacto import qc
from defacto.anatomy.regions import Region
from defacto.pipeline.check import Checked
from defacto.types import Decision, Feature, Outcome, Prediction, Reason

MODEL = "stand-in 1"


def prediction(outcome, p, features=()):
    """Return an opinion: the outcome with p, the rest shared by the others."""
    others = {each: (1 - p) / 3 for each in Outcome if each is not outcome}
    seen = {feature: (0.9 if feature in features else 0.02) for feature in Feature}
    return Prediction(MODEL, {each: others.get(each, p) for each in Outcome}, seen)


def checked(path, outcome=Outcome.PASS, p=0.97, *, features=(), reason=None, pictures=None, sure=True):
    """Return a result; without an outcome it is unsure, without p nobody could be asked."""
    if p is None:
        reason = reason or "x.nii is truncated: expected 100 bytes of voxels, got 20."
        return Checked(path, Decision(None, (Reason(reason),), sure=False))
    likely = outcome or Outcome.PASS
    p_pass = p if likely is Outcome.PASS else (1 - p) / 3
    text = reason or f"The classifier {MODEL} gives a pass a probability of {p_pass:.2f}."
    decision = Decision(outcome, (Reason(text, "p_pass", p, 0.8),), sure=sure and outcome is not None)
    arrival = qc.Arrival((Region.NOSE,) if features else (), 0.0, 1300.0, 2500.0)
    return Checked(path, decision, prediction(likely, p, features), arrival, pictures or {})


def blobs(seed=0, size=300):
    """Return gradients in the place of all pictures."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size] / size
    found = {}
    for n, name in enumerate(("left", "right", "front", "slices")):
        centre = 0.5 + random.uniform(-0.08, 0.08, 2) + (n - 1) * 0.02
        away = np.hypot(rows - centre[0], (columns - centre[1]) * 1.3)
        shade = np.clip(1 - away / 0.42, 0, 1)[..., None]
        picture = np.array([34, 52, 92]) * (shade == 0) + np.array([248, 225, 200]) * shade**0.4
        found[name] = np.clip(picture, 0, 255).astype(np.uint8)
    found["slices"] = np.tile(found["slices"], (2, 2, 1))
    return found
