"""Tables that may change: what follows from the store's rows, and what the review desk needs.

The first are kept so that no page computes over all scans; `defacto.pipeline.standings` makes them anew.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from defacto.pipeline.tables import METADATA

STANDING = Table(
    "standing",
    METADATA,
    Column("scan_id", ForeignKey("scan.id"), primary_key=True),
    Column("token", String(32), nullable=False, unique=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("site", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("queue", String(16)),
    Column("rank", Float(53), nullable=False),
    Column("number", Integer, nullable=False),
    Column("attempt_id", Integer),
    Column("read_by", Text),
    Column("counted", JSON, nullable=False),
    Index("ix_standing_queue", "queue", "rank", "scan_id"),
    Index("ix_standing_site", "queue", "site", "rank", "scan_id"),
    Index("ix_standing_state", "state", "scan_id"),
)
"""Where each scan stands. `token` stands for the scan in addresses and tells nothing of it; `rank` is
its place in a queue: the classifier's probability of a pass, the most doubtful first, or a lot; `read_by`
names who gave a word on the last attempt, as ``/Ada/Bo/``; `counted` is what the scan adds to the tally."""

TALLY = Table(
    "tally",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("what", Text, nullable=False),
    Column("amount", Float(53), nullable=False),
)
"""Sums over all scans, as parts that are added up; so writers never wait for one another."""

NOTE = Table(
    "note",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)
"""What the tables above were made with."""

LEASE = Table(
    "lease",
    METADATA,
    Column("scan_id", ForeignKey("scan.id"), primary_key=True),
    Column("reader", String(255), nullable=False, index=True),
    Column("queue", String(16), nullable=False),
    Column("taken", Float(53), nullable=False),
    Column("until", Float(53), nullable=False),
)
"""Who has a scan before them, and until when, in seconds since 1970."""

SKIP = Table(
    "skip",
    METADATA,
    Column("attempt_id", Integer, primary_key=True),
    Column("reader", String(255), primary_key=True),
)
"""Attempts that a reader put off."""

ACCOUNT = Table(
    "account",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("password", Text),
    Column("site", String(64)),
    Column("active", Boolean, nullable=False),
)
"""Who may sign in; `password` is an argon2 hash, or nothing where only a link leads in."""

SIGN_IN = Table(
    "sign_in",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("begun", Float(53), nullable=False),
    Column("seen", Float(53), nullable=False),
)
"""Sessions: the hash of what the browser holds, never that itself."""

__all__ = ["ACCOUNT", "LEASE", "METADATA", "NOTE", "SIGN_IN", "SKIP", "STANDING", "TALLY"]
