"""Alembic's entry: migrate over the connection that the store hands in, inside its transaction."""

from __future__ import annotations

from alembic import context

from defacto.pipeline.desk_tables import METADATA

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
