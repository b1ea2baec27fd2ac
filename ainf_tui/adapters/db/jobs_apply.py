"""One transition of one or several jobs: all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)

from ainf_tui.adapters.db.columns import Moment
from ainf_tui.adapters.db.counting import bump
from ainf_tui.adapters.db.rows import LISTED, ByKey, attempt_row, chunked, output_row, whole_jobs
from ainf_tui.adapters.db.tables import attempts, jobs, outputs, queue_state
from ainf_tui.adapters.db.upserts import upsert_own
from ainf_tui.domain.jobs import ENDED, WITH_OUTPUTS, Attempt, Job, JobChange, JobState, Output, may_become

_PLAIN = (
    "state",
    "warnings",
    "error",
    "backend",
    "held",
    "cancel_requested",
    "blocked",
    "params",
    "graph_hash",
    "submitted_at",
    "started_at",
    "finished_at",
)
_STATES = ByKey(select(jobs.c.id, jobs.c.state, jobs.c.cancel_requested), jobs.c.id)
_KNOWN_OUTPUTS = ByKey(
    select(*(outputs.c[name] for name in ("id", "place", "prompt_id", "node", "kind", "idx"))),
    outputs.c.job_id,
)
_FETCHED = (
    update(outputs)
    .where(outputs.c.id == bindparam("output"), outputs.c.job_id == bindparam("job"))
    .values({name: bindparam(f"new_{name}") for name in ("path", "bytes", "sha256", "fetched_at")})
)


class StaleError(Exception):
    """A job is not as its change expects: nothing of the transaction may stay."""


def apply(conn: Connection, changes: Sequence[JobChange]) -> tuple[Job, ...]:
    """One job a change, in their order. Raises StaleError; RuntimeError for an impossible step."""
    ids = list(dict.fromkeys(change.job_id for change in changes))
    revision = bump(conn, "revision", len(ids)) - len(ids)
    revisions = {job_id: revision + i for i, job_id in enumerate(ids, 1)}
    states, cancelled = _states(conn, ids)
    rows: dict[str, RowMapping] = {}
    ended = 0
    for change in changes:
        old = states.get(change.job_id)
        if old is None or old not in change.expect:
            raise StaleError
        new = change.state or old
        if new is JobState.QUEUED and old is not new and change.job_id in cancelled:
            new = JobState.CANCELLED  # asked for meanwhile: a cancelled job never waits again
        if not may_become(old, new):
            raise RuntimeError(f"job {change.job_id}: {old} cannot become {new}")
        rows[change.job_id] = _apply_one(conn, change, old, new, revisions[change.job_id])
        states[change.job_id] = new
        ended += (new in ENDED) - (old in ENDED)
    if ended:
        bump(conn, "ended", ended)
    bare = set(ids) - {c.job_id for c in changes if c.outputs or states[c.job_id] in WITH_OUTPUTS}
    jobs_now = {job.id: job for job in whole_jobs(conn, list(rows.values()), without_outputs=bare)}
    return tuple(jobs_now[change.job_id] for change in changes)


def _states(conn: Connection, ids: Sequence[str]) -> tuple[dict[str, JobState], set[str]]:
    """The state of each, and those whose cancel was asked for."""
    states: dict[str, JobState] = {}
    asked: set[str] = set()
    for chunk in chunked(ids):
        for row in _STATES.rows(conn, chunk):
            states[row["id"]] = JobState(row["state"])
            if row["cancel_requested"]:
                asked.add(row["id"])
    return states, asked


def _apply_one(
    conn: Connection, change: JobChange, old: JobState, new: JobState, revision: int
) -> RowMapping:
    """The job's row as it is now. Raises StaleError."""
    values = _values(conn, change, old, new) | {"revision": revision}
    expected = _expected(change, old)
    statement = _update(tuple(values), frozenset(expected))
    row = conn.execute(statement, _named(values) | expected).mappings().one_or_none()
    if row is None:
        raise StaleError
    if change.drop_attempt is not None:
        conn.execute(
            delete(attempts).where(
                attempts.c.prompt_id == change.drop_attempt, attempts.c.job_id == change.job_id
            )
        )
    if change.attempt is not None:
        _put_attempt(conn, change.job_id, change.attempt)
    if change.outputs:
        _put_outputs(conn, change.job_id, change.outputs)
    for output in change.fetched:
        _put_fetched(conn, change.job_id, output)
    return row


def _expected(change: JobChange, old: JobState) -> dict[str, Any]:
    """Parameters of the conditions under which the change is made; their names choose the conditions."""
    expected: dict[str, Any] = {"is_id": change.job_id, "is_state": old}
    if change.expect_prompt is not None:
        expected["is_prompt"] = change.expect_prompt
    if change.expect_queue_open:
        expected["is_open"] = False
    if change.expect_revision is not None:
        expected["is_revision"] = change.expect_revision
    return expected


def _named(values: dict[str, Any]) -> dict[str, Any]:
    """SQLAlchemy keeps the plain names of columns for itself."""
    return {f"new_{name}": value for name, value in values.items()}


@cache
def _update(columns: tuple[str, ...], expected: frozenset[str]) -> Any:
    """The UPDATE for this choice of columns and conditions; there are a dozen or two."""
    conditions = [jobs.c.id == bindparam("is_id"), jobs.c.state == bindparam("is_state")]
    if "is_prompt" in expected:
        conditions.append(_newest_prompt() == bindparam("is_prompt"))
    if "is_open" in expected:
        conditions += _open(bindparam("is_open"))
    if "is_revision" in expected:
        conditions.append(jobs.c.revision == bindparam("is_revision"))
    values = {name: bindparam(f"new_{name}", type_=jobs.c[name].type) for name in columns}
    return update(jobs).where(*conditions).values(values).returning(*LISTED)


def _newest_prompt() -> Any:
    return (
        select(attempts.c.prompt_id)
        .where(attempts.c.job_id == jobs.c.id)
        .order_by(attempts.c.ordinal.desc())
        .limit(1)
        .scalar_subquery()
    )


def _open(no: Any) -> list[ColumnElement[bool]]:
    paused = select(queue_state.c.paused).where(queue_state.c.id == 1).scalar_subquery()
    return [jobs.c.held == no, jobs.c.cancel_requested == no, paused == no]


def _values(conn: Connection, change: JobChange, old: JobState, new: JobState) -> dict[str, Any]:
    """The columns that the change sets."""
    values: dict[str, Any] = {}
    if change.clear_error:
        values["error"] = None
    if change.clear_times:
        values |= {"submitted_at": None, "started_at": None}
    for name in _PLAIN:
        value = getattr(change, name)
        if value is not None:
            values[name] = value
    if new is not old:
        values["state"] = new  # which may be another than asked for: see `apply`
    if new in ENDED and old not in ENDED:
        # The lists and counts of ended jobs go by this column: it is never missing.
        values.setdefault("finished_at", datetime.now(UTC))
    elif new not in ENDED:
        values.pop("finished_at", None)
    if change.overrides:
        late = conn.execute(select(jobs.c.late_literals).where(jobs.c.id == change.job_id)).scalar_one()
        values["late_literals"] = {**late, **change.overrides}
    return values


def _put_attempt(conn: Connection, job_id: str, attempt: Attempt) -> None:
    """Inserts or updates. RuntimeError if the prompt id is another job's: an id is never used twice."""
    if attempt.job_id != job_id:
        raise RuntimeError(f"attempt {attempt.prompt_id} is not of job {job_id}")
    if not upsert_own(conn, attempts, attempt_row(attempt), "job_id"):
        query = select(attempts.c.job_id).where(attempts.c.prompt_id == attempt.prompt_id)
        owner = conn.execute(query).scalar_one()
        raise RuntimeError(f"prompt id {attempt.prompt_id} was used by job {owner} already")


def _put_outputs(conn: Connection, job_id: str, new: Sequence[Output]) -> None:
    """Inserts those of which neither the id nor the place on the server is known."""
    known = _KNOWN_OUTPUTS.rows(conn, [job_id])
    ids = {row["id"] for row in known}
    sources = {(row["prompt_id"], row["node"], row["kind"], row["idx"]) for row in known}
    place = max((row["place"] for row in known), default=-1) + 1
    rows: list[dict[str, Any]] = []
    for output in new:
        row = output_row(output, place + len(rows))
        source = (row["prompt_id"], row["node"], row["kind"], row["idx"])
        if row["id"] in ids or source in sources:
            continue
        ids.add(row["id"])
        sources.add(source)
        rows.append(row)
    insert_all(conn, outputs, rows)


def insert_all(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """In batches."""
    for chunk in chunked(rows):
        conn.execute(insert(table), chunk)


def set_fetched(conn: Connection, output: Output) -> None:
    """What is known once a file is on disk; the job counts as changed."""
    revision = bump(conn, "revision", 1)
    _put_fetched(conn, output.job_id, output)
    conn.execute(update(jobs).where(jobs.c.id == output.job_id).values(revision=revision))


def _put_fetched(conn: Connection, job_id: str, output: Output) -> None:
    values = _named(
        {
            "path": output.path,
            "bytes": output.bytes,
            "sha256": output.sha256,
            "fetched_at": output.fetched_at,
        }
    )
    conn.execute(_FETCHED, values | {"output": output.id, "job": job_id})


def set_intent(conn: Connection, prompt_id: str, intent: str) -> bool:
    """Whether there is such an attempt."""
    result = conn.execute(update(attempts).where(attempts.c.prompt_id == prompt_id).values(intent=intent))
    return result.rowcount == 1


def set_paused(conn: Connection, paused: bool, now: datetime) -> None:
    """Pausing a paused queue keeps the time since when."""
    bump(conn, "revision", 1)  # also the lock: a claim is either before the pause or sees it
    since = func.coalesce(queue_state.c.paused_since, literal(now, Moment)) if paused else None
    conn.execute(update(queue_state).where(queue_state.c.id == 1).values(paused=paused, paused_since=since))
