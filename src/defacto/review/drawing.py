"""Templates to pages, with what every page carries."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from fastapi import Request
from jinja2 import ChoiceLoader, Environment, PackageLoader
from starlette.responses import HTMLResponse

from defacto import __version__
from defacto.pipeline.state import Queue
from defacto.report import words
from defacto.report.pages import environment
from defacto.review.site import DeskError, Guest, Site, guest_of
from defacto.types import Feature, Outcome, State

THEMES = ("dark", "light")


def show(
    request: Request, template: str, guest: Guest | None, *, code: int = HTTPStatus.OK, **values: Any
) -> HTMLResponse:
    """Return a page."""
    site: Site = request.app.state.site
    theme = request.cookies.get("theme", "")
    text = (
        _environment()
        .get_template(template)
        .render(
            guest=guest,
            form=guest.form_token if guest else "",
            here=request.url.path,
            theme=theme if theme in THEMES else THEMES[0],
            waiting=site.desk.waiting() if guest else {},
            originals=site.originals is not None and site.originals.shown,
            ears=site.settings.deface.ears,
            has_input=site.originals is not None,
            has_volume_view=(files("defacto.review") / "static" / "volume.js").is_file(),
            version=__version__,
            **values,
        )
    )
    return HTMLResponse(text, status_code=code)


async def sentence_page(request: Request, code: int, said: str) -> HTMLResponse:
    """Return a page that says one sentence."""
    try:
        guest = await guest_of(request)
    except DeskError:
        guest = None
    return show(request, "sentence.html", guest, code=code, said=said)


@cache
def _environment() -> Environment:
    base = environment()
    loader = ChoiceLoader([PackageLoader("defacto.review", "templates"), base.loader or ChoiceLoader([])])
    made = base.overlay(loader=loader)
    made.globals |= {"FEATURES": tuple(Feature), "OUTCOMES_IN_ORDER": tuple(Outcome), "Queue": Queue}
    made.filters |= {"as_state": lambda name: words.STATE_WORD[State(name)], "plain": words.plain}
    return made
