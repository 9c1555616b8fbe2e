"""Where things are: the template, registration, brain and features."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from defacto.anatomy.context import Context, locate
    from defacto.anatomy.network import Segmentation, segment, survey
    from defacto.anatomy.template import Template, load_template

__all__ = ["Context", "Segmentation", "Template", "load_template", "locate", "segment", "survey"]

_WHERE = {
    "Context": "context",
    "locate": "context",
    "Segmentation": "network",
    "segment": "network",
    "survey": "network",
    "Template": "template",
    "load_template": "template",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for when it is asked for: numba takes its time, and `begin` can do without."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
