"""Pages of the job list. Each begins at a key in an index; what came before costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    or_,
    select,
    tuple_,
    type_coerce,
)

from ainf_tui.adapters.db import cursors
from ainf_tui.adapters.db.columns import from_microseconds, to_microseconds
from ainf_tui.adapters.db.rows import jobs_by_id
from ainf_tui.adapters.db.search import text_condition
from ainf_tui.adapters.db.tables import NOTHING, QUEUED, jobs
from ainf_tui.domain.jobs import ENDED, OPEN, JobState
from ainf_tui.domain.ports import JobFilter, JobPage

_ACTIVE = OPEN - {JobState.QUEUED}
_RUN_ORDER = (jobs.c.urgency, jobs.c.rank, jobs.c.number)
# Microseconds as they are stored: keys and cursors need no datetimes.
_FINISHED = type_coerce(jobs.c.finished_at, BigInteger)
_LAST = 2**62
"""Later than every time in microseconds, greater than every number; still an integer of databases."""

# Segments of the open list, in their order.
_ON_SERVER, _WAITING, _HELD = 0, 1, 2


Key = tuple[Any, ...]
Ids = tuple[list[str], str | None]
"""Of the jobs of a page in their order, and the cursor of the page behind it (None at the end)."""


def list_open(conn: Connection, where: JobFilter, limit: int, after: str | None) -> JobPage:
    """On the server (by time of submission), then waiting, then held ones (each in run order)."""
    return _jobs(conn, walk_open(conn, where, limit, after))


def list_ended(conn: Connection, where: JobFilter, limit: int, after: str | None) -> JobPage:
    """Newest first."""
    return _jobs(conn, walk_ended(conn, where, limit, after))


def list_all(conn: Connection, where: JobFilter, limit: int, after: str | None) -> JobPage:
    """Open ones, then ended ones, of one and the same moment."""
    return _jobs(conn, walk_all(conn, where, limit, after))


def changed_since(conn: Connection, where: JobFilter, limit: int) -> JobPage:
    """In order of revision; `next` only says that there are more (ask again with the last revision)."""
    return _jobs(conn, walk_changed(conn, where, limit))


def _jobs(conn: Connection, page: Ids) -> JobPage:
    ids, following = page
    return JobPage(jobs_by_id(conn, ids), following)


def walk_open(conn: Connection, where: JobFilter, limit: int, after: str | None) -> Ids:
    """The ids of `list_open`."""
    segment, key = (-1, None) if after is None else _open_cursor(after)
    found: list[tuple[str, Key]] = []
    for number in range(max(segment, 0), _HELD + 1):
        start = key if number == segment else None
        missing = limit + 1 - len(found)
        if missing > 0 and number == _ON_SERVER:
            found += _active(conn, where, missing, start)
        elif missing > 0 and _wants(where.states, {JobState.QUEUED}):
            found += _queued(conn, where, missing, start, held=number == _HELD)
    return _page("open", found, limit)


def _open_cursor(after: str) -> tuple[int, tuple[Any, ...]]:
    segment, first, rank, number = cursors.decode(after, "open", (int, int, float, int))
    return segment, ((first, number) if segment == _ON_SERVER else (first, rank, number))


def _active(conn: Connection, where: JobFilter, limit: int, after: Key | None) -> list[tuple[str, Key]]:
    """Few by nature (two prompts a backend, and what is being fetched): sorted here."""
    states = _ACTIVE & where.states if where.states else _ACTIVE
    if not states:
        return []
    query = _filtered(select(jobs.c.id, jobs.c.submitted_at, jobs.c.number), where)
    rows = conn.execute(query.where(jobs.c.state.in_(states)))
    keyed = sorted((_submitted(at), number, job_id) for job_id, at, number in rows)
    return [
        (job_id, (_ON_SERVER, at, 0.0, number))
        for at, number, job_id in keyed
        if after is None or (at, number) > after
    ][:limit]


def _submitted(at: datetime | None) -> int:
    return _LAST if at is None else to_microseconds(at)


def _queued(
    conn: Connection, where: JobFilter, limit: int, after: Key | None, *, held: bool
) -> list[tuple[str, Key]]:
    query = select(jobs.c.id, *_RUN_ORDER).where(jobs.c.state == QUEUED, jobs.c.held == held)
    if after is not None:
        query = query.where(tuple_(*_RUN_ORDER) > after)
    rows = conn.execute(_filtered(query, where).order_by(*_RUN_ORDER).limit(limit))
    segment = _HELD if held else _WAITING
    return [(row[0], (segment, row[1], row[2], row[3])) for row in rows]


def walk_ended(conn: Connection, where: JobFilter, limit: int, after: str | None) -> Ids:
    """The ids of `list_ended`: one walk along the index for each state, merged."""
    key = None if after is None else _ended_cursor(after)
    found: list[tuple[int, int, str]] = []
    for state in sorted(ENDED & where.states if where.states else ENDED):
        query = select(_FINISHED, jobs.c.number, jobs.c.id).where(jobs.c.state == state)
        if key is not None:
            query = query.where(tuple_(_FINISHED, jobs.c.number) < key)
        order = (jobs.c.finished_at.desc(), jobs.c.number.desc())
        rows = conn.execute(_filtered(query, where).order_by(*order).limit(limit + 1))
        found += [(row[0], row[1], row[2]) for row in rows]
    found.sort(reverse=True)
    return _page("ended", [(job_id, (at, number)) for at, number, job_id in found], limit)


def _ended_cursor(after: str) -> tuple[int, int]:
    at, number = cursors.decode(after, "ended", (int, int))
    try:
        from_microseconds(at)
    except OverflowError as error:
        raise cursors.bad() from error
    return at, number


def walk_all(conn: Connection, where: JobFilter, limit: int, after: str | None) -> Ids:
    """The ids of `list_all`. A cursor says first which of the two lists it belongs to."""
    kind, _, key = (after or "").partition(":")
    if kind == "e":
        return _tagged("e", walk_ended(conn, where, limit, key or None))
    if after is not None and kind != "o":
        raise cursors.bad()
    ids, following = walk_open(conn, where, limit, key or None)
    left = limit - len(ids)
    if following is not None:
        return _tagged("o", (ids, following))
    if not left:
        return ids, "e:"
    ended, following = _tagged("e", walk_ended(conn, where, left, None))
    return ids + ended, following


def _tagged(tag: str, page: Ids) -> Ids:
    ids, following = page
    return ids, None if following is None else f"{tag}:{following}"


def walk_changed(conn: Connection, where: JobFilter, limit: int) -> Ids:
    """The ids of `changed_since`."""
    query = _filtered(select(jobs.c.id, jobs.c.revision), where)
    if where.states:
        query = query.where(jobs.c.state.in_(where.states))
    rows = conn.execute(query.order_by(jobs.c.revision).limit(limit + 1))
    return _page("changed", [(row[0], (row[1],)) for row in rows], limit)


def walk(conn: Connection, kind: str, where: JobFilter, limit: int, after: str | None) -> Ids:
    """The ids of the list of that kind: open | ended | all | changed."""
    if kind == "changed":
        return walk_changed(conn, where, limit)
    walks: Mapping[str, Callable[[Connection, JobFilter, int, str | None], Ids]] = {
        "open": walk_open,
        "ended": walk_ended,
        "all": walk_all,
    }
    return walks[kind](conn, where, limit, after)


def _page(kind: str, found: Sequence[tuple[str, Key]], limit: int) -> Ids:
    """`found` may hold more than the page; the cursor is that of the page's last job."""
    shown = found[:limit]
    more = len(found) > limit and bool(shown)
    return [job_id for job_id, _ in shown], cursors.encode(kind, shown[-1][1]) if more else None


def _wants(states: Collection[JobState], some: Collection[JobState]) -> bool:
    return not states or not set(some).isdisjoint(states)


def _filtered(query: Select[Any], where: JobFilter) -> Select[Any]:
    """With every condition but the states."""
    return query.where(*conditions(where))


def conditions(where: JobFilter) -> Iterator[ColumnElement[bool]]:
    """All of the filter but its states, which decide where to look."""
    if where.held is not None:
        yield jobs.c.held == where.held
    if where.ids or where.numbers:
        numbers = [n for n in where.numbers if 0 < n < _LAST]
        yield or_(jobs.c.id.in_(where.ids), jobs.c.number.in_(numbers))
    if where.not_retried:
        again = jobs.alias("again")
        yield ~exists().where(again.c.retry_of == jobs.c.number)
    if where.batch:
        yield jobs.c.batch_id == where.batch
        yield jobs.c.batch_id != NOTHING
    if where.changed_since is not None:
        yield jobs.c.revision > min(max(where.changed_since, -1), _LAST)
    if where.pack:
        yield jobs.c.pack == where.pack
    if where.character:
        yield jobs.c.character == where.character
    if where.backend:
        pinned = and_(jobs.c.backend == NOTHING, jobs.c.backend_pin == where.backend)
        yield or_(jobs.c.backend == where.backend, pinned)
    if where.text:
        yield text_condition(where.text)
