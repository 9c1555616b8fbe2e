"""The place of a scan in its queue may be a lot, no longer the classifier's probability of a pass alone."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Call the column what it is; SQLite and PostgreSQL keep its indexes."""
    op.execute("ALTER TABLE standing RENAME COLUMN sure TO rank")
