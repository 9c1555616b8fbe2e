"""Which store belongs to which output folder; neither is ever taken for another's."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, insert, select

from defacto.errors import NotThereError, StoreError
from defacto.pipeline.database import open_engine, reading, sqlite_url, writing
from defacto.pipeline.tables import EVENT

URL_VARIABLE = "DEFACTO_STORE"
"""Environment variable with the address of a PostgreSQL store; one database serves one output folder."""
FILE_NAME = "store.sqlite"
ID_NAME = "store.id"
"""File that says that the store is in a database elsewhere, and which."""


def open_bound(out: Path, *, make: bool, pooled: bool = False) -> Engine:
    """Open the store of an output folder.

    Parameters
    ----------
    out : Path
        Output folder of a run.
    make : bool
        Whether to make the store where there is none.
    pooled : bool
        Whether connections are kept for the next use.

    Raises
    ------
    StoreError
        If there is none, or it is another folder's.
    """
    url, file, identity = os.environ.get(URL_VARIABLE), out / FILE_NAME, out / ID_NAME
    name = out.name or "This folder"
    if url:
        if file.exists():
            raise StoreError(f"{name} has a {FILE_NAME}; unset {URL_VARIABLE}, which names another store.")
        engine = open_engine(url, pooled=pooled)
        _bind(engine, identity, make=make)
        return engine
    if identity.exists():
        raise StoreError(f"The store of {name} is a database; set {URL_VARIABLE} to its address.")
    if not make and not file.is_file():
        raise NotThereError(f"{name} has no {FILE_NAME}; give the output folder of `defacto run`.")
    return open_engine(sqlite_url(file), pooled=pooled)


def _bind(engine: Engine, identity: Path, *, make: bool) -> None:
    """Make sure that database and folder carry the same mark."""
    with reading(engine) as connection:
        theirs = connection.execute(select(EVENT.c.text).where(EVENT.c.kind == "folder")).scalar()
    ours = identity.read_text(encoding="ascii").strip() if identity.is_file() else None
    if ours is None and theirs is None and make:
        ours = theirs = secrets.token_hex(16)
        identity.write_text(ours + "\n", encoding="ascii")
        with writing(engine) as connection:
            values = {"run": "", "kind": "folder", "text": ours, "added": datetime.now(UTC)}
            connection.execute(insert(EVENT).values(**values))
    if ours is None or ours != theirs:
        raise StoreError(
            f"The database that {URL_VARIABLE} names is not the store of this output folder;"
            " one database serves one folder."
        )
