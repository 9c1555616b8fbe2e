"""Open a database and bring it to its present form.

SQLite is made safe for several processes and for network folders; PostgreSQL serves where asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool

from defacto.errors import StoreError

HEAD = "0003"
"""The newest migration."""

_BUSY_TIMEOUT_S = 120
_POOL = 24
_MIGRATION_LOCK = 0x0DEFAC70


def sqlite_url(path: Path) -> URL:
    """Return the address of a SQLite file."""
    return URL.create("sqlite", database=str(path))


def open_engine(url: str | URL, *, pooled: bool = False) -> Engine:
    """Connect, and bring the tables to their present form.

    Parameters
    ----------
    url : str or URL
        ``sqlite:///...`` or ``postgresql://...``.
    pooled : bool
        Whether connections are kept for the next use, as suits one process that answers many people.

    Raises
    ------
    StoreError
        If the database cannot be reached, or was made by a newer version of defacto.
    """
    try:
        engine = _make_engine(make_url(url), pooled=pooled)
        _migrate(engine)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise StoreError(
            "The store's address is not one that defacto knows; expected sqlite:///FILE or postgresql://..."
            " (PostgreSQL needs the package psycopg)."
        ) from error
    except SQLAlchemyError as error:
        raise unusable(error) from error
    return engine


def unusable(error: SQLAlchemyError) -> StoreError:
    """Say that the store cannot be used; the driver's own message may hold rows and paths."""
    cause = getattr(error, "orig", None) or error
    return StoreError(
        f"The store of this run cannot be used ({type(cause).__name__});"
        " check that its file or server is there, readable, whole and not full."
    )


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes: all of it is kept, or nothing.

    PostgreSQL shows each statement what others have finished, so that after waiting for a row its newest
    content is read.
    """
    options: dict[str, Any] = {"writes": True}
    if engine.dialect.name == "postgresql":
        options["isolation_level"] = "READ COMMITTED"
    try:
        with engine.execution_options(**options).begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise unusable(error) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that reads one consistent state."""
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise unusable(error) from error


def _make_engine(url: URL, *, pooled: bool) -> Engine:
    pool: dict[str, Any] = {"poolclass": NullPool}
    if pooled:
        pool = {"poolclass": QueuePool, "pool_size": _POOL, "max_overflow": _POOL}
    if url.get_backend_name() == "postgresql":
        if url.get_driver_name() == "psycopg2" and "+" not in url.drivername:
            url = url.set(drivername="postgresql+psycopg")
        return create_engine(url, isolation_level="REPEATABLE READ", pool_pre_ping=pooled, **pool)
    if url.get_backend_name() != "sqlite":
        raise ArgumentError("neither SQLite nor PostgreSQL")
    engine = create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False}, **pool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Leave transactions to us; a rollback journal works on network folders, where WAL does not."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_S * 1000}")
    cursor.execute("PRAGMA journal_mode = DELETE")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA trusted_schema = OFF")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once where rows will be added: a read lock cannot be raised safely later."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(engine: Engine) -> None:
    with engine.begin() as connection:
        if _revision(connection) == HEAD:
            return
    postgresql = engine.dialect.name == "postgresql"
    options = {"isolation_level": "READ COMMITTED"} if postgresql else {"writes": True}
    with engine.execution_options(**options).begin() as connection:
        if postgresql:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  (slow to import, and seldom needed)
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            "The store was made by a newer version of defacto; use that version, or a new output folder."
        ) from error


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
