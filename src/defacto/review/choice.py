"""The parameters that a lead may choose for another attempt."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from defacto.config import deface_settings
from defacto.errors import SettingsError
from defacto.pipeline.records import Record
from defacto.review.site import DeskError, Site

BOUNDS = {"nudge_mm": (-60.0, 60.0), "brain_margin_mm": (0.0, 50.0), "fraction": (0.05, 0.95)}
"""Least and most that may be asked for."""


def _within(name: str) -> Any:
    return Field(ge=BOUNDS[name][0], le=BOUNDS[name][1])


Nudge = Annotated[float, _within("nudge_mm")]


class Wish(BaseModel):
    """What a lead may choose for an attempt, within bounds."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    method: Annotated[str, Field(max_length=32)]
    ears: bool
    nudge_mm: tuple[Nudge, Nudge, Nudge]
    brain_margin_mm: Annotated[float, _within("brain_margin_mm")]
    bias_correction: bool
    fraction: Annotated[float, _within("fraction")]


def methods() -> list[str]:
    """Return the names of the methods."""
    from defacto.deface import METHODS  # noqa: PLC0415  (slow to import)

    return sorted(METHODS)


def parameters_of(site: Site, record: Record) -> dict[str, Any]:
    """Return the parameters that an attempt would begin with: those of the last one."""
    return dict(record.attempts[-1].parameters) if record.attempts else asdict(site.settings.deface)


def chosen(site: Site, record: Record, wish: Wish) -> dict[str, Any]:
    """Return the parameters of an attempt: those of the last one, but for what was chosen.

    Raises
    ------
    DeskError
        If they cannot be used.
    """
    if wish.method not in methods():
        raise DeskError(HTTPStatus.BAD_REQUEST, f"Expected one of the methods {', '.join(methods())}.")
    parameters = parameters_of(site, record) | wish.model_dump(mode="json")
    try:
        deface_settings(parameters)
    except SettingsError as error:
        raise DeskError(HTTPStatus.BAD_REQUEST, str(error)) from error
    return parameters
