"""The input of the run, for leads: pictures before a cut, and how another would cut; in memory only."""

from __future__ import annotations

import base64
import contextlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from defacto import anatomy, render
from defacto.config import DefaceSettings, Settings
from defacto.errors import DefactoError
from defacto.io import volume
from defacto.io.source import Source
from defacto.pipeline.attempt import LARGE_PX, Bench, examine
from defacto.pipeline.clock import Clock
from defacto.pipeline.evidence import LARGE_OF
from defacto.pipeline.folder import OutFolder
from defacto.pipeline.own_network import network_of
from defacto.pipeline.sources import Opened, Selection, find_sources, open_source, sentence
from defacto.pipeline.work import work_folder
from defacto.privacy import header
from defacto.report.words import number, outcome_word
from defacto.review.site import DeskError
from defacto.review.views import CAPTIONS, OPINIONS
from defacto.types import Grid, Picture

COMPUTING = threading.Lock()
"""Held by whoever computes: not every threading layer of numba allows two threads at once."""
_ALL = Selection()
_KEPT = 4
"""Scans whose pictures are kept in memory."""


class Originals:
    """The input of a run.

    Parameters
    ----------
    folder : Path
        As it was given to `defacto run`.
    out : Path
        Folder of the run.
    settings : Settings
        Of the run.
    shown : bool
        Whether pictures of originals may be shown at all.
    selection : Selection
        By what rules and key the scans of DICOM got their names; who was asked for does not matter.
    """

    def __init__(
        self, folder: Path, out: Path, settings: Settings, *, shown: bool, selection: Selection = _ALL
    ) -> None:
        self.folder = folder
        self._selection = selection
        self._out = out
        self.shown = shown
        self._settings = settings
        self._sources: dict[str, Source] | None = None
        self._looking = threading.Lock()
        self._pictures: OrderedDict[tuple[str, int], dict[str, bytes]] = OrderedDict()
        self._lock = COMPUTING

    def look_ahead(self) -> None:
        """Look through the input in the background, which takes long where it is a large folder of DICOM."""

        def look() -> None:
            with contextlib.suppress(DefactoError):  # who asks for an original is told
                self._find()

        threading.Thread(target=look, name="input", daemon=True).start()

    def before(self, name: str, files: Mapping[str, str], number: int) -> dict[str, bytes]:
        """Return pictures as PNG: ``before_left``, ``_right`` and ``_front``, and ``slices_before_after``.

        Parameters
        ----------
        name : str
            The scan.
        files : mapping
            Of the attempt that they are compared with.
        number : int
            Of that attempt.
        """
        with self._lock:
            key = (name, number)
            if key not in self._pictures:
                self._pictures[key] = self._draw(name, files)
                while len(self._pictures) > _KEPT:
                    self._pictures.popitem(last=False)
            self._pictures.move_to_end(key)
            return self._pictures[key]

    def content(self, name: str) -> bytes:
        """Return an original as the content of a NIfTI file, its header cleaned."""
        with self._lock:
            try:
                return volume.to_bytes(header.clean(self._open(name).scan))
            except DefactoError as error:
                raise _said(error) from error

    def preview(self, name: str, parameters: DefaceSettings) -> dict[str, Any]:
        """Return what an attempt would come to: the machine's word, its reasons, pictures of the result."""
        if not self._lock.acquire(blocking=False):
            raise DeskError(HTTPStatus.CONFLICT, "Another picture is being made; try again in a moment.")
        try:
            opened = self._open(name)
            done = examine(Bench(opened, self._settings, network=network_of(self._out)), parameters, Clock())
        except DefactoError as error:
            raise _said(error) from error
        finally:
            self._lock.release()
        pictures = {
            role: done.pictures.get(LARGE_OF.get(role, role), picture)
            for role, picture in done.pictures.items()
            if role in CAPTIONS and role not in OPINIONS
        }
        removed = done.measures.get("removed_ml")
        return {
            "word": outcome_word(done.decision.outcome, done.decision.sure),
            "reasons": [reason.sentence for reason in done.decision.reasons],
            "removed": number(removed.value, removed.unit) if removed else None,
            "pictures": {role: as_text(picture) for role, picture in pictures.items()},
        }

    def _draw(self, name: str, files: Mapping[str, str]) -> dict[str, bytes]:
        try:
            scan = self._open(name).scan
            upright = Grid(
                scan.grid.shape, anatomy.survey(scan.volume, scan.grid).pose.turn @ scan.grid.affine
            )
            head = render.find_head(scan.volume, upright)
            drawn = {
                f"before_{view}": picture
                for view, picture in render.surface_views(scan.volume, upright, head, size=LARGE_PX).items()
            }
            if "mask" in files:
                mask = volume.read(self._out / files["mask"], allow_blank=True).stored.astype(bool)
                drawn["slices_before_after"] = render.slices_before_after(
                    scan.volume, scan.volume, upright, mask
                )
        except DefactoError as error:
            raise _said(error) from error
        return {role: render.to_png(picture) for role, picture in drawn.items()}

    def _open(self, name: str) -> Opened:
        source = self._find().get(name)
        if source is None:
            raise DeskError(
                HTTPStatus.CONFLICT,
                "The scan is not in the input that the desk was started with; DICOM needs the subject key and"
                " the series map of the run.",
            )
        with work_folder(OutFolder(self._out).work, f"desk-{secrets.token_hex(4)}") as work:
            return open_source(source, self._settings, work)

    def _find(self) -> dict[str, Source]:
        with self._looking:
            if self._sources is None:
                found, _ = find_sources(self.folder, self._settings, self._selection)
                self._sources = {source.name: source for source in found}
            return self._sources


def as_text(picture: Picture) -> str:
    """Return a picture as PNG in base64."""
    return base64.b64encode(render.to_png(picture)).decode("ascii")


def _said(error: DefactoError) -> DeskError:
    return error if isinstance(error, DeskError) else DeskError(HTTPStatus.CONFLICT, sentence(error))
