"""The pages of work: the gallery of verification, and one scan at a time."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from defacto.pipeline.desk import MODE_OF, Answer
from defacto.pipeline.state import Queue
from defacto.review.drawing import show
from defacto.review.site import DeskError, Guest, Site, check_form, form_of, guest_of, reviewer_of, site_of
from defacto.review.views import case_view, outcome_of
from defacto.types import Feature, Review

router = APIRouter(include_in_schema=False)
FIRST_PAGE = 12
"""Scans in the gallery before a script knows the size of the screen."""
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
TheSite = Annotated[Site, Depends(site_of)]
TheGuest = Annotated[Guest, Depends(guest_of)]
TheReviewer = Annotated[Guest, Depends(reviewer_of)]


@router.get("/")
def home(guest: TheGuest) -> Response:
    """Lead to the page where there is something to do."""
    return RedirectResponse("/verify" if guest.account.reviews else "/study", HTTPStatus.SEE_OTHER)


@router.get("/static/{name}")
def static(name: str) -> Response:
    """Return a style or a script; they are the same for everybody."""
    known = {each.name: each for each in (files("defacto.review") / "static").iterdir()}
    kind = _KINDS.get(name[name.rfind(".") :])
    if name not in known or kind is None:
        raise DeskError(HTTPStatus.NOT_FOUND, "There is no such file.")
    return Response(known[name].read_bytes(), media_type=kind, headers={"cache-control": "no-cache"})


@router.get("/verify")
def verify(request: Request, site: TheSite, guest: TheReviewer) -> Response:
    """Return the gallery of what the machine passed, the most doubtful first."""
    cases = site.desk.take(guest.reader, Queue.VERIFY, FIRST_PAGE)
    return show(
        request,
        "verify.html",
        guest,
        cases=[case_view(case) for case in cases],
        key=secrets.token_hex(8),
        order=site.settings.review.order,
    )


@router.post("/verify")
async def verified(request: Request, site: TheSite, guest: TheReviewer) -> Response:
    """Keep a page of the gallery that was sent as a form."""
    form = await form_of(request)
    check_form(guest, form)
    flagged = set(form.get("flag", []))
    answers = [
        _answer(guest, Queue.VERIFY, token, number, "flag" if token in flagged else "pass", f"{key}:{place}")
        for place, (token, number, key) in enumerate(_cases_of(form))
    ]
    await run_in_threadpool(site.desk.answer, guest.reader, answers)
    return RedirectResponse("/verify", HTTPStatus.SEE_OTHER)


@router.get("/manual")
def manual(
    request: Request, site: TheSite, guest: TheReviewer, queue: Annotated[Queue, Query()] = Queue.MANUAL
) -> Response:
    """Return one scan to decide."""
    if queue is Queue.VERIFY or (queue is Queue.LEAD and not guest.account.leads):
        raise DeskError(HTTPStatus.FORBIDDEN, "Only leads settle what reviewers do not agree on.")
    cases = site.desk.take(guest.reader, queue, 1)
    case = case_view(cases[0]) if cases else None
    return show(request, "manual.html", guest, case=case, queue=queue.value, key=secrets.token_hex(8))


@router.post("/manual")
async def decided(request: Request, site: TheSite, guest: TheReviewer) -> Response:
    """Keep a decision that was sent as a form."""
    form = await form_of(request)
    check_form(guest, form)
    where = Queue.LEAD if form.get("queue") == ["lead"] and guest.account.leads else Queue.MANUAL
    word = form.get("word", [""])[0]
    for token, number, key in _cases_of(form):
        if word == "skip":
            await run_in_threadpool(site.desk.skip, guest.reader, token)
        elif word in {"pass", "deep", "shallow", "failure"}:
            features = tuple(f for f in Feature if f.value in form.get("feature", []))
            note = form.get("note", [""])[0][:2000]
            answer = _answer(guest, where, token, number, word, key, features=features, note=note)
            (received,) = await run_in_threadpool(site.desk.answer, guest.reader, [answer])
            if received.refused:
                raise DeskError(HTTPStatus.CONFLICT, received.refused)
        else:
            raise DeskError(HTTPStatus.BAD_REQUEST, "Expected pass, deep, shallow, failure or skip.")
    return RedirectResponse(f"/manual?queue={where.value}", HTTPStatus.SEE_OTHER)


def _cases_of(form: dict[str, list[str]]) -> list[tuple[str, int, str]]:
    """Return token, number and key of the scans of a form."""
    key = form.get("key", [""])[0]
    if not (key.isalnum() and 8 <= len(key) <= 40):
        raise DeskError(HTTPStatus.BAD_REQUEST, "The form has no key; load the page again.")
    found = []
    for case in form.get("case", [])[:60]:
        token, _, number = case.partition(".")
        if not number.isdecimal() or len(number) > 5:
            raise DeskError(HTTPStatus.BAD_REQUEST, "The form names no scan.")
        found.append((token[:32], int(number), key))
    return found


def _answer(guest: Guest, queue: Queue, token: str, number: int, word: str, key: str, **more: Any) -> Answer:
    review = Review(number, outcome_of(word), guest.account.name, mode=MODE_OF[queue], **more)
    return Answer(token, review, key)
