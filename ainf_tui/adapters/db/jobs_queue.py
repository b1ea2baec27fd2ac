"""The queue's order: who is next, and who stands where."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, and_, func, select, tuple_

from ainf_tui.adapters.db.rows import LISTED, chunked, whole_jobs
from ainf_tui.adapters.db.tables import QUEUED, jobs
from ainf_tui.domain.jobs import Job

_RUN_ORDER = (jobs.c.urgency, jobs.c.rank, jobs.c.number)
_READY = and_(jobs.c.state == QUEUED, jobs.c.held == False)  # noqa: E712 - SQL; `is` would not be indexable


def next_queued(conn: Connection, backends: Collection[str], limit: int) -> tuple[Job, ...]:
    """See `JobRepository.next_queued`."""
    query = (
        select(*LISTED)
        .where(_READY, jobs.c.cancel_requested == False)  # noqa: E712 - SQL
        .where(jobs.c.backend_pin.in_({"", *backends}))
        .order_by(*_RUN_ORDER)
        .limit(limit)
    )
    return tuple(whole_jobs(conn, conn.execute(query).mappings().all()))


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
