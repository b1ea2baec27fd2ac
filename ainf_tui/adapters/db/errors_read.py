"""What is asked of the errors that are stored: pages of groups, one group with its examples, exact totals."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    func,
    literal,
    select,
    tuple_,
    type_coerce,
)

from ainf_tui.adapters.db import counting, cursors
from ainf_tui.adapters.db.columns import Moment, SafeText, from_microseconds, to_microseconds
from ainf_tui.adapters.db.error_tables import (
    UNSEEN,
    WHOLE,
    error_examples,
    error_groups,
    error_keys,
    error_prints,
    error_sums,
)
from ainf_tui.adapters.db.errors_groups import GROUP, GROUPS, documents, place_of
from ainf_tui.adapters.db.errors_rows import example_document
from ainf_tui.adapters.db.errors_write import ALL, BY_HOUR, BY_SECOND
from ainf_tui.adapters.db.rows import chunked
from ainf_tui.adapters.db.search import within
from ainf_tui.domain.error_documents import (
    ErrorExampleDocument,
    ErrorGroupDocument,
    ErrorGroupPage,
    ErrorQuery,
    ErrorTotalsDocument,
)
from ainf_tui.domain.errors.groups import OPEN, GroupState, Window
from ainf_tui.domain.logs.levels import Level

LATEST = 3
"""Groups in the totals."""
EXAMPLES = 100
"""Examples that are shown of a group of many fingerprints."""
_NUMBER = re.compile(r"#?([1-9][0-9]{0,17})")
_SUMS = (
    select(error_sums.c.source, error_sums.c.level, func.sum(error_sums.c.n))
    .where(
        error_sums.c.unit == bindparam("unit"),
        error_sums.c.start >= bindparam("first"),
        error_sums.c.start < bindparam("end"),
    )
    .group_by(error_sums.c.source, error_sums.c.level)
)
_BY_RANK = select(error_groups.c.rank, func.count()).where(WHOLE).group_by(error_groups.c.rank)
_UNSEEN = select(func.count()).select_from(error_groups).where(UNSEEN, WHOLE)
_EXAMPLES = (
    select(error_examples, error_prints.c.fingerprint)
    .join(error_prints, error_prints.c.id == error_examples.c.print_id)
    .where(error_prints.c.group_id == bindparam("group"))
    .order_by(error_examples.c.at.desc(), error_examples.c.id.desc())
    .limit(EXAMPLES)
)
_FOREVER = 2**62


# -- groups --------------------------------------------------------------------------------------------
def page(conn: Connection, query: ErrorQuery, now: datetime) -> ErrorGroupPage:
    """See `ErrorRepository.page`. UsageError `list.bad_cursor`."""
    if query.order == "count_24h":
        return _page_by_day(conn, query, now)
    names, types, _ = _order(query.order)
    values: dict[str, Any] = {"limit": query.limit + 1}
    if query.after:
        place = cursors.decode(query.after, query.order, types)
        values |= {f"after_{n}": value for n, value in enumerate(place)}
    found = _pages(query.order, query.states, after=bool(query.after))
    if filters := list(_filters(query)):
        found = found.where(*filters)
    rows = conn.execute(found, values).all()
    shown = rows[: query.limit]
    more = len(rows) > query.limit and bool(shown)
    following = cursors.encode(query.order, place_of(shown[-1], names)) if more else None
    return ErrorGroupPage(documents(conn, shown, now), following)


@lru_cache(maxsize=64)
def _pages(order: str, states: tuple[str, ...], *, after: bool) -> Select[Any]:
    """Made once for each kind of page: making it takes longer than carrying it out."""
    names, _, back = _order(order)
    keys = [_plain(error_groups.c[name]) for name in names]
    found = GROUP.where(*_standing(states)).limit(bindparam("limit", type_=Integer))
    if after:
        place = tuple_(*keys)
        other = tuple_(*(bindparam(f"after_{n}", type_=key.type) for n, key in enumerate(keys)))
        found = found.where(place < other if back else place > other)
    return found.order_by(*(key.desc() if back else key for key in keys))


def _order(name: str) -> tuple[tuple[str, ...], list[type], bool]:
    """Columns, their types and whether it is read backwards. The number comes last, so that all differ."""
    if name in {"last_seen", "first_seen", "count"}:
        return (name, "id"), [int, int], True
    return ("rank", "cold", "id"), [int, float, int], False


def _plain(column: Column[Any]) -> ColumnElement[Any]:
    """Compared as the number that the database holds."""
    return type_coerce(column, BigInteger) if isinstance(column.type, Moment) else column


def _page_by_day(conn: Connection, query: ErrorQuery, now: datetime) -> ErrorGroupPage:
    """By reports of the last 24 hours, which change by themselves: all groups that have some are read."""
    since = from_microseconds(to_microseconds(now) - 86_400_000_000)
    found = GROUP.where(*_standing(query.states), *_filters(query))
    rows = conn.execute(found.where(error_groups.c.last_seen >= since)).all()
    key = tuple(cursors.decode(query.after, query.order, [int, int])) if query.after else None
    counted = [(one.count_24h, one.id, one) for one in documents(conn, rows, now) if one.count_24h]
    counted.sort(key=lambda one: one[:2], reverse=True)
    left = [one for one in counted if key is None or one[:2] < key]
    shown = left[: query.limit]
    following = cursors.encode(query.order, shown[-1][:2]) if len(left) > len(shown) and shown else None
    return ErrorGroupPage(tuple(one[2] for one in shown), following)


def _standing(states: tuple[str, ...]) -> Iterator[ColumnElement[bool]]:
    yield WHOLE
    if "all" not in states:
        shown = [GroupState(state) for state in states] or sorted(OPEN)
        yield error_groups.c.rank.in_([state.rank for state in shown])


def _filters(query: ErrorQuery) -> Iterator[ColumnElement[bool]]:
    if query.level:
        yield error_groups.c.level >= int(Level[query.level.upper()])
    if query.source:
        yield error_groups.c.source == query.source
    if query.since is not None:
        yield error_groups.c.last_seen >= query.since
    for word in query.text.casefold().split():
        yield cast("ColumnElement[bool]", within(error_groups.c.words, literal(word, SafeText)))


def groups(conn: Connection, ids: Sequence[int], now: datetime) -> tuple[ErrorGroupDocument, ...]:
    """Those that exist, in the order of `ids`."""
    found: dict[int, ErrorGroupDocument] = {}
    for chunk in chunked(ids):
        found |= {one.id: one for one in documents(conn, GROUPS.tuples(conn, chunk), now)}
    return tuple(found[number] for number in ids if number in found)


def find(conn: Connection, refs: Sequence[str]) -> tuple[int | None, ...]:
    """The number of the group that each number or fingerprint is in now."""
    numbers = {ref: _NUMBER.fullmatch(ref) for ref in refs}
    column = {False: error_prints.c.fingerprint, True: error_prints.c.id}
    found: dict[Any, int] = {}
    for is_number, key in column.items():
        wanted = [int(n[1]) if n else ref for ref, n in numbers.items() if bool(n) is is_number]
        for chunk in chunked(wanted):
            query: Select[Any] = select(key, error_prints.c.group_id).where(key.in_(chunk))
            found |= {row[0]: row[1] for row in conn.execute(query)}
    return tuple(found.get(int(n[1]) if (n := numbers[ref]) else ref) for ref in refs)


def examples(conn: Connection, group: int) -> tuple[ErrorExampleDocument, ...]:
    """The newest first."""
    rows = conn.execute(_EXAMPLES, {"group": group}).mappings()
    return tuple(example_document(row, row["fingerprint"]) for row in rows)


# -- totals --------------------------------------------------------------------------------------------
def totals(conn: Connection, now: datetime) -> ErrorTotalsDocument:
    """From counts that are kept: the same few rows, however many reports there are."""
    window = Window(int(now.timestamp()))
    in_all = _sums(conn, ALL, 0, 1)
    day = _sums(conn, BY_HOUR, window.first_hour, _FOREVER)
    day += _sums(conn, BY_SECOND, window.first_second, window.cut_end)
    ranks = {rank: count for rank, count in conn.execute(_BY_RANK)}  # noqa: C416 - rows are no pairs to mypy
    return ErrorTotalsDocument(
        new=int(conn.execute(_UNSEEN).scalar_one()),
        ongoing=sum(ranks.get(state.rank, 0) for state in OPEN),
        groups=sum(ranks.values()),
        total=in_all.total(),
        last_24h=day.total(),
        by_level=_by_level(in_all),
        by_source=_by_source(in_all),
        by_level_24h=_by_level(day),
        by_source_24h=_by_source(day),
        revision=counting.value(conn, "errors"),
        latest=page(conn, ErrorQuery(limit=LATEST), now).errors,
    )


def _sums(conn: Connection, unit: int, first: int, end: int) -> Counter[tuple[str, int]]:
    rows = conn.execute(_SUMS, {"unit": unit, "first": first, "end": end})
    return Counter({(source, level): int(n) for source, level, n in rows if n})


def _by_level(counts: Counter[tuple[str, int]]) -> dict[str, int]:
    """The gravest first."""
    found = Counter[int]()
    for (_, level), n in counts.items():
        found[level] += n
    return {Level(level).word: found[level] for level in sorted(found, reverse=True)}


def _by_source(counts: Counter[tuple[str, int]]) -> dict[str, int]:
    found = Counter[str]()
    for (source, _), n in counts.items():
        found[source] += n
    return dict(sorted(found.items()))


# -- what is due ---------------------------------------------------------------------------------------
def next_end_of_mute(conn: Connection) -> datetime | None:
    """When the next mute ends."""
    column: Column[datetime] = error_groups.c.muted_until
    found: datetime | None = conn.execute(select(func.min(column)).where(column.is_not(None))).scalar()
    return found


def known_keys(conn: Connection, keys: Collection[str]) -> set[str]:
    """Those of reports that were imported before."""
    found: set[str] = set()
    for chunk in chunked(keys):
        found |= set(conn.execute(select(error_keys.c.key).where(error_keys.c.key.in_(chunk))).scalars())
    return found
