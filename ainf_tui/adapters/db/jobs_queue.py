"""The queue's order: who is next, and who stands where."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, and_, bindparam, func, select, tuple_

from ainf_tui.adapters.db.jobs_find import graph
from ainf_tui.adapters.db.rows import LISTED, chunked, whole_jobs
from ainf_tui.adapters.db.tables import QUEUED, jobs
from ainf_tui.domain.jobs import Job, JobGraph

_RUN_ORDER = (jobs.c.urgency, jobs.c.rank, jobs.c.number)
_READY = and_(jobs.c.state == QUEUED, jobs.c.held == False)  # noqa: E712 - SQL; `is` would not be indexable
_NEXT = (
    select(*LISTED)
    .where(_READY, jobs.c.cancel_requested == False)  # noqa: E712 - SQL
    .where(jobs.c.backend_pin.in_(bindparam("pins", expanding=True)))
    .order_by(*_RUN_ORDER)
    .limit(bindparam("most"))
)


def next_queued(conn: Connection, backends: Collection[str], limit: int) -> tuple[Job, ...]:
    """See `JobRepository.next_queued`."""
    found = conn.execute(_NEXT, {"pins": ["", *backends], "most": limit})
    return tuple(whole_jobs(conn, found.mappings().all()))


def next_to_send(conn: Connection, backend: str) -> tuple[Job, JobGraph] | None:
    """See `JobRepository.next_to_send`."""
    found = next_queued(conn, [backend], 1)
    return (found[0], graph(conn, found[0].id)) if found else None


def position(conn: Connection, job_ids: Collection[str]) -> dict[str, int]:
    """See `JobRepository.position`. One walk along the index, whatever the number of ids."""
    places = (
        select(jobs.c.id, func.row_number().over(order_by=_RUN_ORDER).label("place")).where(_READY).subquery()
    )
    found: dict[str, int] = {}
    for chunk in chunked(job_ids):
        rows = conn.execute(select(places.c.id, places.c.place).where(places.c.id.in_(chunk)))
        found |= {row[0]: row[1] for row in rows}
    return found


def place(conn: Connection, priority: int, rank: float, number: int) -> int:
    """The position of one job that is ready, from what orders it. A tenth of the cost of `position`."""
    upto = tuple_(*_RUN_ORDER) <= (-priority, rank, number)
    return int(conn.execute(select(func.count()).where(_READY, upto)).scalar_one())
