"""Changing the queue's order: priorities, and ranks within one. Many jobs cost little more than one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import ColumnElement, Connection, Row, bindparam, select, tuple_, update

from ainf_tui.adapters.db.counting import bump
from ainf_tui.adapters.db.jobs_add import last_rank
from ainf_tui.adapters.db.rows import chunked, jobs_by_id
from ainf_tui.adapters.db.tables import jobs
from ainf_tui.domain.jobs import Job
from ainf_tui.errors import ConflictError

_RUN_ORDER = (jobs.c.urgency, jobs.c.rank, jobs.c.number)
_OPEN: ColumnElement[bool] = jobs.c.finished_at.is_(None)
_SMALLEST_GAP = 1e-9
"""Between two ranks; closer neighbours are numbered afresh."""

Place = Row[str, int, float, int]
"""id, urgency, rank, number."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where jobs go: before or behind another (ids), to the bottom, or else to the top."""

    before: str | None = None
    after: str | None = None
    bottom: bool = False

    @property
    def anchor(self) -> str | None:
        return self.before or self.after


def set_priority(conn: Connection, job_ids: Collection[str], priority: int) -> None:
    """Open jobs go behind all others of their new priority, in the order they had among themselves."""
    revision = bump(conn, "revision", len(job_ids)) - len(job_ids)
    moved = [place for place in _places(conn, job_ids) if place[1] != -priority]
    rank = last_rank(conn, -priority)
    _store(
        conn,
        [
            {"job": row[0], "new_urgency": -priority, "new_rank": rank + i, "new_revision": revision + i}
            for i, row in enumerate(moved, 1)
        ],
    )


def move(conn: Connection, job_ids: Sequence[str], target: Target) -> tuple[Job, ...]:
    """See `JobRepository.move`. ConflictError for a bad anchor."""
    return jobs_by_id(conn, reorder(conn, job_ids, target))


def reorder(conn: Connection, job_ids: Sequence[str], target: Target) -> list[str]:
    """`move` without reading the jobs back: the ids of those that are open."""
    revision = bump(conn, "revision", len(job_ids)) - len(job_ids)
    found = {place[0]: place for place in _places(conn, job_ids)}
    places = [found[job_id] for job_id in dict.fromkeys(job_ids) if job_id in found]
    moved = [place for place in places if place[0] != target.anchor]
    if target.anchor is not None:
        _check_anchor(conn, target.anchor, moved)
    rows = []
    for urgency in sorted({place[1] for place in moved}):
        group = [place[0] for place in moved if place[1] == urgency]
        rows += [
            {"job": job_id, "new_urgency": urgency, "new_rank": rank}
            for job_id, rank in zip(group, _ranks(conn, group, urgency, target), strict=True)
        ]
    _store(conn, [row | {"new_revision": revision + i} for i, row in enumerate(rows, 1)])
    return [place[0] for place in places]


def _places(conn: Connection, job_ids: Collection[str]) -> list[Place]:
    """Of the open ones, in run order."""
    found: list[Place] = []
    for chunk in chunked(sorted(job_ids)):
        found += conn.execute(select(jobs.c.id, *_RUN_ORDER).where(jobs.c.id.in_(chunk), _OPEN)).all()
    return sorted(found, key=lambda place: (place[1], place[2], place[3]))


def _store(conn: Connection, rows: Sequence[dict[str, object]]) -> None:
    statement = (
        update(jobs)
        .where(jobs.c.id == bindparam("job"))
        .values(
            urgency=bindparam("new_urgency"),
            rank=bindparam("new_rank"),
            revision=bindparam("new_revision"),
        )
    )
    for chunk in chunked(rows):
        conn.execute(statement, chunk)


def _check_anchor(conn: Connection, anchor: str, moved: Sequence[Place]) -> None:
    if not moved:
        return
    found = _places(conn, [anchor])
    number = moved[0][3]
    if not found:
        raise ConflictError(
            "job.cannot_move",
            f"job {number} cannot be moved beside a job that has ended",
            hint="name a job that waits; `ainf queue list` shows them",
        )
    _, wanted, _, beside = found[0]
    for _, urgency, _, number in moved:
        if urgency != wanted:
            raise ConflictError(
                "job.other_priority",
                f"job {number} has priority {-urgency}, job {beside} has {-wanted}: rank counts within one",
                hint=f"give it the same priority first: ainf queue move {number} --priority {-wanted}",
            )


def _ranks(conn: Connection, moved: Sequence[str], urgency: int, target: Target) -> list[float]:
    """Ascending ranks for the jobs between their neighbours to be."""
    for renumbered in (False, True):
        low, high = _neighbours(conn, moved, urgency, target)
        ranks = _between(low, high, len(moved))
        if ranks is not None:
            return ranks
        if not renumbered:
            _renumber(conn, urgency)
    raise RuntimeError(f"no place for {len(moved)} jobs after numbering afresh")


def _neighbours(
    conn: Connection, moved: Sequence[str], urgency: int, target: Target
) -> tuple[float | None, float | None]:
    """Ranks of the jobs that will stand before the first and behind the last of the moved ones."""
    if target.bottom:
        return last_rank(conn, urgency), None
    if target.anchor is None:
        return None, _neighbour(conn, moved, urgency, None, below=False)
    [anchor] = _places(conn, [target.anchor])
    key = (float(anchor[2]), int(anchor[3]))
    if target.before is not None:
        return _neighbour(conn, moved, urgency, key, below=True), key[0]
    return key[0], _neighbour(conn, moved, urgency, key, below=False)


def _neighbour(
    conn: Connection, moved: Sequence[str], urgency: int, key: tuple[float, int] | None, *, below: bool
) -> float | None:
    """Rank of the next open job that stays, before (`below`) or behind the key; without one, of the first."""
    pair = tuple_(jobs.c.rank, jobs.c.number)
    query = select(jobs.c.id, jobs.c.rank).where(_OPEN, jobs.c.urgency == urgency)
    if key is not None:
        query = query.where(pair < key if below else pair > key)
    order = (jobs.c.rank.desc(), jobs.c.number.desc()) if below else (jobs.c.rank, jobs.c.number)
    going = set(moved)
    rows = conn.execute(query.order_by(*order).limit(len(going) + 1))
    return next((float(rank) for job_id, rank in rows if job_id not in going), None)


def _between(low: float | None, high: float | None, count: int) -> list[float] | None:
    """So many ranks between two; None if they would stand too close. Without a limit, whole steps from it."""
    if high is None:
        return [(low or 0.0) + i for i in range(1, count + 1)]
    if low is None:
        return [high - i for i in range(count, 0, -1)]
    gap = (high - low) / (count + 1)
    ranks = [low + gap * i for i in range(1, count + 1)]
    # Far from zero, floating-point numbers are further apart than the gap.
    if gap < _SMALLEST_GAP or any(a >= b for a, b in pairwise((low, *ranks, high))):
        return None
    return ranks


def _renumber(conn: Connection, urgency: int) -> None:
    """Ranks 1, 2, 3, ... in the order there is. Revisions stay: nothing that a client sees changes."""
    query = select(jobs.c.id).where(_OPEN, jobs.c.urgency == urgency).order_by(jobs.c.rank, jobs.c.number)
    rows = [
        {"job": job_id, "new_rank": float(i)} for i, job_id in enumerate(conn.execute(query).scalars(), 1)
    ]
    statement = update(jobs).where(jobs.c.id == bindparam("job")).values(rank=bindparam("new_rank"))
    for chunk in chunked(rows):
        conn.execute(statement, chunk)
