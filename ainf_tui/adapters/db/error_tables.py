"""The tables of errors. `tables` says how tables are declared here.

A fingerprint is a row of `error_prints` and keeps its own counts; a group is one or several of them. The own
group of a fingerprint has the fingerprint's number, and stays while it is merged into another: so a split
gives back what was.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    literal_column,
)

from ainf_tui.adapters.db.columns import Flag, Json, Key, Moment, SafeText
from ainf_tui.adapters.db.tables import metadata, partial


def _facts() -> list[Column[Any]]:
    """What a group and a fingerprint both tell: of all reports, and of the newest one."""
    return [
        Column("level", SmallInteger, nullable=False),  # the gravest
        Column("source", Key, nullable=False),
        Column("title", SafeText, nullable=False),
        Column("code", Key, nullable=False),
        Column("first_seen", Moment, nullable=False),
        Column("last_seen", Moment, nullable=False),
        Column("count", BigInteger, nullable=False),
        # Examples: of a group those that there are, of a fingerprint those that there ever were.
        Column("kept", BigInteger, nullable=False),
        # Minus `domain.errors.groups.heat`, of a group minus its `urgency`: what burns comes first.
        Column("cold", Double, nullable=False),
        Column("words", SafeText, nullable=False),  # what is searched, in small letters
        Column("job", BigInteger),
        *(Column(name, SafeText, nullable=False) for name in FROM_NEWEST),
    ]


FROM_NEWEST = ("service", "run", "backend", "pack", "node", "node_class")

error_groups = Table(
    "error_groups",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # the number that people use
    Column("fingerprint", Key, nullable=False, unique=True),
    Column("merged", Flag, nullable=False),  # is a part of another now
    Column("parts", Integer, nullable=False),  # fingerprints that are in it
    Column("state", Key, nullable=False),
    Column("rank", SmallInteger, nullable=False),  # of the state in the inbox
    Column("unseen", Flag, nullable=False),
    Column("muted_until", Moment),
    Column("resolved_at", Moment),
    Column("note", SafeText, nullable=False),
    Column("stored_at", Moment, nullable=False),  # when the last report came in, whatever its own time
    *_facts(),
    partial("ix_error_groups_inbox", "rank", "cold", "id", where="merged = 0"),
    partial("ix_error_groups_last_seen", "last_seen", "id", where="merged = 0"),
    partial("ix_error_groups_first_seen", "first_seen", "id", where="merged = 0"),
    partial("ix_error_groups_count", "count", "id", where="merged = 0"),
    partial("ix_error_groups_unseen", "rank", where="unseen = 1 AND merged = 0"),
    partial("ix_error_groups_muted_until", "muted_until", where="muted_until IS NOT NULL"),
    Index(None, "stored_at"),
)

WHOLE = literal_column("merged") == literal_column("0")
"""As the partial indexes say it: groups that are no part of another."""
UNSEEN = literal_column("unseen") == literal_column("1")

error_prints = Table(
    "error_prints",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # the number of its own group
    Column("fingerprint", Key, nullable=False, unique=True),
    Column("group_id", BigInteger, ForeignKey("error_groups.id"), nullable=False),
    *_facts(),
    Column("levels", Json, nullable=False),  # {level: reports}
    Column("hours", Json, nullable=False),  # {hour since 1970: {level: reports}}, of the last 25 hours
    Index(None, "group_id"),
)

error_seconds = Table(
    "error_seconds",
    metadata,
    # Of the last 25 hours: the hour that a window of 24 cuts is counted by the second.
    Column("print_id", BigInteger, primary_key=True, autoincrement=False),
    Column("second", BigInteger, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
    Index(None, "second"),
    sqlite_with_rowid=False,
)

error_sums = Table(
    "error_sums",
    metadata,
    # Over all fingerprints: in all (unit 0, start 0), by the hour (1), by the second (2).
    Column("unit", SmallInteger, primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("source", Key, primary_key=True),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

error_examples = Table(
    "error_examples",
    metadata,
    # The slots of a fingerprint are used in turn: the first keep theirs, the newest replace each other.
    Column("print_id", BigInteger, primary_key=True, autoincrement=False),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("id", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("body", Json, nullable=False),
    Index(None, "print_id", "at", "id"),
)

error_checkpoints = Table(
    "error_checkpoints",
    metadata,
    Column("name", Key, primary_key=True),  # of a source: how far it was read when its reports were stored
    Column("value", SafeText, nullable=False),
)

error_keys = Table(
    "error_keys",
    metadata,
    Column("key", Key, primary_key=True),  # of a report that was imported: not again
    Column("at", Moment, nullable=False),
    Index(None, "at"),
)
