"""The methods that decide what is removed, and the one place where it is removed."""

from collections.abc import Mapping

from defacto.deface.apply import apply
from defacto.deface.atlas import AtlasMethod
from defacto.deface.blur import BlurMethod
from defacto.deface.features import FeaturesMethod
from defacto.deface.method import Method
from defacto.deface.outside import ProgramMethod
from defacto.deface.programs import PROGRAMS
from defacto.deface.reface import RefaceMethod
from defacto.deface.shear import ShearMethod
from defacto.deface.strip import BrainMethod
from defacto.deface.template import TemplateMethod
from defacto.deface.template_ears import TemplateEarsMethod
from defacto.errors import SettingsError

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
"""Every method of our own by its name in the settings."""
OUTSIDE: Mapping[str, ProgramMethod] = {name: ProgramMethod(program) for name, program in PROGRAMS.items()}
"""Every program of others as a method."""


def find(name: str) -> Method:
    """Return a method by its name.

    Raises
    ------
    SettingsError
        If there is none of that name.
    """
    method = METHODS.get(name) or OUTSIDE.get(name)
    if method is None:
        known = ", ".join(sorted([*METHODS, *OUTSIDE, "auto"]))
        raise SettingsError(f"There is no method {name}; known are {known}.")
    return method


__all__ = ["METHODS", "OUTSIDE", "Method", "apply", "find"]
