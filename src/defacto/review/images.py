"""Pictures: of results from the run's folder, of originals made in memory; nothing of them is ever cached."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi import Path as InPath
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from defacto.errors import VolumeError
from defacto.io import volume
from defacto.pipeline.evidence import LARGE_OF
from defacto.pipeline.state import standing_of_record
from defacto.review.originals import Originals
from defacto.review.site import DeskError, Guest, Site, guest_of, lead_of, reviewer_of, site_of
from defacto.review.views import CAPTIONS, OPINIONS, SEEN_BY_ALL, may_know

router = APIRouter(include_in_schema=False)
BEFORE = ("before_left", "before_front", "before_right", "slices_before_after")
Token = Annotated[str, InPath(pattern=r"^[A-Za-z0-9_-]{16}$")]
Number = Annotated[int, InPath(ge=1, le=10_000)]
VOLUMES = (".nii.gz", ".nii", ".mgz", ".mgh")
_KEPT = frozenset({*CAPTIONS, *LARGE_OF.values()})
_NONE = "There is no such picture."


@router.get("/picture/{token}/{number}/{role}")
async def picture(
    token: Token,
    number: Number,
    role: str,
    site: Annotated[Site, Depends(site_of)],
    guest: Annotated[Guest, Depends(guest_of)],
) -> Response:
    """Return a picture of a result."""
    return _png(await run_in_threadpool(_content, token, number, role, site, guest))


def _content(token: str, number: int, role: str, site: Site, guest: Guest) -> bytes:
    path = site.desk.file(token, number, role) if role in _KEPT else None
    if path is None:
        raise DeskError(HTTPStatus.NOT_FOUND, _NONE)
    if not guest.account.reviews or (role in OPINIONS and not guest.account.leads):
        record = site.desk.find(token)
        if record is None:
            raise DeskError(HTTPStatus.NOT_FOUND, _NONE)
        last = bool(record.attempts) and record.attempts[-1].number == number
        passed = last and standing_of_record(record, site.settings).state in SEEN_BY_ALL
        if not guest.account.reviews and not passed:
            raise DeskError(
                HTTPStatus.FORBIDDEN, "Viewers see pictures of passes only: others may show a face."
            )
        if role in OPINIONS and not may_know(record, guest.account, site.settings):
            raise DeskError(HTTPStatus.FORBIDDEN, "The machine's opinion is shown after your answer.")
    return inside(site.out, path, (".png",)).read_bytes()


@router.get("/before/{token}/{number}/{role}")
def before(
    token: Token,
    number: Number,
    role: str,
    site: Annotated[Site, Depends(site_of)],
    guest: Annotated[Guest, Depends(lead_of)],
) -> Response:
    """Return a picture of an original, where it may be shown."""
    originals = _originals(site)
    record = site.desk.find(token) if role in BEFORE else None
    attempt = next((a for a in record.attempts if a.number == number), None) if record else None
    if record is None or attempt is None:
        raise DeskError(HTTPStatus.NOT_FOUND, _NONE)
    drawn = originals.before(record.scan.name, attempt.files, number)
    if role not in drawn:
        raise DeskError(HTTPStatus.NOT_FOUND, _NONE)
    return _png(drawn[role])


@router.get("/volume/{token}/{number}/after.nii")
def volume_after(
    token: Token,
    number: Number,
    site: Annotated[Site, Depends(site_of)],
    guest: Annotated[Guest, Depends(reviewer_of)],
) -> Response:
    """Return the defaced volume of an attempt, for the view in 3D."""
    path = site.desk.file(token, number, "volume")
    if path is None:
        raise DeskError(HTTPStatus.NOT_FOUND, "The attempt kept no volume.")
    try:
        scan = volume.read(inside(site.out, path, VOLUMES))
        return _nifti(volume.to_bytes(scan))
    except VolumeError as error:
        raise DeskError(HTTPStatus.NOT_FOUND, "The volume cannot be read.") from error


@router.get("/volume/{token}/{number}/before.nii")
def volume_before(
    token: Token,
    number: Number,
    site: Annotated[Site, Depends(site_of)],
    guest: Annotated[Guest, Depends(lead_of)],
) -> Response:
    """Return the original, its header cleaned, where it may be shown."""
    originals = _originals(site)
    record = site.desk.find(token)
    if record is None:
        raise DeskError(HTTPStatus.NOT_FOUND, _NONE)
    return _nifti(originals.content(record.scan.name))


def _originals(site: Site) -> Originals:
    if site.originals is None or not site.originals.shown:
        raise DeskError(HTTPStatus.FORBIDDEN, "Originals are not shown at this desk.")
    return site.originals


def inside(out: Path, path: str, endings: tuple[str, ...]) -> Path:
    """Return the place of a file below OUT/scans, or raise DeskError."""
    root = (out / "scans").resolve()
    file = (out / path).resolve()
    if not file.is_relative_to(root) or not file.name.endswith(endings) or not file.is_file():
        raise DeskError(HTTPStatus.NOT_FOUND, _NONE)
    return file


def _nifti(content: bytes) -> Response:
    return _sent(content, "application/octet-stream")


def _png(content: bytes) -> Response:
    return _sent(content, "image/png")


def _sent(content: bytes, kind: str) -> Response:
    return Response(content, media_type=kind, headers={"cache-control": "no-store"})
