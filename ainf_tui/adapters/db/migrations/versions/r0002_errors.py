"""Errors: groups, fingerprints with their counts, examples, checkpoints of what is read.

Frozen: it says what revision 0002 was, whatever `error_tables.py` says today.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[Any]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _needed(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _columns(kind: type[sa.types.TypeEngine[Any]], *names: str) -> list[sa.Column[Any]]:
    return [_needed(name, kind()) for name in names]


def _number(name: str, kind: type[sa.types.TypeEngine[Any]] = sa.BigInteger) -> sa.Column[Any]:
    return sa.Column(name, kind(), autoincrement=False, nullable=False)


def _facts() -> list[sa.Column[Any]]:
    return [
        *_columns(sa.SmallInteger, "level"),
        _needed("source", _key()),
        *_columns(sa.Text, "title"),
        _needed("code", _key()),
        *_columns(sa.BigInteger, "first_seen", "last_seen", "count", "kept"),
        *_columns(sa.Double, "cold"),
        *_columns(sa.Text, "words"),
        sa.Column("job", sa.BigInteger()),
        *_columns(sa.Text, "service", "run", "backend", "pack", "node", "node_class"),
    ]


def upgrade() -> None:
    _groups()
    _prints()
    _counts()
    _examples()
    counters = sa.table("counters", sa.column("name"), sa.column("value"))
    names = ("errors", "error_group", "error_example")
    op.bulk_insert(counters, [{"name": name, "value": 0} for name in names])


def _groups() -> None:
    op.create_table(
        "error_groups",
        _number("id"),
        _needed("fingerprint", _key()),
        *_columns(sa.SmallInteger, "merged"),
        *_columns(sa.Integer, "parts"),
        _needed("state", _key()),
        *_columns(sa.SmallInteger, "rank", "unseen"),
        sa.Column("muted_until", sa.BigInteger()),
        sa.Column("resolved_at", sa.BigInteger()),
        *_columns(sa.Text, "note"),
        *_columns(sa.BigInteger, "stored_at"),
        *_facts(),
        sa.PrimaryKeyConstraint("id", name="pk_error_groups"),
        sa.UniqueConstraint("fingerprint", name="uq_error_groups_fingerprint"),
    )
    _partial_index("ix_error_groups_inbox", ["rank", "cold", "id"], "merged = 0")
    for name in ("last_seen", "first_seen", "count"):
        _partial_index(f"ix_error_groups_{name}", [name, "id"], "merged = 0")
    _partial_index("ix_error_groups_unseen", ["rank"], "unseen = 1 AND merged = 0")
    _partial_index("ix_error_groups_muted_until", ["muted_until"], "muted_until IS NOT NULL")
    op.create_index("ix_error_groups_stored_at", "error_groups", ["stored_at"])


def _partial_index(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "error_groups", columns, sqlite_where=condition, postgresql_where=condition)


def _prints() -> None:
    op.create_table(
        "error_prints",
        _number("id"),
        _needed("fingerprint", _key()),
        *_columns(sa.BigInteger, "group_id"),
        *_facts(),
        *_columns(sa.Text, "levels", "hours"),
        sa.PrimaryKeyConstraint("id", name="pk_error_prints"),
        sa.UniqueConstraint("fingerprint", name="uq_error_prints_fingerprint"),
        sa.ForeignKeyConstraint(["group_id"], ["error_groups.id"], name="fk_error_prints_group_id"),
    )
    op.create_index("ix_error_prints_group_id", "error_prints", ["group_id"])


def _counts() -> None:
    op.create_table(
        "error_seconds",
        _number("print_id"),
        _number("second"),
        _number("level", sa.SmallInteger),
        *_columns(sa.BigInteger, "n"),
        sa.PrimaryKeyConstraint("print_id", "second", "level", name="pk_error_seconds"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_error_seconds_second", "error_seconds", ["second"])
    op.create_table(
        "error_sums",
        _number("unit", sa.SmallInteger),
        _number("start"),
        _needed("source", _key()),
        _number("level", sa.SmallInteger),
        *_columns(sa.BigInteger, "n"),
        sa.PrimaryKeyConstraint("unit", "start", "source", "level", name="pk_error_sums"),
        sqlite_with_rowid=False,
    )


def _examples() -> None:
    op.create_table(
        "error_examples",
        _number("print_id"),
        _number("slot", sa.Integer),
        *_columns(sa.BigInteger, "id", "at"),
        *_columns(sa.Text, "body"),
        sa.PrimaryKeyConstraint("print_id", "slot", name="pk_error_examples"),
    )
    op.create_index("ix_error_examples_print_id", "error_examples", ["print_id", "at", "id"])
    op.create_table(
        "error_checkpoints",
        _needed("name", _key()),
        *_columns(sa.Text, "value"),
        sa.PrimaryKeyConstraint("name", name="pk_error_checkpoints"),
    )
    op.create_table(
        "error_keys",
        _needed("key", _key()),
        *_columns(sa.BigInteger, "at"),
        sa.PrimaryKeyConstraint("key", name="pk_error_keys"),
    )
    op.create_index("ix_error_keys_at", "error_keys", ["at"])
