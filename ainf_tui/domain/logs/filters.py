"""The filters of a view of logs, made ready: which records pass, and what their bytes must hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ainf_tui.domain.log_documents import LogFilter
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.levels import WORDS, Level
from ainf_tui.domain.logs.patience import Pattern
from ainf_tui.domain.logs.query import Query, compiled, moment
from ainf_tui.domain.logs.records import Record
from ainf_tui.errors import UsageError

KINDS = ("in", "out", "level", "source", "since", "until")


@dataclass(frozen=True, slots=True)
class Sieve:
    """What lets a record through. Empty: everything passes."""

    bases: tuple[Query, ...] = ()
    """Level, sources and times: each must hold."""
    wanted: tuple[Pattern, ...] = ()
    """One of these must be found, if there are any."""
    unwanted: tuple[Pattern, ...] = ()
    exact: Level | None = None
    """No other level than this passes."""
    also: Pattern | None = None
    """Must be found, too: what is searched among what the filters let through."""
    since: datetime | None = None
    """The latest of the filters' beginnings."""
    until: datetime | None = None

    @property
    def empty(self) -> bool:
        return not (self.bases or self.wanted or self.unwanted or self.exact or self.also)

    @property
    def timed(self) -> bool:
        """Some filter is about the time of a record."""
        return self.since is not None or self.until is not None

    @property
    def level(self) -> Level | None:
        """The least level that may pass."""
        levels = [query.level for query in self.bases if query.level is not None]
        if self.exact is not None:
            levels.append(self.exact)
        return max(levels, default=None)

    @property
    def needles(self) -> tuple[tuple[Pattern, ...], ...]:
        """Of each group one must be found in a piece of which a record may pass."""
        groups = (self.wanted, (self.also,) if self.also is not None else ())
        return tuple(group for group in groups if group)

    def keeps(self, record: Record) -> bool:
        """Whether the record passes."""
        return self.keeps_base(record) and self.keeps_text(record)

    def keeps_base(self, record: Record) -> bool:
        """Whether it passes but for its text: as context of others it may be shown."""
        if self.exact is not None and record.level is not self.exact:
            return False
        return all(query.keeps(record) for query in self.bases)

    def keeps_text(self, record: Record) -> bool:
        if self.wanted and not any(found_in(pattern, record) for pattern in self.wanted):
            return False
        if any(found_in(pattern, record) for pattern in self.unwanted):
            return False
        return self.also is None or found_in(self.also, record)


def found_in(pattern: Pattern, record: Record) -> bool:
    """Whether it is in a line of the record as shown, or in the message of a JSON line."""
    return Query(pattern=pattern).keeps(record)


@dataclass(slots=True)
class _Parts:
    bases: list[Query] = field(default_factory=list)
    wanted: list[Pattern] = field(default_factory=list)
    unwanted: list[Pattern] = field(default_factory=list)
    since: list[datetime] = field(default_factory=list)
    until: list[datetime] = field(default_factory=list)


def sieve_of(
    filters: Sequence[LogFilter],
    clock: Clock,
    *,
    exact: Level | None = None,
    level: Level | None = None,
    also: Pattern | None = None,
) -> Sieve:
    """The filters that are on, and what else is asked. UsageError `logs.bad_pattern`, `logs.bad_time`,
    `logs.bad_filter`.
    """
    parts = _Parts()
    if level is not None:
        parts.bases.append(Query(level=level))
    for one in filters:
        if one.on:
            _take(one, clock, parts)
    return Sieve(
        tuple(parts.bases),
        tuple(parts.wanted),
        tuple(parts.unwanted),
        exact,
        also,
        max(parts.since, default=None),
        min(parts.until, default=None),
    )


def _take(one: LogFilter, clock: Clock, parts: _Parts) -> None:
    if one.kind == "in":
        parts.wanted.append(pattern_of(one.value, regex=one.regex, ignore_case=one.ignore_case))
    elif one.kind == "out":
        parts.unwanted.append(pattern_of(one.value, regex=one.regex, ignore_case=one.ignore_case))
    elif one.kind == "level":
        parts.bases.append(Query(level=_level(one.value)))
    elif one.kind == "source":
        names = frozenset(name.strip() for name in one.value.split(",") if name.strip())
        parts.bases.append(Query(sources=names))
    elif one.kind == "since":
        parts.since.append(moment(one.value, clock))
        parts.bases.append(Query(since=parts.since[-1]))
    elif one.kind == "until":
        parts.until.append(moment(one.value, clock))
        parts.bases.append(Query(until=parts.until[-1]))
    else:
        raise _bad(f"there is no filter {one.kind!r}", f"One of: {', '.join(KINDS)}.")


def pattern_of(text: str, *, regex: bool, ignore_case: bool) -> Pattern:
    """A text or a regular expression as the latter. UsageError `logs.bad_pattern`."""
    return compiled(text if regex else re.escape(text), ignore_case=ignore_case)


def _level(word: str) -> Level:
    if word not in WORDS:
        raise _bad(f"{word!r} is no level", f"One of: {', '.join(WORDS)}.")
    return Level[word.upper()]


def _bad(message: str, hint: str) -> UsageError:
    return UsageError("logs.bad_filter", message, hint=hint)
