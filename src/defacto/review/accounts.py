"""Who may sign in, and who is signed in."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Engine, delete, insert, select, update

from defacto.errors import SettingsError
from defacto.pipeline.database import reading, writing
from defacto.pipeline.desk_tables import ACCOUNT, SIGN_IN

IDLE_S, LONGEST_S = 45 * 60.0, 12 * 3600.0
"""A session ends when nothing was asked for so long, and after so long in any case."""
ADDRESS = "from "
"""What the keys of addresses begin with."""
LEAST_PASSWORD = 10
MOST_PASSWORD = 1024
_FRESH_S = 5.0
_NOTE_S = 60.0
_AT_ONCE = threading.BoundedSemaphore(2)
_HASHER = PasswordHasher()
_NOBODYS = _HASHER.hash(secrets.token_hex(16))


class Role(StrEnum):
    """What somebody may do."""

    VIEWER = "viewer"
    """Look at what is cleared, and at the study."""
    REVIEWER = "reviewer"
    """Decide, too."""
    LEAD = "lead"
    """Settle, see names and originals, ask for attempts, and see who did what, too."""


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in."""

    id: int
    name: str
    role: Role
    site: str | None = None
    active: bool = True
    has_password: bool = False

    @property
    def reviews(self) -> bool:
        """Whether the person may decide."""
        return self.role is not Role.VIEWER

    @property
    def leads(self) -> bool:
        """Whether the person may settle, and see names and originals."""
        return self.role is Role.LEAD


class Accounts:
    """The accounts and sessions of a store.

    Parameters
    ----------
    engine : Engine
        Of the store.
    clock : callable
        Returns seconds since 1970.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock
        self._fresh: dict[str, tuple[float, Account]] = {}

    def add(self, name: str, role: Role, password: str | None = None, site: str | None = None) -> None:
        """Add an account, or change the one of that name; its sessions end.

        Raises
        ------
        SettingsError
            If the name or the password cannot be used.
        """
        if not (name == name.strip() and 1 <= len(name) <= 64 and name.isprintable()) or set(name) & set(
            "/\\"
        ):
            raise SettingsError("The name: expected 1 to 64 letters without / and \\.")
        if password is not None and not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
            raise SettingsError(f"The password: expected at least {LEAST_PASSWORD} characters.")
        hashed = None if password is None else _HASHER.hash(password)
        values = {"role": role.value, "password": hashed, "site": site, "active": True}
        with writing(self._engine) as connection:
            known = connection.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.name == name)).scalar()
            if known is None:
                connection.execute(insert(ACCOUNT).values(name=name, **values))
            else:
                connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == known).values(**values))
                connection.execute(delete(SIGN_IN).where(SIGN_IN.c.account_id == known))

    def remove(self, name: str) -> None:
        """Close an account and its sessions; what the person decided stays.

        Raises
        ------
        SettingsError
            If there is none of that name.
        """
        with writing(self._engine) as connection:
            known = connection.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.name == name)).scalar()
            if known is None:
                raise SettingsError(f"There is no account {name}.")
            connection.execute(
                update(ACCOUNT).where(ACCOUNT.c.id == known).values(active=False, password=None)
            )
            connection.execute(delete(SIGN_IN).where(SIGN_IN.c.account_id == known))

    def all(self) -> list[Account]:
        """Return every account, in order of name."""
        with reading(self._engine) as connection:
            return [_account(row) for row in connection.execute(select(ACCOUNT).order_by(ACCOUNT.c.name))]

    def find(self, name: str) -> Account | None:
        """Return the account of a name."""
        return next((account for account in self.all() if account.name == name), None)

    def check(self, name: str, password: str) -> Account | None:
        """Return the account if the password is its own; it takes as long for a name that is not there."""
        with reading(self._engine) as connection:
            row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.name == name)).first()
        hashed = row.password if row is not None and row.active and row.password else None
        with _AT_ONCE:
            try:
                right = _HASHER.verify(hashed or _NOBODYS, password[:MOST_PASSWORD])
            except (Argon2Error, InvalidHashError):
                return None
        return _account(row) if right and hashed and row is not None else None

    def begin(self, account: Account) -> str:
        """Begin a session; return what the browser is to hold."""
        token, now = secrets.token_urlsafe(32), self._clock()
        values = {"digest": digest(token), "account_id": account.id, "begun": now, "seen": now}
        with writing(self._engine) as connection:
            connection.execute(delete(SIGN_IN).where(SIGN_IN.c.begun < now - LONGEST_S))
            connection.execute(insert(SIGN_IN).values(**values))
        return token

    def seen_just_now(self, token: str) -> Account | None:
        """Return whose session it is, if that was looked up in the last seconds."""
        looked, account = self._fresh.get(digest(token), (0.0, None))
        return account if account is not None and 0 <= self._clock() - looked < _FRESH_S else None

    def signed_in(self, token: str) -> Account | None:
        """Return whose session it is, if it has not ended."""
        now, key = self._clock(), digest(token)
        query = (
            select(ACCOUNT, SIGN_IN.c.begun, SIGN_IN.c.seen)
            .join(SIGN_IN, SIGN_IN.c.account_id == ACCOUNT.c.id)
            .where(SIGN_IN.c.digest == key)
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        if row is None or not row.active or now - row.seen > IDLE_S or now - row.begun > LONGEST_S:
            self._fresh.pop(key, None)
            return None
        if now - row.seen > _NOTE_S:
            with writing(self._engine) as connection:
                connection.execute(update(SIGN_IN).where(SIGN_IN.c.digest == key).values(seen=now))
        if len(self._fresh) > 1000:
            self._fresh.clear()
        self._fresh[key] = (now, _account(row))
        return self._fresh[key][1]

    def end(self, token: str) -> None:
        """End a session."""
        self._fresh.pop(digest(token), None)
        with writing(self._engine) as connection:
            connection.execute(delete(SIGN_IN).where(SIGN_IN.c.digest == digest(token)))


class Brake:
    """Slows down who tries passwords: after each failure beyond the third the wait doubles.

    By address it takes more failures: all who come by one tunnel share one.

    Parameters
    ----------
    clock : callable
        Returns seconds.
    """

    FREE, FREE_FROM_ADDRESS, LONGEST_S, MOST = 3, 30, 900.0, 10_000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def wait_s(self, *keys: str) -> float:
        """Return how long to wait before the next try counts, seconds."""
        with self._lock:
            waits = [self._until(key, *self._failures.get(key, (0, 0.0))) - self._clock() for key in keys]
        return max(0.0, *waits)

    def failed(self, *keys: str) -> None:
        """Note a failure."""
        with self._lock:
            for key in keys:
                count, _ = self._failures.pop(key, (0, 0.0))
                self._failures[key] = (count + 1, self._clock())
            while len(self._failures) > self.MOST:
                del self._failures[next(iter(self._failures))]

    def passed(self, *keys: str) -> None:
        """Forget the failures."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def _until(self, key: str, count: int, last: float) -> float:
        beyond = count - (self.FREE_FROM_ADDRESS if key.startswith(ADDRESS) else self.FREE)
        return last + min(self.LONGEST_S, 2.0 ** min(beyond, 20)) if beyond >= 0 and count else 0.0


def digest(token: str) -> str:
    """Return what is kept of a secret that a browser holds."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _account(row: Any) -> Account:
    has_password = row.active and row.password is not None
    return Account(row.id, row.name, Role(row.role), row.site, row.active, has_password)
