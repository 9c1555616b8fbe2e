"""What the scripts of the pages ask for: scans to answer, answers, undoing, skipping, attempts, previews."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from defacto.config import deface_settings
from defacto.errors import StoreError
from defacto.pipeline.desk import MODE_OF, MOST, Answer, Received
from defacto.pipeline.desk_reading import Case
from defacto.pipeline.state import Queue
from defacto.review.choice import Wish, chosen
from defacto.review.site import DeskError, Guest, Site, guest_of, lead_of, reviewer_of, site_of
from defacto.review.views import case_view, outcome_of, received_view
from defacto.types import Feature, Review

router = APIRouter(
    prefix="/api", responses={c: {"description": "Refused"} for c in (400, 401, 403, 409, 413)}
)
Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16}$")]
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,40}$")]
Seconds = Annotated[float, Field(ge=0, le=1e6)]
Note = Annotated[str, Field(max_length=2000)]
Number = Annotated[int, Field(ge=1, le=10_000)]
TheSite = Annotated[Site, Depends(site_of)]
TheGuest = Annotated[Guest, Depends(guest_of)]
TheReviewer = Annotated[Guest, Depends(reviewer_of)]
TheLead = Annotated[Guest, Depends(lead_of)]
LONGEST_S = 600.0
"""Who takes longer was away: the answer counts, its time does not."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Take(_Body):
    """Scans to have before one."""

    queue: Queue
    count: int = Field(default=1, ge=1, le=2 * MOST)
    wanted: list[Token] = Field(default_factory=list, max_length=MOST)


class OneAnswer(_Body):
    """A word on a scan."""

    token: Token
    number: Number
    word: Literal["pass", "deep", "shallow", "failure", "flag"]
    key: Key
    features: list[Feature] = Field(default_factory=list, max_length=len(Feature))
    note: Note = ""
    seconds: Seconds | None = None


class Answers(_Body):
    """One answer, or those of a page of the gallery; with `more`, so many scans to answer next."""

    queue: Queue
    answers: list[OneAnswer] = Field(min_length=1, max_length=MOST)
    page: Key | None = None
    more: int = Field(default=0, ge=0, le=2 * MOST)


class Undo(_Body):
    """Take back the answer, or the page of answers, of a key."""

    of: Key
    key: Key


class Skip(_Body):
    """Put a scan off."""

    token: Token


class Ask(_Body):
    """Another attempt with own parameters."""

    token: Token
    number: Number
    parameters: Wish
    key: Key


class Preview(_Body):
    """A look at how an attempt would cut."""

    token: Token
    parameters: Wish


@router.post("/take")
def take(body: Take, site: TheSite, guest: TheReviewer) -> dict[str, Any]:
    """Return scans to answer, which nobody else gets meanwhile, and how many wait."""
    _may(guest, body.queue)
    cases = site.desk.take(guest.reader, body.queue, body.count, body.wanted)
    return {"cases": _views(cases), "waiting": site.desk.waiting()}


def _views(cases: list[Case]) -> list[dict[str, Any]]:
    return [case_view(case) for case in cases]


@router.get("/waiting")
def waiting_now(site: TheSite, guest: TheGuest) -> dict[str, int]:
    """Return how many scans wait in each queue."""
    return site.desk.waiting()


@router.post("/answers")
def answers(body: Answers, site: TheSite, guest: TheReviewer) -> dict[str, Any]:
    """Keep answers; each counts once however often it is sent."""
    _may(guest, body.queue)
    words = {answer.token: answer.word for answer in body.answers}
    allowed = {"pass", "flag"} if body.queue is Queue.VERIFY else {"pass", "deep", "shallow", "failure"}
    if set(words.values()) - allowed:
        raise DeskError(HTTPStatus.BAD_REQUEST, f"Expected one of {', '.join(sorted(allowed))}.")
    kept = [
        Answer(
            token=each.token,
            review=Review(
                attempt=each.number,
                outcome=outcome_of(each.word),
                reviewer=guest.account.name,
                note=each.note,
                mode=MODE_OF[body.queue],
                features=tuple(dict.fromkeys(each.features)),
                seconds=each.seconds if each.seconds is not None and each.seconds <= LONGEST_S else None,
            ),
            key=f"{body.page}:{place}" if body.page else each.key,
        )
        for place, each in enumerate(body.answers)
    ]
    received, cases = site.desk.answer_and_take(guest.reader, kept, body.queue, body.more)
    told = [_told(each, words[each.token], site) for each in received]
    return {"received": told} | (
        {"cases": _views(cases), "waiting": site.desk.waiting()} if body.more else {}
    )


def _told(received: Received, word: str, site: Site) -> dict[str, Any]:
    told = {"token": received.token, "refused": received.refused, "repeated": received.repeated}
    return told | received_view(received.record, word, site.settings)


@router.post("/undo")
def undo(body: Undo, site: TheSite, guest: TheReviewer) -> dict[str, Any]:
    """Take back own answers; the scans are before the reader again."""
    try:
        return {"tokens": site.desk.undo(guest.reader, body.of, body.key)}
    except StoreError as error:
        raise DeskError(HTTPStatus.CONFLICT, str(error)) from error


@router.post("/skip")
def skip(body: Skip, site: TheSite, guest: TheReviewer) -> dict[str, Any]:
    """Put a scan off until nothing else is left."""
    site.desk.skip(guest.reader, body.token)
    return {}


@router.post("/ask")
def ask(body: Ask, site: TheSite, guest: TheLead) -> dict[str, Any]:
    """Ask for another attempt; the next run makes it."""
    parameters = chosen(site, site.record(body.token), body.parameters)
    try:
        site.desk.ask(guest.reader, body.token, body.number, parameters, body.key)
    except StoreError as error:
        raise DeskError(HTTPStatus.CONFLICT, str(error)) from error
    return {"state": "to retry"}


@router.post("/preview")
def preview(body: Preview, site: TheSite, guest: TheLead) -> dict[str, Any]:
    """Return how an attempt would cut, made in memory; nothing of it is kept."""
    if site.originals is None:
        raise DeskError(HTTPStatus.CONFLICT, "The desk was started without --input; there is nothing to cut.")
    record = site.record(body.token)
    parameters = chosen(site, record, body.parameters)
    return site.originals.preview(record.scan.name, deface_settings(parameters))


def _may(guest: Guest, queue: Queue) -> None:
    if queue is Queue.LEAD and not guest.account.leads:
        raise DeskError(HTTPStatus.FORBIDDEN, "Only leads settle what reviewers do not agree on.")
