"""The pages about scans: a list of them, and everything about one."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from defacto.config import Settings
from defacto.errors import SettingsError, StoreError
from defacto.pipeline.records import Record
from defacto.pipeline.state import has_volume, standing_of_record, tries
from defacto.pipeline.tally import tries_in
from defacto.report.limits import checks, limits
from defacto.report.pages import parameter_table
from defacto.report.plots import bullets
from defacto.review.choice import BOUNDS, Wish, chosen, methods, parameters_of
from defacto.review.drawing import show
from defacto.review.guard import POLICY_3D
from defacto.review.site import DeskError, Guest, Site, check_form, form_of, guest_of, lead_of, site_of
from defacto.review.views import (
    CAPTIONS,
    OPINIONS,
    SEEN_BY_ALL,
    code_of,
    largest,
    may_know,
    opinion,
    src,
    veiled,
)
from defacto.types import Attempt, State

router = APIRouter(include_in_schema=False)
AXES = ("right", "anterior", "superior")
ROWS = 50
"""Scans on a page of the list."""
TheSite = Annotated[Site, Depends(site_of)]
TheGuest = Annotated[Guest, Depends(guest_of)]


@router.get("/scans")
def scans(
    request: Request,
    site: TheSite,
    guest: TheGuest,
    state: State | None = None,
    after: Annotated[int, Query(ge=0)] = 0,
    name: Annotated[str, Query(max_length=255)] = "",
) -> Response:
    """Return a page of the list of scans, by state; leads may look for a name."""
    rows = site.desk.rows(state, after, ROWS, name if guest.account.leads else "")
    counts = site.desk.totals()
    return show(
        request,
        "scans.html",
        guest,
        rows=rows,
        code_of=code_of,
        tries_in=tries_in,
        state=state,
        states=[(each, round(counts.get(("state", each.value), 0))) for each in State],
        last=rows[-1].scan_id if len(rows) == ROWS else None,
        name=name if guest.account.leads else "",
        first=not after,
    )


@router.get("/scan/{token}")
def scan(request: Request, token: str, site: TheSite, guest: TheGuest) -> Response:
    """Return everything about one scan that the reader may know."""
    record = site.record(token)
    standing = standing_of_record(record, site.settings)
    if not guest.account.reviews and standing.state not in SEEN_BY_ALL:
        raise DeskError(HTTPStatus.FORBIDDEN, "Viewers see what passed; this scan waits for others.")
    knows = may_know(record, guest.account, site.settings)
    page = show(
        request,
        "scan.html",
        guest,
        token=token,
        code_name=code_of(token),
        name=record.scan.name if guest.account.leads else None,
        state=standing.state,
        reason=veiled(standing.reason, record, guest.account) if knows else "",
        note=veiled(record.scan.note or "", record, guest.account),
        knows=knows,
        attempts=[
            _attempt(record, attempt, token, guest, site.settings, knows=knows)
            for attempt in reversed(tries(record.attempts))
        ],
        table=parameter_table(tuple(tries(record.attempts)))
        if guest.account.reviews and tries(record.attempts)
        else [],
        reviews=record.reviews if knows and guest.account.reviews else (),
        asked=record.asked,
        choice=parameters_of(site, record)
        if guest.account.leads and standing.state is not State.REFUSED
        else None,
        methods=methods(),
        bounds=BOUNDS,
        next_number=record.next_number,
        key=secrets.token_hex(8),
    )
    page.headers["content-security-policy"] = POLICY_3D
    return page


@router.post("/scan/{token}/ask")
async def ask(
    request: Request, token: str, site: TheSite, guest: Annotated[Guest, Depends(lead_of)]
) -> Response:
    """Ask for another attempt by a form."""
    form = await form_of(request)
    check_form(guest, form)
    await run_in_threadpool(_ask, site, guest, token, {name: values[0] for name, values in form.items()})
    return RedirectResponse(f"/scan/{token}", HTTPStatus.SEE_OTHER)


def _ask(site: Site, guest: Guest, token: str, form: dict[str, str]) -> None:
    record = site.record(token)
    try:
        right, anterior, superior = (float(form[f"nudge_{axis}"]) for axis in AXES)
        wish = Wish(
            method=form["method"],
            ears="ears" in form,
            bias_correction="bias_correction" in form,
            nudge_mm=(right, anterior, superior),
            brain_margin_mm=float(form["brain_margin_mm"]),
            fraction=float(form["fraction"]),
        )
        site.desk.ask(guest.reader, token, int(form["number"]), chosen(site, record, wish), form["key"][:40])
    except (KeyError, ValueError, SettingsError) as error:
        raise DeskError(
            HTTPStatus.BAD_REQUEST, "The parameters cannot be used; load the page again."
        ) from error
    except StoreError as error:
        raise DeskError(HTTPStatus.CONFLICT, str(error)) from error


def _attempt(
    record: Record, attempt: Attempt, token: str, guest: Guest, settings: Settings, *, knows: bool
) -> dict[str, Any]:
    limit_of = limits(record.attempts, settings)
    roles = [role for role in CAPTIONS if role in attempt.files and (knows or role not in OPINIONS)]
    if not guest.account.reviews and attempt is not record.attempts[-1]:
        roles = []
    told = opinion(attempt) if knows else None
    if told is not None:
        told["reasons"] = [veiled(reason, record, guest.account) for reason in told["reasons"]]
    return {
        "number": attempt.number,
        "last": attempt is record.attempts[-1],
        "has_volume": has_volume(attempt),
        "error": veiled(attempt.error, record, guest.account) if attempt.error else None,
        "opinion": told,
        "pictures": [
            (role, src(token, attempt.number, largest(role, attempt.files)), CAPTIONS[role]) for role in roles
        ],
        "sources": {role: src(token, attempt.number, largest(role, attempt.files)) for role in roles},
        "bullets": bullets(checks(attempt.measures, limit_of)) if knows else [],
        "model": attempt.prediction.model if attempt.prediction else "",
    }
