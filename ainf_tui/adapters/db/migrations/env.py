"""Run by alembic for each command. The connection comes from `migrate.upgrade`; there is no ini file."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
