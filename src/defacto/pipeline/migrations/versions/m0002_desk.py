"""The review desk: more about a review, attempts asked for, and the tables that may change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make everything; the rows of *standing* are made by `defacto.pipeline.standings` when first needed."""
    _review_and_ask()
    _what_follows()
    _what_the_desk_needs()


def _review_and_ask() -> None:
    op.add_column("review", sa.Column("mode", sa.String(16), nullable=False, server_default="label"))
    op.add_column("review", sa.Column("features", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("review", sa.Column("seconds", sa.Float(53)))
    op.add_column("review", sa.Column("answer", sa.String(128)))
    op.add_column("review", sa.Column("retracts", sa.Integer))
    op.create_index("ux_review_answer", "review", ["answer"], unique=True)
    op.create_index("ux_review_retracts", "review", ["retracts"], unique=True)
    op.create_table(
        "ask",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("scan_id", sa.Integer, sa.ForeignKey("scan.id"), nullable=False, index=True),
        sa.Column("name", sa.String(255), nullable=False, index=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("reviewer", sa.String(255), nullable=False),
        sa.Column("answer", sa.String(128), nullable=False, unique=True),
        sa.Column("added", sa.DateTime(timezone=True), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER ask_only_add BEFORE UPDATE OR DELETE ON ask "
            "FOR EACH ROW EXECUTE FUNCTION defacto_only_add()"
        )
    elif op.get_bind().dialect.name == "sqlite":
        for change in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER ask_no_{change} BEFORE {change.upper()} ON ask "
                "BEGIN SELECT RAISE(ABORT, 'rows are only ever added'); END"
            )


def _what_follows() -> None:
    op.create_table(
        "standing",
        sa.Column("scan_id", sa.Integer, sa.ForeignKey("scan.id"), primary_key=True),
        sa.Column("token", sa.String(32), nullable=False, unique=True),
        sa.Column("name", sa.String(255), nullable=False, unique=True),
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("queue", sa.String(16)),
        sa.Column("sure", sa.Float(53), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("attempt_id", sa.Integer),
        sa.Column("read_by", sa.Text),
        sa.Column("counted", sa.JSON, nullable=False),
        sa.Index("ix_standing_queue", "queue", "sure", "scan_id"),
        sa.Index("ix_standing_site", "queue", "site", "sure", "scan_id"),
        sa.Index("ix_standing_state", "state", "scan_id"),
    )
    op.create_table(
        "tally",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("amount", sa.Float(53), nullable=False),
    )
    op.create_table(
        "note",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )


def _what_the_desk_needs() -> None:
    op.create_table(
        "lease",
        sa.Column("scan_id", sa.Integer, sa.ForeignKey("scan.id"), primary_key=True),
        sa.Column("reader", sa.String(255), nullable=False, index=True),
        sa.Column("queue", sa.String(16), nullable=False),
        sa.Column("taken", sa.Float(53), nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
    )
    op.create_table(
        "skip",
        sa.Column("attempt_id", sa.Integer, primary_key=True),
        sa.Column("reader", sa.String(255), primary_key=True),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("site", sa.String(64)),
        sa.Column("active", sa.Boolean, nullable=False),
    )
    op.create_table(
        "sign_in",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("begun", sa.Float(53), nullable=False),
        sa.Column("seen", sa.Float(53), nullable=False),
    )
