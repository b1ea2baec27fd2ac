"""Groups of errors as documents, with what the last 24 hours brought.

A page of a hundred is asked for whenever a list is shown or has changed: rows are read as the columns hold
them, in the order of `_COLUMNS`, and converted here. By name and by SQLAlchemy's types that takes twice as
long.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, SmallInteger, Text, bindparam, func, select, type_coerce

from ainf_tui.adapters.db.columns import Flag, Moment, from_microseconds
from ainf_tui.adapters.db.error_tables import error_groups, error_prints, error_seconds
from ainf_tui.adapters.db.rows import ByKey, chunked
from ainf_tui.domain.error_documents import ErrorGroupDocument
from ainf_tui.domain.errors.groups import GroupState, Standing, Window
from ainf_tui.domain.logs.levels import Level

_COLUMNS = (
    *("id", "fingerprint", "level", "source", "title", "code", "state", "muted_until", "resolved_at"),
    *("first_seen", "last_seen", "count", "unseen", "kept", "note", "job"),
    *("service", "run", "backend", "pack", "node", "node_class", "parts", "rank", "cold"),
)
_HELD = {Moment: BigInteger, Flag: SmallInteger}
"""What these types are in the database."""
_WORD_OF = {int(level): level.word for level in Level}


def _as_held(name: str) -> Any:
    column = error_groups.c[name]
    held = _HELD.get(type(column.type))
    return column if held is None else type_coerce(column, held).label(name)


# A group has its own fingerprint; most have no other, and are read with one statement.
GROUP = select(*map(_as_held, _COLUMNS), type_coerce(error_prints.c.hours, Text).label("hours")).join(
    error_prints, error_prints.c.id == error_groups.c.id
)
"""Of whole groups."""
GROUPS = ByKey(GROUP, error_groups.c.id)
_ID, _PARTS, _HOURS = _COLUMNS.index("id"), _COLUMNS.index("parts"), len(_COLUMNS)
_TRENDS = ByKey(
    select(error_prints.c.group_id, error_prints.c.id, error_prints.c.fingerprint, error_prints.c.hours),
    error_prints.c.group_id,
)
_CUT = (
    select(error_seconds.c.print_id, func.sum(error_seconds.c.n))
    .where(
        error_seconds.c.print_id.in_(bindparam("prints", expanding=True)),
        error_seconds.c.second >= bindparam("first"),
        error_seconds.c.second < bindparam("end"),
    )
    .group_by(error_seconds.c.print_id)
)


def place_of(row: Sequence[Any], columns: Iterable[str]) -> list[Any]:
    """The values of these columns of a row of `GROUP`: where the page behind it begins."""
    return [row[_COLUMNS.index(name)] for name in columns]


Part = tuple[int, str, Mapping[str, Mapping[str, int]]]
"""Number, fingerprint and hours of one that is in a group."""


class _Day:
    """The 24 hours up to now, made once for a page: a place in the trend for each hour as it is stored."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.window = Window(int(now.timestamp()))
        self.first_hour, self.cut_hour = self.window.first_hour, str(self.window.cut_hour)
        self.places = {str(hour): place for place, hour in enumerate(self.window.hours)}
        self.empty = (0,) * len(self.places)


def documents(
    conn: Connection, rows: Sequence[Sequence[Any]], now: datetime
) -> tuple[ErrorGroupDocument, ...]:
    """Of rows of `GROUP`, in their order."""
    day = _Day(now)
    parts = _alone([row for row in rows if row[_PARTS] == 1])
    for chunk in chunked(row[_ID] for row in rows if row[_PARTS] > 1):
        for group, number, fingerprint, hours in _TRENDS.tuples(conn, chunk):
            parts.setdefault(group, []).append((number, fingerprint, hours))
    within_cut = [number for found in parts.values() for number, _, hours in found if day.cut_hour in hours]
    cut = _cut(conn, within_cut, day.window)
    return tuple(_document(row, parts[row[_ID]], cut, day) for row in rows)


def _alone(rows: Sequence[Sequence[Any]]) -> dict[int, list[Part]]:
    """Of groups of one fingerprint what `_TRENDS` reads of the others. All hours are decoded at once."""
    hours = json.loads(f"[{','.join([row[_HOURS] for row in rows])}]")
    return {row[0]: [(row[0], row[1], told)] for row, told in zip(rows, hours, strict=True)}


def _cut(conn: Connection, prints: Collection[int], window: Window) -> dict[int, int]:
    """Reports within the hour that the window cuts, by fingerprint."""
    found: dict[int, int] = {}
    for chunk in chunked(prints):
        values = {"prints": chunk, "first": window.first_second, "end": window.cut_end}
        found |= {row[0]: int(row[1]) for row in conn.execute(_CUT, values)}
    return found


def _document(
    row: Sequence[Any], parts: Sequence[Part], cut: Mapping[int, int], day: _Day
) -> ErrorGroupDocument:
    number, fingerprint, level, source, title, code, state, muted, resolved = row[:9]
    first, last, count, unseen, kept, note, job = row[9:16]
    service, run, backend, pack, node, node_class = row[16:22]
    muted_until = None if muted is None else from_microseconds(muted)
    if muted_until is not None:  # only a mute changes by itself
        resolved_at = None if resolved is None else from_microseconds(resolved)
        stands = Standing(GroupState(state), bool(unseen), muted_until, resolved_at).at(day.now)
        state, muted_until, unseen = stands.state.value, stands.muted_until, stands.unseen
    trend, whole = _trend(parts, cut, day)
    return ErrorGroupDocument(
        number,
        fingerprint,
        (fingerprint,) if len(parts) == 1 else _prints(parts, number),
        _WORD_OF[level],
        source,
        title,
        code,
        state,
        muted_until,
        from_microseconds(first),
        from_microseconds(last),
        count,
        whole,
        trend,
        bool(unseen),
        count > kept,
        note,
        job,
        service,
        run,
        backend,
        pack,
        node,
        node_class,
    )


def _trend(parts: Sequence[Part], cut: Mapping[int, int], day: _Day) -> tuple[tuple[int, ...], int]:
    """Reports of each hour, and of all 24 hours to the second."""
    trend = list(day.empty)
    whole = 0
    for number, _, told in parts:
        for hour, levels in told.items():
            n = sum(levels.values())
            if (place := day.places.get(hour)) is not None:
                trend[place] += n
            if int(hour) >= day.first_hour:
                whole += n
        if cut:
            whole += cut.get(number, 0)
    return tuple(trend), whole


def _prints(parts: Sequence[Part], own: int) -> tuple[str, ...]:
    return tuple(fingerprint for number, fingerprint, _ in sorted(parts, key=lambda part: part[0] != own))
