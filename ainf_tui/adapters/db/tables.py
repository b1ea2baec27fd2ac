"""The schema as it is now, for queries and for a fresh database; `migrations` leads to the same.

Every order that a list is read in has its index, and each of those is one ascending or descending
key, so that a page begins where the page before ended (row values, never OFFSET).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    literal_column,
    text,
)

from ainf_tui.adapters.db.columns import (
    BigNumber,
    Flag,
    Json,
    Key,
    Moment,
    ProblemList,
    ProblemText,
    SafeText,
)


def partial(name: str, *columns: str, where: str) -> Index:
    """An index over some rows only; `where` is text that queries repeat literally.

    On PostgreSQL by `partial_on_postgres`: its dialect, named here, would be loaded by who never needs it.
    """
    return Index(name, *columns, sqlite_where=text(where))


def partial_on_postgres(tables: MetaData) -> None:
    """Gives what `partial` made the same condition there. Before these tables are created on PostgreSQL."""
    for table in tables.tables.values():
        for index in table.indexes:
            where = index.dialect_options["sqlite"]["where"]
            if where is not None:
                index.dialect_options["postgresql"]["where"] = where


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

graphs = Table(
    "job_graphs",
    metadata,
    Column("shape", Key, primary_key=True),  # see graphs.py: what a graph is without its literals
    Column("graph", Json, nullable=False),
    Column("workflow", Json),
    Column("extra", Json, nullable=False),  # bindings, late, family
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Key, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("revision", BigInteger, nullable=False),
    Column("state", Key, nullable=False),
    Column("held", Flag, nullable=False),
    Column("cancel_requested", Flag, nullable=False),
    Column("urgency", Integer, nullable=False),  # minus priority: run order is one ascending key
    Column("rank", Double, nullable=False),
    Column("backend_pin", Key, nullable=False),
    Column("backend", Key, nullable=False),
    Column("blocked", SafeText, nullable=False),
    Column("pack", SafeText, nullable=False),
    Column("pack_version", SafeText, nullable=False),
    Column("preset", SafeText, nullable=False),
    Column("prompt", SafeText, nullable=False),
    Column("params", Json, nullable=False),
    Column("seed", BigNumber),
    Column("seed_mode", SafeText, nullable=False),
    Column("character", SafeText, nullable=False),
    Column("batch_id", Key, nullable=False),
    Column("batch", Json, nullable=False),
    Column("sweep", Json, nullable=False),
    Column("retry_of", BigInteger),
    Column("request_id", Key, nullable=False),
    Column("output_folder", SafeText, nullable=False),
    Column("graph_hash", Key, nullable=False),
    Column("shape", Key, ForeignKey("job_graphs.shape"), nullable=False, index=True),
    Column("literals", Json, nullable=False),  # {node: {input: value}} that differ from the stored graph
    Column("late_literals", Json, nullable=False),  # {"NODE.INPUT": value} decided when it was sent
    Column("warnings", ProblemList, nullable=False),
    Column("error", ProblemText),
    Column("created_at", Moment, nullable=False),
    Column("submitted_at", Moment),
    Column("started_at", Moment),
    Column("finished_at", Moment),  # not NULL exactly for ended jobs
    Index("ix_jobs_revision", "revision", unique=True),
    Index("ix_jobs_state_finished_at", "state", "finished_at", "number"),
    partial("ix_jobs_run_order", "held", "urgency", "rank", "number", "id", where="state = 'queued'"),
    partial("ix_jobs_rank", "urgency", "rank", "number", where="finished_at IS NULL"),
    partial("ix_jobs_batch_id", "batch_id", where="batch_id != ''"),
    partial("ix_jobs_request_id", "request_id", where="request_id != ''"),
    partial("ix_jobs_retry_of", "retry_of", where="retry_of IS NOT NULL"),
)

QUEUED: ColumnElement[str] = literal_column("'queued'")
"""Literal, not bound: SQLite uses a partial index only where the text of the query implies it."""
NOTHING: ColumnElement[str] = literal_column("''")
"""Empty text, literal for the same reason."""


attempts = Table(
    "attempts",
    metadata,
    Column("prompt_id", Key, primary_key=True),
    Column("job_id", Key, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("backend", Key, nullable=False),
    Column("client_id", SafeText, nullable=False),
    Column("state", Key, nullable=False),
    Column("intent", Key, nullable=False),
    Column("number", Double),
    Column("server_epoch", SafeText, nullable=False),
    Column("reason", SafeText, nullable=False),
    Column("error", ProblemText),
    Column("watched", Flag, nullable=False),
    Column("cached_nodes", Integer, nullable=False),
    Column("comfyui_version", SafeText, nullable=False),
    Column("device", SafeText, nullable=False),
    Column("peak_vram", BigInteger),
    Column("created_at", Moment, nullable=False),
    Column("submitted_at", Moment),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    UniqueConstraint("job_id", "ordinal"),
    partial("ix_attempts_watched", "backend", where="watched = 1"),
)
WATCHED = attempts.c.watched == literal_column("1")

outputs = Table(
    "outputs",
    metadata,
    Column("id", Key, primary_key=True),
    Column("job_id", Key, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("place", Integer, nullable=False),  # order within the job
    Column("prompt_id", Key, nullable=False),
    Column("node", Key, nullable=False),
    Column("kind", Key, nullable=False),
    Column("idx", Integer, nullable=False),
    Column("filename", SafeText, nullable=False),
    Column("subfolder", SafeText, nullable=False),
    Column("type", SafeText, nullable=False),
    Column("text", SafeText),
    Column("path", SafeText, nullable=False),
    Column("node_title", SafeText, nullable=False),
    Column("bytes", BigInteger),
    Column("sha256", Key),
    Column("fetched_at", Moment),
    UniqueConstraint("job_id", "place"),
)

job_progress = Table(
    "job_progress",
    metadata,
    Column("job_id", Key, primary_key=True),
    Column("progress", Json, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

timed_runs = Table(
    "timed_runs",
    metadata,
    Column("run", Key, primary_key=True),
    Column("graph_hash", Key, nullable=False),
    Column("backend", Key, nullable=False),
    Column("measured_at", Moment, nullable=False, index=True),
    Index("ix_timed_runs_graph_hash", "graph_hash", "backend", "measured_at"),
)

node_timings = Table(
    "node_timings",
    metadata,
    Column("run", Key, ForeignKey("timed_runs.run", ondelete="CASCADE"), primary_key=True),
    Column("node", Key, primary_key=True),
    Column("cls", Key, nullable=False),
    Column("backend", Key, nullable=False),
    Column("work", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("cached", Flag, nullable=False),
    Column("measured_at", Moment, nullable=False),
    Index("ix_node_timings_cls", "cls", "backend", "measured_at"),
)

queue_state = Table(
    "queue_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row: 1
    Column("paused", Flag, nullable=False),
    Column("paused_since", Moment),
)

backends = Table(
    "backends",
    metadata,
    Column("name", Key, primary_key=True),
    Column("url", SafeText, nullable=False),
    Column("client_id", SafeText, nullable=False),
    Column("last_checkpoint", SafeText, nullable=False),
    Column("last_number", Double),
    Column("server_epoch", SafeText, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Key, primary_key=True),
    Column("holder", Key, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # microseconds since 1970 on the server's clock
)

requests = Table(
    "requests",
    metadata,
    Column("request_id", Key, primary_key=True),
    Column("created_at", Moment, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", Key, primary_key=True),  # schema.COUNTERS
    Column("value", BigInteger, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("name", Key, primary_key=True),  # installation: random id of this database
    Column("value", SafeText, nullable=False),
)
