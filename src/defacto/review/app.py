"""The application: every page and its guard."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from defacto import __version__
from defacto.errors import DefactoError
from defacto.pipeline.job import describe
from defacto.review import api, checking, images, pages, scan_pages, sign_in, study_pages
from defacto.review.drawing import sentence_page
from defacto.review.guard import Guard
from defacto.review.site import DeskError, Site


def create_app(site: Site, hosts: Iterable[str]) -> FastAPI:
    """Return the application of a desk.

    Parameters
    ----------
    site : Site
        What its pages share.
    hosts : iterable of str
        Values of the header Host that are answered.
    """
    app = FastAPI(
        title="defacto review", version=__version__, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.site = site
    for part in (sign_in, pages, scan_pages, study_pages, images, api, checking):
        app.include_router(part.router)
    app.add_exception_handler(DeskError, _refused)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(DefactoError, _failed)
    app.add_exception_handler(Exception, _failed)
    app.add_middleware(Guard, hosts=hosts, large={"/api/check": checking.MOST_BYTES}, secure=site.secure)
    return app


_IN_WORDS = {
    HTTPStatus.NOT_FOUND: "The desk has no such page.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This page takes no such request.",
}


async def _refused(request: Request, error: Exception) -> Response:
    code = HTTPStatus(error.code if isinstance(error, DeskError) else getattr(error, "status_code", 400))
    said = str(error) if isinstance(error, DeskError) else _IN_WORDS.get(code, f"{code.phrase}.")
    if code == HTTPStatus.UNAUTHORIZED and not request.url.path.startswith("/api/"):
        return RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    return await _answer(request, code, said)


async def _not_understood(request: Request, error: Exception) -> Response:
    """Say where a request is wrong without giving back what it held."""
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    places = sorted({".".join(str(part) for part in each["loc"] if isinstance(part, str)) for each in errors})
    return await _answer(
        request, HTTPStatus.UNPROCESSABLE_ENTITY, f"Not understood: {', '.join(places)[:200]}."
    )


async def _failed(request: Request, error: Exception) -> Response:
    print(f"defacto review: a request failed: {describe(error)}.", file=sys.stderr)
    return await _answer(
        request, HTTPStatus.INTERNAL_SERVER_ERROR, "The desk failed at this; its log says where."
    )


async def _answer(request: Request, code: int, said: str) -> Response:
    if request.url.path.startswith("/api/") or request.url.path.startswith(("/picture/", "/before/")):
        return JSONResponse({"detail": said}, status_code=code)
    return await sentence_page(request, code, said)
