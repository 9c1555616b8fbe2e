"""What every page is made with: templates, filters, styles."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from defacto.report import words


def make_environment(finalize: Callable[[Any], Any] = words.printable) -> Environment:
    """Return an environment of templates, with the filters ``px`` and ``counted``.

    Parameters
    ----------
    finalize : callable
        Is given each value before it is put into a page.
    """
    environment = Environment(
        loader=PackageLoader("defacto.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "px": lambda value: f"{value:.1f}".removesuffix(".0"),
        "counted": words.count,
    }
    return environment


def static_text(*names: str) -> str:
    """Return the styles or scripts of these names, one after the other."""
    return "".join((files("defacto.report") / "static" / name).read_text("utf-8") for name in names)
