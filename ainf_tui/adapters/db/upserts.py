"""INSERT ... ON CONFLICT, which each database spells in SQLAlchemy with a module of its own.

The statements are made once for each table and choice of columns: making one takes longer than
carrying it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table


def upsert(conn: Connection, table: Table, row: dict[str, Any]) -> None:
    """Inserts the row or overwrites the one with its primary key."""
    conn.execute(_upsert(conn.dialect.name, table, tuple(row)), row)


def upsert_own(conn: Connection, table: Table, row: dict[str, Any], owner: str) -> bool:
    """As `upsert`, but a row with another value in the column `owner` stays: then False."""
    return conn.execute(_upsert(conn.dialect.name, table, tuple(row), owner), row).first() is not None


def upsert_all(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """As `upsert`, of rows that all have the same columns."""
    if rows:
        conn.execute(_upsert(conn.dialect.name, table, tuple(rows[0])), rows)


def add_up(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts the rows, or adds their `n` to that of the row with their key."""
    if rows:
        conn.execute(_add_up(conn.dialect.name, table), rows)


def insert_missing(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Inserts the rows whose key is not there yet."""
    conn.execute(_insert_missing(conn.dialect.name, table), rows)


@cache
def _upsert(dialect: str, table: Table, columns: tuple[str, ...], owner: str | None = None) -> Any:
    keys = [column.name for column in table.primary_key]
    statement = _insert(dialect, table)
    others = {name: statement.excluded[name] for name in columns if name not in keys}
    if owner is None:
        return statement.on_conflict_do_update(index_elements=keys, set_=others)
    same = table.c[owner] == statement.excluded[owner]
    statement = statement.on_conflict_do_update(index_elements=keys, set_=others, where=same)
    return statement.returning(table.c[owner])


@cache
def _add_up(dialect: str, table: Table) -> Any:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    added = {"n": table.c.n + statement.excluded.n}
    return statement.on_conflict_do_update(index_elements=keys, set_=added)


@cache
def _insert_missing(dialect: str, table: Table) -> Any:
    return _insert(dialect, table).on_conflict_do_nothing()


def _insert(dialect: str, table: Table) -> Any:
    """The dialect's Insert (they share no base class with `on_conflict_*`).

    Imported here, because either module costs a start-up and one of them is never needed.
    """
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - see above

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - see above

    return sqlite.insert(table)
