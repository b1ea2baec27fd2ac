"""Counters that live in the database, so that they never go back and no two processes share a value."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from ainf_tui.adapters.db.tables import counters

_IS_IT = counters.c.name == bindparam("counter")
_BUMP = (
    update(counters)
    .where(_IS_IT)
    .values(value=counters.c.value + bindparam("more"))
    .returning(counters.c.value)
)
_VALUE = select(counters.c.value).where(_IS_IT)


def bump(conn: Connection, name: str, by: int) -> int:
    """Adds `by`; the new value, which is the last of the `by` values that are the caller's now.

    On PostgreSQL this also locks the counter's row until COMMIT. Every write to jobs begins with
    `bump(conn, "revision", ...)`: so writers go one by one there too, and revisions become visible in
    their order.
    """
    return int(conn.execute(_BUMP, {"counter": name, "more": by}).scalar_one())


def value(conn: Connection, name: str) -> int:
    """As it is now."""
    return int(conn.execute(_VALUE, {"counter": name}).scalar_one())
