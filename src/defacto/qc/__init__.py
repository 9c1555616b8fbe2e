"""Quality control: measure, then decide."""

from defacto.qc.classify import Classifier
from defacto.qc.decide import decide
from defacto.qc.measure import measure

__all__ = ["Classifier", "decide", "measure"]
