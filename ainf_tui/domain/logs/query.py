"""Which records are wanted, and the order of several sources."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ainf_tui.domain.logs.clock import Clock, dated
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.patience import Pattern, patient
from ainf_tui.domain.logs.records import Record
from ainf_tui.errors import UsageError


@dataclass(frozen=True, slots=True)
class Query:
    """What is not None must hold. A record without a time is in no range of time."""

    since: datetime | None = None
    until: datetime | None = None
    level: Level | None = None
    pattern: Pattern | None = None
    """Of a line of it, or of the message of a JSON line."""
    sources: frozenset[str] = frozenset()
    """Of a log, or of a line in it that names its own (events.jsonl: the service)."""

    def keeps(self, record: Record) -> bool:
        """Whether the record is wanted."""
        if self.level is not None and record.level < self.level:
            return False
        if self.timed and not self._within(record.at):
            return False
        if self.sources and not self._is_of(record):
            return False
        return self.pattern is None or self._matches(self.pattern, record)

    def _is_of(self, record: Record) -> bool:
        return record.source in self.sources or (record.format == "json" and record.name in self.sources)

    def _matches(self, pattern: Pattern, record: Record) -> bool:
        if any(pattern.search(line.text) for line in record.lines):
            return True
        return record.format == "json" and pattern.search(record.message) is not None

    @property
    def timed(self) -> bool:
        return self.since is not None or self.until is not None

    def _within(self, at: datetime | None) -> bool:
        if at is None:
            return False
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def merged(streams: Sequence[tuple[Iterable[Record], datetime]]) -> Iterator[Record]:
    """The records of several sources in the order of time, each source in its own order.

    A time that goes backwards does not: the record keeps its place behind the one before it. Records before
    the first time of their source stand at the moment that was given with it. Holds one record a source.
    """
    keyed = [_keyed(records, fallback, number) for number, (records, fallback) in enumerate(streams)]
    for _, _, record in heapq.merge(*keyed, key=lambda item: item[:2]):
        yield record


def _keyed(
    records: Iterable[Record], fallback: datetime, number: int
) -> Iterator[tuple[datetime, int, Record]]:
    latest: datetime | None = None
    for record in records:
        if record.at is not None:
            latest = record.at if latest is None else max(latest, record.at)
        yield latest or fallback, number, record


_SPAN = re.compile(r"(\d{1,6})\s*(s|m|h|d|w)(?:in|ins|ec|ecs|ours?|ays?|eeks?)?(?: ago)?")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MINUTE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


def moment(text: str, clock: Clock) -> datetime:
    """A point in time as people give it: `10m`, `2h ago`, `14:03`, `2026-11-26`, `2026-11-26 14:03:05`.

    A time of day is the last one that has passed. What names no zone is in the clock's. UsageError
    `logs.bad_time`.
    """
    given = text.strip()
    found = _span(given, clock) or _of_day(given, clock) or _dated(given, clock)
    if found is None:
        raise UsageError(
            "logs.bad_time",
            f"{given!r} is no time",
            hint="For example 10m, 2h, 14:03, 2026-11-26 or 2026-11-26T14:03:05Z.",
        )
    return found


def _span(text: str, clock: Clock) -> datetime | None:
    found = _SPAN.fullmatch(text)
    if found is None:
        return None
    try:
        return clock.now - timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _of_day(text: str, clock: Clock) -> datetime | None:
    found = _TIME.fullmatch(text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59 or int(found[3] or 0) > 59:
        return None
    here = clock.now.astimezone(clock.zone)
    then = here.replace(hour=int(found[1]), minute=int(found[2]), second=int(found[3] or 0), microsecond=0)
    return clock.utc(then if then <= here else then - timedelta(days=1))


def _dated(text: str, clock: Clock) -> datetime | None:
    if _DATE.fullmatch(text):
        text += " 00:00:00"
    elif _MINUTE.fullmatch(text):
        text += ":00"
    found = dated().fullmatch(text)
    return None if found is None else clock.of_match(found)


def compiled(text: str, *, ignore_case: bool = False) -> Pattern:
    """The pattern of `--grep`. UsageError `logs.bad_pattern` names the place."""
    try:
        return patient(re.compile(text, re.MULTILINE | (re.IGNORECASE if ignore_case else 0)))
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(
            "logs.bad_pattern",
            f"{text!r} is no regular expression: {error}",
            hint="A backslash before . * + ? ( ) [ ] { } | ^ $ makes it an ordinary character.",
        ) from error
