"""What several threads have to write at the same moment, in one transaction: the disk is waited for once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from defacto.pipeline.database import unusable, writing

T = TypeVar("T")


class _Ticket:
    """Work that waits to be done, and how it ended."""

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.done = False
        self.value: Any = None
        self.error: Exception | None = None


class Together:
    """Transactions of threads of one process, put together where they wait for one another.

    For SQLite, which has one writer: instead of queueing for the disk, whoever comes next does the work of
    all that wait. Each one's work is kept or not on its own; `write` returns when it is safe on the disk.

    Parameters
    ----------
    engine : Engine
        An open database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock()
        self._guard = threading.Lock()
        self._waiting: list[_Ticket] = []

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do work in a transaction that writes; return what it returns, or raise what it raises."""
        ticket = _Ticket(work)
        with self._guard:
            self._waiting.append(ticket)
        with self._turn:
            if not ticket.done:
                with self._guard:
                    batch, self._waiting = self._waiting, []
                self._do(batch)
        if ticket.error is not None:
            raise ticket.error
        value: T = ticket.value
        return value

    def _do(self, batch: list[_Ticket]) -> None:
        try:
            with writing(self._engine) as connection:
                for ticket in batch:
                    _do_one(ticket, connection)
        except Exception as error:
            for ticket in batch:
                ticket.error = ticket.error or error
        finally:
            for ticket in batch:
                ticket.done = True


def _do_one(ticket: _Ticket, connection: Connection) -> None:
    try:
        with connection.begin_nested():
            ticket.value = ticket.work(connection)
    except SQLAlchemyError as error:
        ticket.error = unusable(error)
    except Exception as error:
        ticket.error = error
