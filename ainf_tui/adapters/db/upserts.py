"""INSERT ... ON CONFLICT, which each database spells in SQLAlchemy with a module of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table


def insert_into(conn: Connection, table: Table) -> Any:
    """The dialect's Insert (they share no base class with `on_conflict_*`).

    Imported here, because either module costs a start-up and one of them is never needed.
    """
    if conn.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - see above

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - see above

    return sqlite.insert(table)


def upsert(conn: Connection, table: Table, row: dict[str, Any]) -> None:
    """Inserts the row or overwrites the one with its primary key."""
    keys = [column.name for column in table.primary_key]
    statement = insert_into(conn, table).values(row)
    others = {name: statement.excluded[name] for name in row if name not in keys}
    conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=others))


def upsert_own(conn: Connection, table: Table, row: dict[str, Any], owner: str) -> bool:
    """As `upsert`, but a row with another value in the column `owner` stays: then False."""
    keys = [column.name for column in table.primary_key]
    statement = insert_into(conn, table).values(row)
    others = {name: statement.excluded[name] for name in row if name not in keys}
    statement = statement.on_conflict_do_update(
        index_elements=keys, set_=others, where=table.c[owner] == statement.excluded[owner]
    )
    return conn.execute(statement.returning(table.c[owner])).first() is not None
