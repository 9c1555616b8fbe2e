"""The methods that decide what is removed, and the one place where it is removed."""

from collections.abc import Mapping

from defacto.deface.apply import apply
from defacto.deface.features import FeaturesMethod
from defacto.deface.method import Method
from defacto.deface.template import TemplateMethod

METHODS: Mapping[str, Method] = {method.name: method for method in (TemplateMethod(), FeaturesMethod())}
"""Every method by its name in the settings."""

__all__ = ["METHODS", "Method", "apply"]
