"""Storing new jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, func, insert, select

from ainf_tui.adapters.db.counting import bump
from ainf_tui.adapters.db.graphs import Shapes, StoredGraph, difference, stored
from ainf_tui.adapters.db.rows import attempt_row, chunked, job_row, jobs_by_id, output_row
from ainf_tui.adapters.db.tables import NOTHING, attempts, graphs, jobs, outputs, requests
from ainf_tui.domain.jobs import Job, NewJob
from ainf_tui.domain.text import storable


def add(conn: Connection, new: Sequence[NewJob]) -> tuple[Job, ...]:
    """See `JobRepository.add`. Jobs of a known request stand where its first one stood in `new`."""
    bump(conn, "revision", 0)  # the lock; see `bump`
    known = _known_requests(conn, {storable(item.request_id) for item in new if item.request_id})
    fresh: list[NewJob] = []
    ids: list[str] = []
    for item in new:
        request = storable(item.request_id)
        if request in known:
            ids.extend(known[request])
            known[request] = []
        else:
            fresh.append(item)
            ids.append(item.job.id)
    _store(conn, fresh)
    return jobs_by_id(conn, ids)


def add_request(conn: Connection, request_id: str, new: Iterable[NewJob]) -> tuple[str, ...]:
    """See `JobRepository.add_request`. What `new` raises undoes everything."""
    bump(conn, "revision", 0)  # the lock; see `bump`
    key = storable(request_id)
    known = _known_requests(conn, {key} if key else set())
    return tuple(known[key]) if key in known else tuple(_store(conn, new))


def requested(conn: Connection, request_id: str) -> tuple[Job, ...] | None:
    """The jobs that a request made and that still exist; None if it is not known."""
    key = storable(request_id)
    known = _known_requests(conn, {key} if key else set())
    if key not in known:
        return None
    found = {job.id: job for job in jobs_by_id(conn, known[key])}
    return tuple(found[job_id] for job_id in known[key])


def _known_requests(conn: Connection, request_ids: set[str]) -> dict[str, list[str]]:
    """Ids of the jobs that each known request made and that still exist, in order of number."""
    known: dict[str, list[str]] = {}
    for chunk in chunked(sorted(request_ids)):
        for found in conn.execute(
            select(requests.c.request_id).where(requests.c.request_id.in_(chunk))
        ).scalars():
            made = (
                select(jobs.c.id)
                .where(jobs.c.request_id == found, jobs.c.request_id != NOTHING)
                .order_by(jobs.c.number)
            )
            known[found] = list(conn.execute(made).scalars())
    return known


def _store(conn: Connection, new: Iterable[NewJob]) -> list[str]:
    """Their ids. Chunk by chunk: of an iterator, never more than one chunk is in memory."""
    ranks = _Ranks(conn)
    templates = _Templates(conn)
    requested: set[str] = set()
    ids: list[str] = []
    for chunk in chunked(new):
        _store_requests(conn, chunk, requested)
        _store_jobs(conn, chunk, ranks, templates)
        _store_parts(conn, chunk)
        ids += [item.job.id for item in chunk]
    return ids


def _store_jobs(conn: Connection, new: Sequence[NewJob], ranks: _Ranks, templates: _Templates) -> None:
    first_number = bump(conn, "number", len(new)) - len(new) + 1
    first_revision = bump(conn, "revision", len(new)) - len(new) + 1
    rows: list[dict[str, Any]] = []
    for offset, item in enumerate(new):
        graph = templates.place(item)
        own = {
            "number": first_number + offset,
            "revision": first_revision + offset,
            "rank": ranks.next(-item.job.priority),
            "request_id": item.request_id,
        }
        rows.append(job_row(item.job) | own | graph)
    conn.execute(insert(jobs), rows)
    ended = sum(item.job.ended for item in new)
    if ended:
        bump(conn, "ended", ended)


def _store_requests(conn: Connection, new: Sequence[NewJob], stored: set[str]) -> None:
    """Those not in `stored` yet, where they are noted."""
    times = {item.request_id: item.job.created_at for item in reversed(new) if item.request_id}
    rows = [{"request_id": key, "created_at": at} for key, at in times.items() if key not in stored]
    if rows:
        conn.execute(insert(requests), rows)
    stored.update(times)


def _store_parts(conn: Connection, new: Sequence[NewJob]) -> None:
    """Attempts and outputs of jobs that come with a past (an import, a restored list)."""
    tried = [attempt_row(attempt) for item in new for attempt in item.job.attempts]
    made = [output_row(output, i) for item in new for i, output in enumerate(item.job.outputs)]
    for table, rows in ((attempts, tried), (outputs, made)):
        for chunk in chunked(rows):
            conn.execute(insert(table), chunk)


class _Ranks:
    """The next rank at the end of each priority."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._last: dict[int, float] = {}

    def next(self, urgency: int) -> float:
        if urgency not in self._last:
            self._last[urgency] = last_rank(self._conn, urgency)
        self._last[urgency] += 1.0
        return self._last[urgency]


def last_rank(conn: Connection, urgency: int) -> float:
    """The greatest rank among open jobs of that urgency, 0.0 if there are none."""
    query = select(func.max(jobs.c.rank)).where(jobs.c.finished_at.is_(None), jobs.c.urgency == urgency)
    return float(conn.execute(query).scalar() or 0.0)


class _Templates:
    """The stored graph of each shape, inserted when a shape is new to the database."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._shapes = Shapes()
        self._graphs: dict[str, Mapping[str, Any]] = {}

    def place(self, item: NewJob) -> dict[str, Any]:
        """The columns of a job row that lead to its graph."""
        shape = self._shapes.of(item.graph)
        template = self._graphs.get(shape)
        if template is None:
            template = self._find(shape)
            if template is None:
                template = self._insert(stored(shape, item.graph))
            self._graphs[shape] = template
        literals = difference(template, item.graph.graph)
        return {"shape": shape, "literals": literals, "late_literals": {}}

    def _find(self, shape: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self._conn.execute(
            select(graphs.c.graph).where(graphs.c.shape == shape)
        ).scalar_one_or_none()
        return found

    def _insert(self, row: StoredGraph) -> Mapping[str, Any]:
        self._conn.execute(insert(graphs).values({f.name: getattr(row, f.name) for f in fields(row)}))
        return row.graph
