"""Signing in, by password or by a link that works once, and out again."""

from __future__ import annotations

from http import HTTPStatus
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from defacto.review.accounts import ADDRESS, LONGEST_S, Account
from defacto.review.drawing import show
from defacto.review.guard import COOKIE
from defacto.review.site import DeskError, Guest, Site, check_form, form_of, guest_of, site_of

router = APIRouter(include_in_schema=False)
TheSite = Annotated[Site, Depends(site_of)]


@router.get("/sign-in")
def sign_in_page(request: Request) -> Response:
    """Return the page of signing in."""
    return show(request, "sign_in.html", None)


@router.post("/sign-in")
async def sign_in(request: Request, site: TheSite) -> Response:
    """Sign in by name and password; who fails often waits."""
    form = await form_of(request)
    name, password = (form.get(key, [""])[0] for key in ("name", "password"))
    name = name[:64]
    keys = (f"name {name}", f"{ADDRESS}{request.client.host if request.client else ''}")
    wait_s = site.brake.wait_s(*keys)
    if wait_s > 0:
        said = f"Too many tries; wait {ceil(wait_s)} s."
        answer = show(request, "sign_in.html", None, code=HTTPStatus.TOO_MANY_REQUESTS, said=said, name=name)
        answer.headers["retry-after"] = str(ceil(wait_s))
        return answer
    account = await run_in_threadpool(site.accounts.check, name, password)
    if account is None:
        site.brake.failed(*keys)
        said = "Name or password is wrong."
        return show(request, "sign_in.html", None, code=HTTPStatus.UNAUTHORIZED, said=said, name=name)
    site.brake.passed(*keys)
    return await run_in_threadpool(_begin, site, account)


@router.get("/enter/{code}")
def enter(code: str, site: TheSite) -> Response:
    """Sign in by a link that works once."""
    account = site.use_link(code)
    if account is None:
        raise DeskError(HTTPStatus.FORBIDDEN, "The link was used or is too old; start the desk again.")
    return _begin(site, account)


@router.post("/sign-out")
async def sign_out(
    request: Request, site: TheSite, guest: Annotated[Guest, Depends(guest_of)]
) -> RedirectResponse:
    """End the session."""
    check_form(guest, await form_of(request))
    await run_in_threadpool(site.accounts.end, guest.session)
    answer = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(COOKIE, path="/", secure=site.secure, httponly=True, samesite="strict")
    answer.headers["clear-site-data"] = '"cache", "storage"'
    return answer


def _begin(site: Site, account: Account) -> RedirectResponse:
    answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    session = site.accounts.begin(account)
    answer.set_cookie(
        COOKIE,
        session,
        max_age=int(LONGEST_S),
        path="/",
        secure=site.secure,
        httponly=True,
        samesite="strict",
    )
    return answer
