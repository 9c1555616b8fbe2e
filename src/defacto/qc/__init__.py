"""Quality control: measure, then decide."""

from defacto.qc.arrived import Arrival, look_at
from defacto.qc.classify import Classifier, RenderClassifier
from defacto.qc.decide import decide, decide_alone
from defacto.qc.measure import measure

__all__ = [
    "Arrival",
    "Classifier",
    "RenderClassifier",
    "decide",
    "decide_alone",
    "look_at",
    "measure",
]
