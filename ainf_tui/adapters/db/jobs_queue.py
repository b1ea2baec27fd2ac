"""The queue's order: who is next, who stands where, and moving them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, select, tuple_, update

from ainf_tui.adapters.db.counting import bump
from ainf_tui.adapters.db.jobs_add import last_rank
from ainf_tui.adapters.db.jobs_find import graph
from ainf_tui.adapters.db.rows import LISTED, chunked, job_by_id, whole_jobs
from ainf_tui.adapters.db.tables import QUEUED, jobs
from ainf_tui.domain.jobs import Job, JobGraph
from ainf_tui.errors import ConflictError

_RUN_ORDER = (jobs.c.urgency, jobs.c.rank, jobs.c.number)
_OPEN: ColumnElement[bool] = jobs.c.finished_at.is_(None)
_READY = and_(jobs.c.state == QUEUED, jobs.c.held == False)  # noqa: E712 - SQL; `is` would not be indexable
_NEXT = (
    select(*LISTED)
    .where(_READY, jobs.c.cancel_requested == False)  # noqa: E712 - SQL
    .where(jobs.c.backend_pin.in_(bindparam("pins", expanding=True)))
    .order_by(*_RUN_ORDER)
    .limit(bindparam("most"))
)
_SMALLEST_GAP = 1e-9
"""Between two ranks; closer neighbours are numbered afresh."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a job goes: before or behind another (ids), to the bottom, or else to the top."""

    before: str | None = None
    after: str | None = None
    bottom: bool = False

    @property
    def anchor(self) -> str | None:
        return self.before or self.after


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


def set_priority(conn: Connection, job_ids: Collection[str], priority: int) -> None:
    """Open jobs go behind all others of their new priority, in the order they had among themselves."""
    revision = bump(conn, "revision", len(job_ids)) - len(job_ids)
    moved: list[Row[str, int, float, int]] = []
    for chunk in chunked(sorted(job_ids)):
        query = select(jobs.c.id, *_RUN_ORDER).where(jobs.c.id.in_(chunk), _OPEN, jobs.c.urgency != -priority)
        moved += conn.execute(query).all()
    moved.sort(key=lambda row: tuple(row)[1:])
    rank = last_rank(conn, -priority)
    for i, row in enumerate(moved, 1):
        values = {"urgency": -priority, "rank": rank + i, "revision": revision + i}
        conn.execute(update(jobs).where(jobs.c.id == row[0]).values(values))


def move(conn: Connection, job_id: str, target: Target) -> Job | None:
    """See `JobRepository.move`. None if the job has ended or is unknown; ConflictError for a bad anchor."""
    return job_by_id(conn, job_id) if reorder(conn, job_id, target) else None


def reorder(conn: Connection, job_id: str, target: Target) -> bool:
    """`move` without reading the job back; False where it gives None."""
    revision = bump(conn, "revision", 1)
    found = _place(conn, job_id)
    if found is None:
        return False
    if target.anchor == job_id:
        return True
    urgency = found[1]
    if target.anchor is not None:
        _check_anchor(conn, target.anchor, urgency, found[3])
    rank = _rank_at(conn, job_id, urgency, target)
    if rank is None:
        _renumber(conn, urgency)
        rank = _rank_at(conn, job_id, urgency, target)
    if rank is None:
        raise RuntimeError(f"no place for job {job_id} after numbering afresh")
    conn.execute(update(jobs).where(jobs.c.id == job_id).values(rank=rank, revision=revision))
    return True


def _place(conn: Connection, job_id: str) -> Row[str, int, float, int] | None:
    """id, urgency, rank, number of an open job."""
    return conn.execute(select(jobs.c.id, *_RUN_ORDER).where(jobs.c.id == job_id, _OPEN)).one_or_none()


def _check_anchor(conn: Connection, anchor: str, urgency: int, number: int) -> None:
    place = _place(conn, anchor)
    if place is None:
        raise ConflictError(
            "job.cannot_move",
            f"job {number} cannot be moved beside a job that has ended",
            hint="name a job that waits; `ainf queue list` shows them",
        )
    if place[1] != urgency:
        raise ConflictError(
            "job.other_priority",
            f"job {number} has priority {-urgency}, job {place[3]} has {-place[1]}: rank counts within one",
            hint=f"give it the same priority first: ainf queue move {number} --priority {-place[1]}",
        )


def _rank_at(conn: Connection, job_id: str, urgency: int, target: Target) -> float | None:
    """A rank between the two neighbours to be; None if they are too close."""
    if target.bottom:
        return last_rank(conn, urgency) + 1.0
    anchor = _place(conn, target.anchor) if target.anchor is not None else None
    if anchor is None:
        first = _neighbour(conn, job_id, urgency, None, below=False)
        return 0.0 if first is None else first - 1.0
    below = target.before is not None
    key = (float(anchor[2]), int(anchor[3]))
    other = _neighbour(conn, job_id, urgency, key, below=below)
    if other is None:
        return key[0] - 1.0 if below else key[0] + 1.0
    low, high = sorted((key[0], other))
    middle = low + (high - low) / 2
    return middle if low < middle < high and high - low >= _SMALLEST_GAP else None


def _neighbour(
    conn: Connection, job_id: str, urgency: int, key: tuple[float, int] | None, *, below: bool
) -> float | None:
    """Rank of the next other open job before (`below`) or behind the key; of the first one without a key."""
    pair = tuple_(jobs.c.rank, jobs.c.number)
    query = select(jobs.c.rank).where(_OPEN, jobs.c.urgency == urgency, jobs.c.id != job_id)
    if key is not None:
        query = query.where(pair < key if below else pair > key)
    order = (jobs.c.rank.desc(), jobs.c.number.desc()) if below else (jobs.c.rank, jobs.c.number)
    rank = conn.execute(query.order_by(*order).limit(1)).scalar_one_or_none()
    return None if rank is None else float(rank)


def _renumber(conn: Connection, urgency: int) -> None:
    """Ranks 1, 2, 3, ... in the order there is. Revisions stay: nothing that a client sees changes."""
    query = select(jobs.c.id).where(_OPEN, jobs.c.urgency == urgency).order_by(jobs.c.rank, jobs.c.number)
    rows = [
        {"job": job_id, "new_rank": float(i)} for i, job_id in enumerate(conn.execute(query).scalars(), 1)
    ]
    statement = update(jobs).where(jobs.c.id == bindparam("job")).values(rank=bindparam("new_rank"))
    for chunk in chunked(rows):
        conn.execute(statement, chunk)
