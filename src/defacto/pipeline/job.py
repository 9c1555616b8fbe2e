"""What the processes of a run tell one another: the job, and how the work on a scan ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from defacto.config import Settings
from defacto.errors import DefactoError
from defacto.pipeline.own_network import network_of
from defacto.pipeline.state import Standing, standing_of_record
from defacto.pipeline.store import Store


@dataclass(frozen=True, eq=False)
class Job:
    """What a process needs to know of a run.

    Parameters
    ----------
    out : Path
        Folder of the run.
    settings : Settings
        Of the run.
    work : Path
        Folder for temporary files.
    run : str
        Name of the run.
    """

    out: Path
    settings: Settings
    work: Path
    run: str

    @property
    def network(self) -> Path:
        """Folder of the classifier."""
        return network_of(self.out)

    def open_store(self) -> Store:
        """Open the store of the run."""
        return Store.open(self.out, run=self.run)


@dataclass(frozen=True)
class Finished:
    """How the work on one scan ended.

    Parameters
    ----------
    name : str
        The scan.
    standing : Standing
        Where it stands now.
    attempts : int
        How many were made now.
    crashed : bool
        Whether the tool itself stopped on it.
    elsewhere : bool
        Whether another run is working on it.
    """

    name: str
    standing: Standing
    attempts: int = 0
    crashed: bool = False
    elsewhere: bool = False


def note_crash(store: Store, name: str, what: str, settings: Settings) -> Finished:
    """Put on record that the tool stopped on a scan."""
    record = store.record(name)
    store.add_event("crash", f"The tool stopped on it: {what}.", name, record.next_number)
    return Finished(name, standing_of_record(store.record(name), settings), crashed=True)


def describe(error: BaseException) -> str:
    """Say what an unforeseen error was and where in our code, without its message, which may hold a path.

    Messages of our own errors hold none; they are given as they are.
    """
    if isinstance(error, DefactoError):
        return str(error).rstrip(".")
    place, trace = "", error.__traceback__
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith("defacto."):
            place = f" in {module}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{place}"
