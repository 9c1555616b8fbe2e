"""Migrations of the store, run by `defacto.pipeline.database` when a store is opened."""
