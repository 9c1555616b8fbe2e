"""The parameters that a lead may choose for another attempt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from defacto.config import deface_settings
from defacto.errors import SettingsError
from defacto.pipeline.records import Record
from defacto.review.site import DeskError, Site

MOST_MM = 60.0
"""A cut is moved by at most so much."""


def methods() -> list[str]:
    """Return the names of the methods."""
    from defacto.deface import METHODS  # noqa: PLC0415  (slow to import)

    return sorted(METHODS)


def parameters_of(site: Site, record: Record) -> dict[str, Any]:
    """Return the parameters that an attempt would begin with: those of the last one."""
    return dict(record.attempts[-1].parameters) if record.attempts else asdict(site.settings.deface)


def chosen(site: Site, record: Record, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of an attempt: those of the last one, but for what was chosen.

    Raises
    ------
    DeskError
        If they cannot be used.
    """
    if wish["method"] not in methods():
        raise DeskError(HTTPStatus.BAD_REQUEST, f"Expected one of the methods {', '.join(methods())}.")
    if not all(math.isfinite(mm) and abs(mm) <= MOST_MM for mm in wish["nudge_mm"]):
        raise DeskError(HTTPStatus.BAD_REQUEST, f"A cut is moved by at most {MOST_MM:g} mm.")
    if not 0 <= wish["brain_margin_mm"] <= MOST_MM or not 0.05 <= wish["fraction"] <= 0.95:
        raise DeskError(
            HTTPStatus.BAD_REQUEST, "Expected a margin of 0 to 60 mm and a fraction of 0.05 to 0.95."
        )
    parameters = parameters_of(site, record) | dict(wish) | {"nudge_mm": list(wish["nudge_mm"])}
    try:
        deface_settings(parameters)
    except SettingsError as error:
        raise DeskError(HTTPStatus.BAD_REQUEST, str(error)) from error
    return parameters
