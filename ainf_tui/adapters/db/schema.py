"""A fresh schema, and which revision a database has. Knows nothing of alembic, which costs a start-up."""

from __future__ import annotations

import uuid

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select

from ainf_tui.adapters.db import error_tables  # noqa: F401 - its tables belong to `metadata`
from ainf_tui.adapters.db.revision import HEAD_REVISION
from ainf_tui.adapters.db.tables import counters, meta, metadata, partial_on_postgres, queue_state
from ainf_tui.errors import AinfError

# number, revision, error_*: last given; ended: ended jobs stored; errors: changes of them.
COUNTERS = ("number", "revision", "ended", "errors", "error_group", "error_example")

_alembic = MetaData(naming_convention={"pk": "alembic_version_pkc"})
alembic_version = Table(
    # As alembic itself makes it, so that it finds what it expects.
    "alembic_version",
    _alembic,
    Column("version_num", String(32), primary_key=True),
)


def stored_revision(conn: Connection, where: str) -> str | None:
    """The database's revision; None for an empty database. AinfError(`database.foreign`) for another's."""
    names = inspect(conn).get_table_names()
    if not names:
        return None
    revision: str | None = None
    if {alembic_version.name, "jobs", "counters"} <= set(names):
        revision = conn.execute(select(alembic_version.c.version_num)).scalars().first()
    if revision is None:
        raise AinfError(
            "database.foreign",
            f"database {where} has tables, but they are not ainf's",
            hint="give ainf a database of its own (setting database.url)",
        )
    return revision


class OlderDatabaseError(AinfError):
    """The database must be migrated first, and that was not asked for."""

    http_status = 409

    def __init__(self, revision: str, where: str) -> None:
        super().__init__(
            "database.older",
            f"database {where} has revision {revision}, this ainf works with {HEAD_REVISION}",
            hint="ainf db upgrade",
            details={"database": revision, "program": HEAD_REVISION},
        )
        self.revision = revision


def check_may_migrate(revision: str, where: str, migrate: bool) -> None:
    """OlderDatabaseError for a known older revision unless a migration was asked for."""
    if migrate:
        return
    from ainf_tui.adapters.db.migrate import check_known  # noqa: PLC0415 - alembic costs a start-up

    check_known(revision, where)
    raise OlderDatabaseError(revision, where)


def create(conn: Connection) -> None:
    """Everything of an empty database in the caller's transaction: what the migrations would give."""
    if conn.dialect.name == "postgresql":
        partial_on_postgres(metadata)
    metadata.create_all(conn, checkfirst=False)
    _alembic.create_all(conn, checkfirst=False)
    conn.execute(insert(alembic_version).values(version_num=HEAD_REVISION))
    conn.execute(insert(counters), [{"name": name, "value": 0} for name in COUNTERS])
    conn.execute(insert(queue_state).values(id=1, paused=False, paused_since=None))
    conn.execute(insert(meta).values(name="installation", value=str(uuid.uuid4())))
