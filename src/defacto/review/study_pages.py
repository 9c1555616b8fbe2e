"""The pages about the work: the study in numbers, people, and the log; and the page of checks."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from defacto.report.figures import decimals, percent
from defacto.review import study
from defacto.review.checking import MOST_BYTES
from defacto.review.drawing import show
from defacto.review.site import Guest, Site, guest_of, lead_of, site_of
from defacto.review.views import code_of
from defacto.types import Mode

router = APIRouter(include_in_schema=False)
ROWS = 100
TheSite = Annotated[Site, Depends(site_of)]
TheGuest = Annotated[Guest, Depends(guest_of)]
TheLead = Annotated[Guest, Depends(lead_of)]
_COLUMNS = (
    "when",
    "reviewer",
    "scan",
    "attempt",
    "mode",
    "word",
    "features",
    "note",
    "seconds",
    "taken_back",
)


@router.get("/study")
def the_study(request: Request, site: TheSite, guest: TheGuest) -> Response:
    """Return the study in numbers."""
    totals = site.desk.totals()
    paces = study.paces(totals)
    by_hand_s = paces[Mode.MANUAL].expected_s
    spent_s = sum(amount for key, amount in totals.items() if key[0] == "seconds")
    waiting = site.desk.waiting()
    left_s = waiting["verify"] * paces[Mode.VERIFICATION].expected_s + by_hand_s * (
        waiting["manual"] + waiting["lead"]
    )
    results = study.results(totals)
    read_by_several, kappa = study.kappa_of_all(totals)
    return show(
        request,
        "study.html",
        guest,
        counts=study.counts(totals),
        picture=study.sankey(totals),
        paces=[pace for pace in paces.values() if pace.answers],
        results=results,
        spent_s=spent_s,
        left_s=left_s,
        by_hand_s=by_hand_s,
        all_by_hand_s=results * by_hand_s,
        read_by_several=read_by_several,
        kappa=kappa,
        kappas=study.kappas(totals) if guest.account.leads else [],
        confusion=study.confusion(totals),
        words=study.WORDS,
        machine=study.against_machine(totals),
        machine_words=(*study.WORDS, "not sure"),
        people_words=(*study.WORDS, "flag"),
        reliability=study.reliability(totals),
        risk=study.risk_now(totals, site.settings),
        p_pass=site.settings.qc.p_pass,
        decimals=decimals,
        percent=percent,
        isnan=math.isnan,
    )


@router.get("/people")
def people(request: Request, site: TheSite, guest: TheLead) -> Response:
    """Return who may sign in, and what each did."""
    totals = site.desk.totals()
    accounts = site.accounts.all()
    names = [account.name for account in accounts]
    others = [name for name in study.reviewers(totals) if name not in names]
    return show(
        request,
        "people.html",
        guest,
        accounts=accounts,
        others=others,
        paces={name: study.paces(totals, name) for name in [*names, *others]},
        settings=site.settings.review,
        isnan=math.isnan,
    )


@router.get("/log")
def log(
    request: Request, site: TheSite, guest: TheLead, before: Annotated[int | None, Query(ge=1)] = None
) -> Response:
    """Return who decided what and when, the newest first."""
    rows = site.desk.log(before, ROWS)
    return show(
        request,
        "log.html",
        guest,
        rows=rows,
        code_of=code_of,
        last=rows[-1].id if len(rows) == ROWS else None,
        first=before is None,
    )


@router.get("/log.tsv")
def log_table(site: TheSite, guest: TheLead) -> StreamingResponse:
    """Return the whole log as a table."""
    headers = {"content-disposition": 'attachment; filename="log.tsv"'}
    return StreamingResponse(_lines(site), media_type="text/tab-separated-values", headers=headers)


def _lines(site: Site) -> Iterator[str]:
    yield _line(_COLUMNS)
    before: int | None = None
    while rows := site.desk.log(before, 1000):
        before = rows[-1].id
        for row in rows:
            word = "took back" if row.retracts else row.outcome
            seconds = "" if row.seconds is None else f"{row.seconds:.2f}"
            yield _line(
                (
                    row.added.isoformat(timespec="seconds"),
                    row.reviewer,
                    row.name,
                    row.attempt,
                    row.mode,
                    word,
                    " ".join(row.features),
                    row.note,
                    seconds,
                    "yes" if row.taken_back else "no",
                )
            )


def _line(cells: tuple[Any, ...]) -> str:
    """Return a line of a table; no cell can be taken for a formula by a spreadsheet."""
    buffer = io.StringIO()
    texts = [" ".join(str(cell).split()) for cell in cells]
    safe = [f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text for text in texts]
    csv.writer(buffer, delimiter="\t", lineterminator="\n").writerow(safe)
    return buffer.getvalue()


@router.get("/check")
def check_page(request: Request, guest: TheGuest) -> Response:
    """Return the page on which a scan is dropped."""
    return show(request, "check.html", guest, most_mb=MOST_BYTES // 1024**2)
