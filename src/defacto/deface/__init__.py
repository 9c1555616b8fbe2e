"""The methods that decide what is removed, and the one place where it is removed."""

from collections.abc import Mapping

from defacto.deface.apply import apply
from defacto.deface.atlas import AtlasMethod
from defacto.deface.blur import BlurMethod
from defacto.deface.features import FeaturesMethod
from defacto.deface.method import Method
from defacto.deface.reface import RefaceMethod
from defacto.deface.shear import ShearMethod
from defacto.deface.strip import BrainMethod
from defacto.deface.template import TemplateMethod
from defacto.deface.template_ears import TemplateEarsMethod

METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        TemplateMethod(),
        TemplateEarsMethod(),
        AtlasMethod(),
        ShearMethod(),
        FeaturesMethod(),
        RefaceMethod(),
        BlurMethod(),
        BrainMethod(),
    )
}
"""Every method by its name in the settings."""

__all__ = ["METHODS", "Method", "apply"]
