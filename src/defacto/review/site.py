"""What all pages of a desk share, and who asks for them."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool

from defacto.config import Settings
from defacto.errors import DefactoError
from defacto.pipeline.desk import Desk
from defacto.pipeline.queue import Reader
from defacto.pipeline.records import Record
from defacto.review.accounts import Account, Accounts, Brake, digest
from defacto.review.guard import COOKIE, form_token, is_form_token

if TYPE_CHECKING:
    from defacto.review.originals import Originals

LINK_S = 15 * 60.0
"""A one-time link works for so long."""


class DeskError(DefactoError):
    """A request to the desk cannot be done; `code` is what the answer's status says."""

    def __init__(self, code: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(eq=False)
class Site:
    """One running desk.

    Parameters
    ----------
    out : Path
        Folder of the run.
    desk : Desk
        What people do, on the store.
    accounts : Accounts
        Who may sign in.
    settings : Settings
        Of the run.
    originals : Originals, optional
        The input of the run, where it was given.
    secure : bool
        Whether browsers reach it by https.
    """

    out: Path
    desk: Desk
    accounts: Accounts
    settings: Settings
    originals: Originals | None = None
    secure: bool = False
    brake: Brake = field(default_factory=Brake)
    busy: threading.Lock = field(default_factory=threading.Lock)
    _links: dict[str, tuple[float, str]] = field(default_factory=dict)

    def record(self, token: str) -> Record:
        """Return the scan that a token stands for, or raise DeskError."""
        record = self.desk.find(token)
        if record is None:
            raise DeskError(HTTPStatus.NOT_FOUND, "There is no such scan.")
        return record

    def make_link(self, name: str) -> str:
        """Return a code that signs in once."""
        code = secrets.token_urlsafe(32)
        self._links[digest(code)] = (time.monotonic() + LINK_S, name)
        return code

    def use_link(self, code: str) -> Account | None:
        """Return whom a code signs in; it works once."""
        until, name = self._links.pop(digest(code), (0.0, ""))
        return self.accounts.find(name) if time.monotonic() < until else None


@dataclass(frozen=True)
class Guest:
    """Who sent a request."""

    account: Account
    session: str

    @property
    def reader(self) -> Reader:
        """The guest as the queue knows one."""
        return Reader(self.account.name, self.account.site)

    @property
    def form_token(self) -> str:
        """What forms of this session carry."""
        return form_token(self.session)


async def site_of(request: Request) -> Site:
    """Return the desk that a request was sent to."""
    site: Site = request.app.state.site
    return site


async def guest_of(request: Request) -> Guest:
    """Return who sent a request.

    Raises
    ------
    DeskError
        If nobody is signed in, or a request that changes something does not come from a page of the session.
    """
    session = request.cookies.get(COOKIE, "")
    account = None
    if session:
        accounts = (await site_of(request)).accounts
        account = accounts.seen_just_now(session) or await run_in_threadpool(accounts.signed_in, session)
    if account is None:
        raise DeskError(HTTPStatus.UNAUTHORIZED, "Sign in first.")
    guest = Guest(account, session)
    if request.url.path.startswith("/api/") and not is_form_token(
        session, request.headers.get("x-desk-form", "")
    ):
        raise DeskError(
            HTTPStatus.FORBIDDEN, "The request does not come from a page of yours; load it again."
        )
    return guest


async def reviewer_of(request: Request) -> Guest:
    """Return who sent a request, if the person may decide."""
    guest = await guest_of(request)
    if not guest.account.reviews:
        raise DeskError(HTTPStatus.FORBIDDEN, "Viewers look only; reviewers decide.")
    return guest


async def lead_of(request: Request) -> Guest:
    """Return who sent a request, if it is a lead."""
    guest = await guest_of(request)
    if not guest.account.leads:
        raise DeskError(HTTPStatus.FORBIDDEN, "Only leads may do that.")
    return guest


async def form_of(request: Request) -> dict[str, list[str]]:
    """Return the fields of a form, every value a list.

    Raises
    ------
    HTTPException
        If it is none.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Expected a form.")
    try:
        text = (await request.body()).decode("utf-8")
        return parse_qs(text, keep_blank_values=True, max_num_fields=500)
    except ValueError as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The form cannot be read.") from error


def check_form(guest: Guest, form: dict[str, list[str]]) -> None:
    """Refuse a form that is not of the guest's session."""
    if not is_form_token(guest.session, form.get("form", [""])[0]):
        raise DeskError(HTTPStatus.FORBIDDEN, "The form is not of your session; load the page again.")
