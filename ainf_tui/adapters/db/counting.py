"""Counters that live in the database, so that they never go back and no two processes share a value."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from ainf_tui.adapters.db.tables import counters


def bump(conn: Connection, name: str, by: int) -> int:
    """Adds `by`; the new value, which is the last of the `by` values that are the caller's now.

    On PostgreSQL this also locks the counter's row until COMMIT. Every write to jobs begins with
    `bump(conn, "revision", ...)`: so writers go one by one there too, and revisions become visible in
    their order.
    """
    more = update(counters).where(counters.c.name == name).values(value=counters.c.value + by)
    return int(conn.execute(more.returning(counters.c.value)).scalar_one())


def value(conn: Connection, name: str) -> int:
    """As it is now."""
    return int(conn.execute(select(counters.c.value).where(counters.c.name == name)).scalar_one())
