"""The first schema: jobs and their attempts, outputs and graphs; measured times; backends; leases.

Frozen: it says what revision 0001 was, whatever `tables.py` says today.
"""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[Any]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _needed(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _columns(kind: type[sa.types.TypeEngine[Any]], *names: str) -> list[sa.Column[Any]]:
    return [_needed(name, kind()) for name in names]


def upgrade() -> None:
    _graphs()
    _jobs()
    _job_indexes()
    _attempts()
    _outputs()
    _measurements()
    _small_tables()
    _first_rows()


def _graphs() -> None:
    op.create_table(
        "job_graphs",
        _needed("shape", _key()),
        _needed("graph", sa.Text()),
        sa.Column("workflow", sa.Text()),
        _needed("extra", sa.Text()),
        sa.PrimaryKeyConstraint("shape", name="pk_job_graphs"),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        _needed("id", _key()),
        *_columns(sa.BigInteger, "number", "revision"),
        _needed("state", _key()),
        *_columns(sa.SmallInteger, "held", "cancel_requested"),
        *_columns(sa.Integer, "urgency"),
        *_columns(sa.Double, "rank"),
        _needed("backend_pin", _key()),
        _needed("backend", _key()),
        *_columns(sa.Text, "blocked", "pack", "pack_version", "preset", "prompt", "params"),
        sa.Column("seed", sa.Text()),
        *_columns(sa.Text, "seed_mode", "character"),
        _needed("batch_id", _key()),
        *_columns(sa.Text, "batch", "sweep"),
        sa.Column("retry_of", sa.BigInteger()),
        _needed("request_id", _key()),
        *_columns(sa.Text, "output_folder"),
        _needed("graph_hash", _key()),
        _needed("shape", _key()),
        *_columns(sa.Text, "literals", "late_literals", "warnings"),
        sa.Column("error", sa.Text()),
        *_columns(sa.BigInteger, "created_at"),
        sa.Column("submitted_at", sa.BigInteger()),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("number", name="uq_jobs_number"),
        sa.ForeignKeyConstraint(["shape"], ["job_graphs.shape"], name="fk_jobs_shape"),
    )


def _job_indexes() -> None:
    op.create_index("ix_jobs_shape", "jobs", ["shape"])
    op.create_index("ix_jobs_revision", "jobs", ["revision"], unique=True)
    op.create_index("ix_jobs_state_finished_at", "jobs", ["state", "finished_at", "number"])
    _partial_index(
        "ix_jobs_run_order", "jobs", ["held", "urgency", "rank", "number", "id"], "state = 'queued'"
    )
    _partial_index("ix_jobs_rank", "jobs", ["urgency", "rank", "number"], "finished_at IS NULL")
    _partial_index("ix_jobs_batch_id", "jobs", ["batch_id"], "batch_id != ''")
    _partial_index("ix_jobs_request_id", "jobs", ["request_id"], "request_id != ''")
    _partial_index("ix_jobs_retry_of", "jobs", ["retry_of"], "retry_of IS NOT NULL")


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _attempts() -> None:
    op.create_table(
        "attempts",
        _needed("prompt_id", _key()),
        _needed("job_id", _key()),
        *_columns(sa.Integer, "ordinal"),
        _needed("backend", _key()),
        *_columns(sa.Text, "client_id"),
        _needed("state", _key()),
        _needed("intent", _key()),
        sa.Column("number", sa.Double()),
        *_columns(sa.Text, "server_epoch", "reason"),
        sa.Column("error", sa.Text()),
        *_columns(sa.SmallInteger, "watched"),
        *_columns(sa.Integer, "cached_nodes"),
        *_columns(sa.Text, "comfyui_version", "device"),
        sa.Column("peak_vram", sa.BigInteger()),
        *_columns(sa.BigInteger, "created_at"),
        sa.Column("submitted_at", sa.BigInteger()),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("prompt_id", name="pk_attempts"),
        sa.UniqueConstraint("job_id", "ordinal", name="uq_attempts_job_id_ordinal"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_attempts_job_id", ondelete="CASCADE"),
    )
    _partial_index("ix_attempts_watched", "attempts", ["backend"], "watched = 1")


def _outputs() -> None:
    op.create_table(
        "outputs",
        _needed("id", _key()),
        _needed("job_id", _key()),
        *_columns(sa.Integer, "place"),
        _needed("prompt_id", _key()),
        _needed("node", _key()),
        _needed("kind", _key()),
        *_columns(sa.Integer, "idx"),
        *_columns(sa.Text, "filename", "subfolder", "type"),
        sa.Column("text", sa.Text()),
        *_columns(sa.Text, "path", "node_title"),
        sa.Column("bytes", sa.BigInteger()),
        sa.Column("sha256", _key()),
        sa.Column("fetched_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_outputs"),
        sa.UniqueConstraint("job_id", "place", name="uq_outputs_job_id_place"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_outputs_job_id", ondelete="CASCADE"),
    )


def _measurements() -> None:
    op.create_table(
        "job_progress",
        _needed("job_id", _key()),
        *_columns(sa.Text, "progress"),
        *_columns(sa.BigInteger, "updated_at"),
        sa.PrimaryKeyConstraint("job_id", name="pk_job_progress"),
    )
    op.create_table(
        "timed_runs",
        _needed("run", _key()),
        _needed("graph_hash", _key()),
        _needed("backend", _key()),
        *_columns(sa.BigInteger, "measured_at"),
        sa.PrimaryKeyConstraint("run", name="pk_timed_runs"),
    )
    op.create_index("ix_timed_runs_measured_at", "timed_runs", ["measured_at"])
    op.create_index("ix_timed_runs_graph_hash", "timed_runs", ["graph_hash", "backend", "measured_at"])
    op.create_table(
        "node_timings",
        _needed("run", _key()),
        _needed("node", _key()),
        _needed("cls", _key()),
        _needed("backend", _key()),
        *_columns(sa.Double, "work", "seconds"),
        *_columns(sa.SmallInteger, "cached"),
        *_columns(sa.BigInteger, "measured_at"),
        sa.PrimaryKeyConstraint("run", "node", name="pk_node_timings"),
        sa.ForeignKeyConstraint(["run"], ["timed_runs.run"], name="fk_node_timings_run", ondelete="CASCADE"),
    )
    op.create_index("ix_node_timings_cls", "node_timings", ["cls", "backend", "measured_at"])


def _small_tables() -> None:
    op.create_table(
        "queue_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        *_columns(sa.SmallInteger, "paused"),
        sa.Column("paused_since", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_queue_state"),
    )
    op.create_table(
        "backends",
        _needed("name", _key()),
        *_columns(sa.Text, "url", "client_id", "last_checkpoint"),
        sa.Column("last_number", sa.Double()),
        *_columns(sa.Text, "server_epoch"),
        sa.PrimaryKeyConstraint("name", name="pk_backends"),
    )
    op.create_table(
        "leases",
        _needed("name", _key()),
        _needed("holder", _key()),
        *_columns(sa.BigInteger, "epoch", "expires_at"),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    _bookkeeping()


def _bookkeeping() -> None:
    op.create_table(
        "requests",
        _needed("request_id", _key()),
        *_columns(sa.BigInteger, "created_at"),
        sa.PrimaryKeyConstraint("request_id", name="pk_requests"),
    )
    op.create_table(
        "counters",
        _needed("name", _key()),
        *_columns(sa.BigInteger, "value"),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_table(
        "meta",
        _needed("name", _key()),
        *_columns(sa.Text, "value"),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )


def _first_rows() -> None:
    counters = sa.table("counters", sa.column("name"), sa.column("value"))
    op.bulk_insert(counters, [{"name": name, "value": 0} for name in ("number", "revision", "ended")])
    op.bulk_insert(
        sa.table("queue_state", sa.column("id"), sa.column("paused"), sa.column("paused_since")),
        [{"id": 1, "paused": 0, "paused_since": None}],
    )
    op.bulk_insert(
        sa.table("meta", sa.column("name"), sa.column("value")),
        [{"name": "installation", "value": str(uuid.uuid4())}],
    )
