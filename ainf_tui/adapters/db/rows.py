"""Rows to domain values and back; how jobs are read with all that belongs to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, CursorResult, Result, RowMapping, Select, bindparam, select

from ainf_tui.adapters.db.tables import attempts, jobs, outputs
from ainf_tui.domain.comfy import ServerFile
from ainf_tui.domain.jobs import Attempt, AttemptState, Intent, Job, JobState, Output
from ainf_tui.domain.text import storable

T = TypeVar("T")

CHUNK = 200
"""Values in one IN list and rows in one batch: short enough for the event loop to breathe between."""

_ELSEWHERE = frozenset({"attempts", "outputs", "priority", "state"})
_JOB_COLUMNS = tuple(f.name for f in fields(Job) if f.name not in _ELSEWHERE)
_ATTEMPT_COLUMNS = tuple(f.name for f in fields(Attempt) if f.name not in {"state", "intent"})
_OUTPUT_COLUMNS = tuple(f.name for f in fields(Output) if f.name != "source")
# Not read for lists: they can be large, and only `graph` needs them.
LISTED = [c for c in jobs.c if c.name not in {"literals", "late_literals"}]


class ByKey:
    """Rows by the value of one column. Made once: SQLAlchemy takes longer to build a statement than SQLite
    to answer it, and an IN list is written out anew at each call, so that one value has its own statement.
    """

    def __init__(self, query: Select[Any], column: Column[Any]) -> None:
        self._one = query.where(column == bindparam("key"))
        self._many = query.where(column.in_(bindparam("keys", expanding=True)))

    def rows(self, conn: Connection, keys: Collection[Any]) -> Sequence[RowMapping]:
        """At most CHUNK keys."""
        return self._result(conn, keys).mappings().all()

    def dicts(self, conn: Connection, keys: Collection[Any]) -> list[dict[str, Any]]:
        """At most CHUNK keys; see `dicts`."""
        return dicts(self._result(conn, keys))

    def tuples(self, conn: Connection, keys: Collection[Any]) -> Sequence[Sequence[Any]]:
        """At most CHUNK keys; columns in the order of the statement."""
        return self._result(conn, keys).all()

    def _result(self, conn: Connection, keys: Collection[Any]) -> CursorResult[Any]:
        if len(keys) == 1:
            (key,) = keys
            return conn.execute(self._one, {"key": key})
        return conn.execute(self._many, {"keys": list(keys)})


def dicts(result: Result[Any]) -> list[dict[str, Any]]:
    """All rows, for who reads many columns of each: a column of a RowMapping costs ten times as much."""
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result.all()]


_JOBS = ByKey(select(*LISTED), jobs.c.id)
_ATTEMPTS = ByKey(select(attempts), attempts.c.job_id)
_OUTPUTS = ByKey(select(outputs).order_by(outputs.c.job_id, outputs.c.place), outputs.c.job_id)


def chunked(values: Iterable[T]) -> Iterator[list[T]]:
    """Lists of at most CHUNK."""
    chunk: list[T] = []
    for value in values:
        chunk.append(value)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def jobs_by_id(conn: Connection, ids: Sequence[str]) -> tuple[Job, ...]:
    """Those that exist, in the order of `ids`, each with attempts and outputs (three queries a chunk)."""
    found: dict[str, Job] = {}
    for chunk in chunked(ids):
        found |= {job.id: job for job in whole_jobs(conn, _JOBS.rows(conn, chunk))}
    return tuple(found[key] for key in ids if key in found)


def whole_jobs(
    conn: Connection, rows: Sequence[RowMapping], *, without_outputs: Collection[str] = ()
) -> Iterator[Job]:
    """The jobs of rows of LISTED, in their order; `without_outputs`: ids known to have none.

    An output belongs to an attempt: a job that was never tried has none either.
    """
    tried: dict[str, list[Attempt]] = {}
    made: dict[str, list[Output]] = {}
    for chunk in chunked(row["id"] for row in rows):
        tried |= _attempts(conn, chunk)
    for chunk in chunked(key for key in tried if key not in without_outputs):
        made |= _outputs(conn, chunk)
    for row in rows:
        key = row["id"]
        yield _job(row, tuple(tried.get(key, ())), tuple(made.get(key, ())))


def job_by_id(conn: Connection, job_id: str | None) -> Job | None:
    """The job, or None."""
    found = jobs_by_id(conn, [job_id]) if job_id is not None else ()
    return found[0] if found else None


def attempt_of(row: RowMapping) -> Attempt:
    """From a whole row of `attempts`."""
    values = {name: row[name] for name in _ATTEMPT_COLUMNS}
    return Attempt(**values, state=AttemptState(row["state"]), intent=Intent(row["intent"]))


def attempt_row(attempt: Attempt) -> dict[str, Any]:
    """Column values of `attempts`."""
    return {f.name: getattr(attempt, f.name) for f in fields(Attempt)}


def output_row(output: Output, place: int) -> dict[str, Any]:
    """Column values of `outputs`; `place` is its order within the job."""
    source = output.source
    return {name: getattr(output, name) for name in _OUTPUT_COLUMNS} | {
        "place": place,
        "node": storable(source.node),  # as it is stored: compared with rows
        "kind": storable(source.kind),
        "idx": source.index,
        "filename": source.filename,
        "subfolder": source.subfolder,
        "type": source.type,
        "text": source.text,
    }


def job_row(job: Job) -> dict[str, Any]:
    """Column values of `jobs` that come from the job alone."""
    return {name: getattr(job, name) for name in _JOB_COLUMNS} | {
        "state": job.state,
        "urgency": -job.priority,
        "batch_id": str(job.batch.get("id") or ""),
    }


def _job(row: RowMapping, tried: tuple[Attempt, ...], made: tuple[Output, ...]) -> Job:
    values = {name: row[name] for name in _JOB_COLUMNS}
    return Job(**values, state=JobState(row["state"]), priority=-row["urgency"], attempts=tried, outputs=made)


def _attempts(conn: Connection, job_ids: Collection[str]) -> dict[str, list[Attempt]]:
    grouped: dict[str, list[Attempt]] = {}
    for row in _ATTEMPTS.rows(conn, job_ids):
        grouped.setdefault(row["job_id"], []).append(attempt_of(row))
    for tried in grouped.values():
        tried.sort(key=lambda a: a.ordinal)
    return grouped


def _outputs(conn: Connection, job_ids: Collection[str]) -> dict[str, list[Output]]:
    grouped: dict[str, list[Output]] = {}
    for row in _OUTPUTS.rows(conn, job_ids):
        grouped.setdefault(row["job_id"], []).append(_output(row))
    return grouped


def _output(row: RowMapping) -> Output:
    source = ServerFile(
        node=row["node"],
        kind=row["kind"],
        index=row["idx"],
        filename=row["filename"],
        subfolder=row["subfolder"],
        type=row["type"],
        text=row["text"],
    )
    return Output(**{name: row[name] for name in _OUTPUT_COLUMNS}, source=source)
