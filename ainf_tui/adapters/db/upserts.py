"""INSERT ... ON CONFLICT, which each database spells in SQLAlchemy with a module of its own.

The statements are made once for each table and choice of columns: making one takes longer than
carrying it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, update

Row = Mapping[str, Any]


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


def update_changed(conn: Connection, table: Table, changes: Iterable[tuple[Row, Row]]) -> None:
    """Writes the columns that differ: of each row as it was and as it is, of a table whose key is `id`.

    Few columns of a wide row change, and each that is written costs as much as the others: half the time of
    an upsert.
    """
    by_names: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for before, after in changes:
        names = tuple(name for name, value in after.items() if value != before[name])
        if names:
            row = {name: after[name] for name in names}
            by_names.setdefault(names, []).append(row | {"row_id": before["id"]})
    for rows in by_names.values():
        conn.execute(_update(table), rows)


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
def _update(table: Table) -> Any:
    """Of the columns that its parameters name."""
    return update(table).where(table.c.id == bindparam("row_id"))


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
