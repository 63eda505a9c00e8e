"""Alembic's scripts: how each version's tables come about."""
