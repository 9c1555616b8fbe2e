"""A scan that somebody drops on the page: judged in memory, and forgotten."""

from __future__ import annotations

import os
from http import HTTPStatus
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool

from defacto.errors import DefactoError
from defacto.io import volume
from defacto.pipeline.check import Checked, check_scan
from defacto.pipeline.own_network import network_of
from defacto.pipeline.sources import sentence
from defacto.report.words import arrival_meaning
from defacto.review.originals import COMPUTING, as_text
from defacto.review.site import DeskError, Guest, Site, guest_of, site_of

router = APIRouter(prefix="/api")
MOST_BYTES = 256 * 1024**2
"""Most that a file may have."""
MOST_GB = 2.0
"""Most memory that what it declares may take, 1e9 bytes."""


@router.post(
    "/check",
    openapi_extra={
        "requestBody": {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "required": True,
        }
    },
    responses={code: {"description": "Refused"} for code in (401, 403, 409, 413, 422)},
)
async def check(
    request: Request, site: Annotated[Site, Depends(site_of)], guest: Annotated[Guest, Depends(guest_of)]
) -> dict[str, Any]:
    """Judge a NIfTI or MGH file: can a face be made out, is the brain whole? Nothing of it is kept."""
    if not site.busy.acquire(blocking=False):
        raise DeskError(HTTPStatus.CONFLICT, "Another scan is being checked; try again in a moment.")
    try:
        with os.fdopen(os.memfd_create("scan"), "w+b") as file:
            async for part in request.stream():
                file.write(part)
            file.flush()
            if not file.tell():
                raise DeskError(HTTPStatus.UNPROCESSABLE_ENTITY, "Expected a NIfTI or MGH file, got nothing.")
            return await run_in_threadpool(_judge, file, site)
    finally:
        site.busy.release()


def _judge(file: BinaryIO, site: Site) -> dict[str, Any]:
    """Judge a file that lies in memory alone; it is gone when it is closed, or when the process ends."""
    try:
        scan = volume.read_open(file, max_memory_gb=min(MOST_GB, site.settings.input.max_memory_gb))
        with COMPUTING:
            checked = check_scan(scan, site.settings, draw=True, explain=True, network=network_of(site.out))
    except DefactoError as error:
        raise DeskError(HTTPStatus.UNPROCESSABLE_ENTITY, sentence(error)) from error
    return _told(checked)


def _told(checked: Checked) -> dict[str, Any]:
    told = checked.document()
    del told["path"]
    return told | {
        "word": checked.word,
        "meaning": arrival_meaning(checked),
        "pictures": {role: as_text(picture) for role, picture in checked.pictures.items()},
        "seconds": round(sum(checked.seconds.values()), 1),
    }
