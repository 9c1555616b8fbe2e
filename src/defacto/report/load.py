"""From the store of a run to the view of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from defacto import __version__
from defacto.config import Settings, read_settings
from defacto.pipeline.records import Event, Record
from defacto.pipeline.state import standing_of_record, tries
from defacto.pipeline.store import Store
from defacto.report.view import Happening, Missing, ScanView, StudyView, in_order


def load_view(out: Path) -> StudyView:
    """Read the store and the settings of a run.

    Parameters
    ----------
    out : Path
        Folder of the run.

    Raises
    ------
    StoreError
        If there is no store.
    """
    store = Store.open(out)
    path = out / "settings.toml"
    settings = read_settings(path if path.is_file() else None)
    events: dict[str, list[Event]] = defaultdict(list)
    for event in store.events():
        if event.scan is not None:
            events[event.scan].append(event)
    scans = [scan_view(record, settings, events[record.scan.name]) for record in store.records()]
    left_out = tuple(Missing(name, reason) for name, reason in store.left_out().items())
    return StudyView(in_order(scans), settings, __version__, left_out)


def scan_view(record: Record, settings: Settings, events: Sequence[Event] = ()) -> ScanView:
    """Return the view of one scan; an attempt that only says why the input cannot be used does not count."""
    scan, standing = record.scan, standing_of_record(record, settings)
    attempts = tuple(tries(record.attempts))
    details = {
        "subject": scan.subject,
        "session": scan.session or "",
        "suffix": scan.suffix,
        "origin": scan.origin,
    }
    return ScanView(
        name=scan.name,
        state=standing.state,
        attempts=attempts,
        reviews=record.reviews,
        events=tuple(Happening(f"{e.added:%Y-%m-%d %H:%M:%S}", e.text or e.kind) for e in events),
        details={key: value for key, value in details.items() if value},
        note=scan.note,
        reason=standing.reason,
    )
