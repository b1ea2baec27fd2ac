"""What people do to groups, and what goes: states, notes, merging and splitting, forgetting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, or_, select, update

from ainf_tui.adapters.db.error_tables import (
    UNSEEN,
    WHOLE,
    error_checkpoints,
    error_examples,
    error_groups,
    error_keys,
    error_prints,
    error_seconds,
    error_sums,
)
from ainf_tui.adapters.db.errors_rows import Row, Sample, standing, standing_row
from ainf_tui.adapters.db.errors_write import ALL, BY_HOUR, BY_SECOND, add_sums, changed, refresh
from ainf_tui.adapters.db.rows import ByKey, chunked
from ainf_tui.adapters.db.upserts import upsert_all
from ainf_tui.domain.errors.groups import HOUR, KEPT, Standing

GROUPS_KEPT = 20_000
"""Groups; beyond that those go first of which nothing was heard for longest."""
TAKEN_IN = "import:"
"""Checkpoints that tell, by fingerprint, what was taken in of exported groups: gone with their counts."""
AT_ONCE = 500
"""Groups that one transaction forgets."""
_GROUPS = ByKey(select(error_groups), error_groups.c.id)
_PARTS = ByKey(select(error_prints), error_prints.c.group_id)
_DUE = select(error_groups).where(error_groups.c.muted_until.is_not(None))


def stand(conn: Connection, ids: Sequence[int], step: Callable[[Standing], Standing]) -> None:
    """Takes each group to what `step` makes of its standing."""
    changed(conn)
    for chunk in chunked(ids):
        _step(conn, _GROUPS.rows(conn, chunk), step)


def _step(conn: Connection, rows: Sequence[Any], step: Callable[[Standing], Standing]) -> None:
    upsert_all(conn, error_groups, [dict(row) | standing_row(step(standing(row))) for row in rows])


def seen(conn: Connection, now: datetime) -> None:
    """All that were not looked at."""
    changed(conn)
    rows = conn.execute(select(error_groups).where(UNSEEN, WHOLE)).mappings().all()
    for chunk in chunked(rows):
        _step(conn, chunk, lambda stands: stands.seen(now))


def wake(conn: Connection, now: datetime) -> None:
    """Ends the mutes whose time is over."""
    rows = conn.execute(_DUE.where(error_groups.c.muted_until <= now)).mappings().all()
    if not rows:
        return
    changed(conn)
    for chunk in chunked(rows):
        _step(conn, chunk, lambda stands: stands.at(now))


def note(conn: Connection, number: int, text: str) -> None:
    """An empty text takes it away."""
    changed(conn)
    conn.execute(update(error_groups).where(error_groups.c.id == number).values(note=text))


def merge(conn: Connection, into: int, ids: Collection[int], sample: Sample) -> None:
    """The fingerprints of these groups belong to `into`; their own groups stay, out of sight."""
    changed(conn)
    others = [number for number in ids if number != into]
    if not others:
        return
    (target,) = _GROUPS.rows(conn, [into])
    stands = standing(target)
    for chunk in chunked(others):
        for row in _GROUPS.rows(conn, chunk):
            stands = stands.joined(standing(row))
        part = error_prints.c.group_id.in_(chunk)
        conn.execute(update(error_prints).where(part).values(group_id=into))
        conn.execute(update(error_groups).where(error_groups.c.id.in_(chunk)).values(merged=True))
    conn.execute(update(error_groups).where(error_groups.c.id == into).values(standing_row(stands)))
    refresh(conn, [into], sample)


def split(conn: Connection, group: int, fingerprint: str, sample: Sample) -> int | None:
    """The number of the group that the fingerprint has for itself again; None if it is no merged part."""
    changed(conn)
    mine = error_prints.c.group_id == group, error_prints.c.fingerprint == fingerprint
    number: int | None = conn.execute(select(error_prints.c.id).where(*mine)).scalar()
    if number is None or number == group:
        return None
    conn.execute(update(error_prints).where(error_prints.c.id == number).values(group_id=number))
    conn.execute(update(error_groups).where(error_groups.c.id == number).values(merged=False))
    refresh(conn, [group, number], sample)
    return number


# -- what goes -----------------------------------------------------------------------------------------
def forget(conn: Connection, ids: Sequence[int], now: datetime) -> int:
    """Removes these groups with all that was counted of them; how many reports that were."""
    changed(conn)
    reports = 0
    for chunk in chunked(ids):
        parts = [row for some in chunked(chunk) for row in _PARTS.rows(conn, some)]
        reports += sum(part["count"] for part in parts)
        _take_away(conn, parts, int(now.timestamp()))
        prints = [part["id"] for part in parts]
        for some in chunked(TAKEN_IN + part["fingerprint"] for part in parts):
            conn.execute(delete(error_checkpoints).where(error_checkpoints.c.name.in_(some)))
        for some in chunked(prints):
            for table in (error_seconds, error_examples):
                conn.execute(delete(table).where(table.c.print_id.in_(some)))
            conn.execute(delete(error_prints).where(error_prints.c.id.in_(some)))
        for some in chunked({*prints, *chunk}):
            conn.execute(delete(error_groups).where(error_groups.c.id.in_(some)))
    conn.execute(delete(error_sums).where(error_sums.c.n == 0))
    return reports


def _take_away(conn: Connection, parts: Sequence[Any], now: int) -> None:
    """From the sums over all fingerprints."""
    sums = Counter[tuple[int, int, str, int]]()
    sources = {part["id"]: part["source"] for part in parts}
    for part in parts:
        for level, n in part["levels"].items():
            sums[ALL, 0, part["source"], int(level)] -= n
        for hour, levels in part["hours"].items():
            if int(hour) >= (now - KEPT) // HOUR:
                for level, n in levels.items():
                    sums[BY_HOUR, int(hour), part["source"], int(level)] -= n
    for some in chunked(sources):
        rows = conn.execute(select(error_seconds).where(error_seconds.c.print_id.in_(some)))
        for print_id, second, level, n in rows:
            sums[BY_SECOND, second, sources[print_id], level] -= n
    add_sums(conn, sums)


def prune(conn: Connection, now: datetime, keep: timedelta, sample: Sample) -> bool:
    """Forgets what is too old; whether there is more to do."""
    changed(conn)
    seconds = int(now.timestamp())
    conn.execute(delete(error_seconds).where(error_seconds.c.second < seconds - KEPT))
    unit, start = error_sums.c.unit, error_sums.c.start
    old_hour = (unit == BY_HOUR) & (start < (seconds - KEPT) // HOUR)
    old_second = (unit == BY_SECOND) & (start < seconds - KEPT)
    conn.execute(delete(error_sums).where(or_(old_hour, old_second)))
    conn.execute(delete(error_keys).where(error_keys.c.at < now - keep))
    conn.execute(delete(error_examples).where(error_examples.c.slot >= sample.most))
    old = _oldest(conn, now - keep)
    forget(conn, old, now)
    return len(old) == AT_ONCE


def _oldest(conn: Connection, before: datetime) -> list[int]:
    order = error_groups.c.stored_at, error_groups.c.id
    query = select(error_groups.c.id).where(WHOLE).order_by(*order).limit(AT_ONCE)
    found = list(conn.execute(query.where(error_groups.c.stored_at < before)).scalars())
    many = conn.execute(select(func.count()).select_from(error_groups).where(WHOLE)).scalar_one()
    beyond = min(AT_ONCE, many - GROUPS_KEPT)
    return found if len(found) >= beyond else list(conn.execute(query.limit(beyond)).scalars())


def add_keys(conn: Connection, keys: Collection[str], now: datetime) -> None:
    """Of reports that are stored in this transaction."""
    rows: list[Row] = [{"key": key, "at": now} for key in keys]
    for chunk in chunked(rows):
        upsert_all(conn, error_keys, chunk)
