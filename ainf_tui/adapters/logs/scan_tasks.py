"""What must read all of a file: its lines counted, its warnings and errors, what is searched, what is hidden.

Each task goes through a file from a place on and reports piece by piece, so that it can be stopped and taken
up again. The same code runs in a child process for much, and in the asker's for little.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from ainf_tui.adapters.logs.file import CHUNK
from ainf_tui.adapters.logs.grave import grave_records
from ainf_tui.adapters.logs.pieces import GROUP, Pieces
from ainf_tui.adapters.logs.search import Needle, needle_of
from ainf_tui.domain.log_documents import LogFilter
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.filters import Sieve, pattern_of, sieve_of
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.records import Record

EXACT = 8 * 1_048_576
"""Bytes of a file up to which every record of it is read for the levels over time."""

Second = int
Counts = list[int]
"""Of a second: debug, info, warning, error and worse."""


@dataclass(frozen=True, slots=True)
class Task:
    """`kind`: lines | marks | search | hidden. The pattern and filters are those of a search or of a page."""

    kind: str
    pattern: str = ""
    regex: bool = False
    ignore_case: bool = True
    filters: tuple[LogFilter, ...] = ()
    now: str = ""
    """What `10m` in a filter is before."""

    def sieve(self) -> Sieve:
        """UsageError as `sieve_of`."""
        clock = Clock(datetime.fromisoformat(self.now) if self.now else datetime.now(UTC))
        also: re.Pattern[str] | None = None
        if self.kind == "search":
            also = pattern_of(self.pattern, regex=self.regex, ignore_case=self.ignore_case)
        return sieve_of(self.filters, clock, also=also)


@dataclass(frozen=True, slots=True)
class Report:
    """All since the report before it, up to the byte `upto`."""

    file: str
    upto: int
    lines: int = 0
    found: tuple[int, ...] = ()
    """Where records begin: those found, those let through."""
    kept_lines: int = 0
    errors: tuple[int, ...] = ()
    warnings: tuple[int, ...] = ()
    at: int | None = None
    """Of the first record, in seconds since 1970."""
    seconds: Mapping[str, Counts] = field(default_factory=dict)
    """JSON knows texts as keys only."""


def dumped(value: Task | Report) -> str:
    """One line."""
    return json.dumps(asdict(value), separators=(",", ":"))


def task_of(data: Mapping[str, Any]) -> Task:
    filters = tuple(LogFilter(**one) for one in data["filters"])
    return Task(**{**data, "filters": filters})


def report_of(line: bytes) -> Report:
    data = json.loads(line)
    lists = {name: tuple(data[name]) for name in ("found", "errors", "warnings")}
    return Report(**{**data, **lists})


def run(task: Task, file: str, pieces: Pieces, start: int) -> Iterator[Report]:
    """From `start` on to where nothing is being written any more."""
    if task.kind == "lines":
        return _lines(file, pieces, start)
    if task.kind == "marks":
        return _by_groups(file, pieces, start, _marks)
    sieve = task.sieve()
    choose = _Chosen(sieve, tuple(tuple(needle_of(one) for one in group) for group in sieve.needles))
    return _by_groups(file, pieces, start, choose)


def _lines(file: str, pieces: Pieces, start: int) -> Iterator[Report]:
    while start < pieces.size:
        data = pieces.log.read(start, min(pieces.size, start + CHUNK))
        if not data:
            return
        start += len(data)
        yield Report(file, start, data.count(b"\n"))


_Look = Callable[[str, Pieces, range, int, int], Report]
"""Of a file these pieces, and of them the records that begin from an offset to another."""


def _by_groups(file: str, pieces: Pieces, start: int, look: _Look) -> Iterator[Report]:
    stop = pieces.open_record()
    if start >= stop:
        return
    number = pieces.number_at(start)
    while number <= pieces.last and start < stop:
        end = min(number + GROUP, pieces.last + 1)
        upto = min(stop, pieces.bound(end))
        if upto > start:
            yield look(file, pieces, range(number, end), start, upto)
            start = upto
        number = end


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What a search finds, or what filters let through."""

    sieve: Sieve
    needles: Sequence[Sequence[Needle]]

    def __call__(self, file: str, pieces: Pieces, numbers: range, start: int, stop: int) -> Report:
        found, lines = list[int](), 0
        for record in self._records(pieces, numbers):
            if start <= record.start < stop and self.sieve.keeps(record):
                found.append(record.start)
                lines += len(record.lines)
        return Report(file, stop, found=tuple(found), kept_lines=lines)

    def _records(self, pieces: Pieces, numbers: range) -> Iterator[Record]:
        level = self.sieve.level
        if self.needles and not pieces.may_hold(numbers[0], numbers[-1] + 1, self.needles):
            return
        if level is not None and level >= Level.WARNING and not self.sieve.timed:
            yield from grave_records(pieces, numbers[0], numbers[-1] + 1, level)
            return
        for number in numbers:
            if not self.needles or pieces.may_hold(number, number + 1, self.needles):
                yield from pieces.get(number).records


def _marks(file: str, pieces: Pieces, numbers: range, start: int, stop: int) -> Report:
    """Levels over time: of all records of a small file; of a large one, those below a warning by the line."""
    exact = pieces.size <= EXACT
    records = (
        (record for number in numbers for record in pieces.get(number).records)
        if exact
        else grave_records(pieces, numbers[0], numbers[-1] + 1, Level.WARNING)
    )
    base = pieces.key_at(numbers[0]) if pieces.dated(numbers[0]) else None
    errors, warnings = list[int](), list[int]()
    seconds: dict[str, Counts] = {}
    lines = 0
    for record in records:
        if not start <= record.start < stop:
            continue
        lines += len(record.lines)
        if record.level >= Level.WARNING:
            (errors if record.level >= Level.ERROR else warnings).append(record.start)
        _count(seconds, record.at or base, record.level)
    if not exact and base is not None:
        _spread(seconds, base, _time_behind(pieces, numbers, base), pieces.newlines(start, stop) - lines)
    at = None if base is None else int(base.timestamp())
    return Report(file, stop, errors=tuple(errors), warnings=tuple(warnings), at=at, seconds=seconds)


def _time_behind(pieces: Pieces, numbers: range, base: datetime) -> datetime:
    behind = numbers[-1] + 1
    return max(base, pieces.key_at(min(behind, pieces.last)) if pieces.dated(pieces.last) else base)


def _count(seconds: dict[str, Counts], at: datetime | None, level: Level) -> None:
    if at is not None:
        place = 0 if level < Level.INFO else 1 if level < Level.WARNING else 2 if level < Level.ERROR else 3
        seconds.setdefault(str(int(at.timestamp())), [0, 0, 0, 0])[place] += 1


_PARTS = 16


def _spread(seconds: dict[str, Counts], first: datetime, last: datetime, lines: int) -> None:
    """Lines that were not looked at one by one, evenly over the time of their stretch."""
    lines = max(0, lines)
    for part in range(_PARTS):
        count = lines * (part + 1) // _PARTS - lines * part // _PARTS
        at = first + (last - first) * part / _PARTS
        if count:
            seconds.setdefault(str(int(at.timestamp())), [0, 0, 0, 0])[1] += count
