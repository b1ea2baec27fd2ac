"""What must read all of a file: its lines counted, its warnings and errors, what is searched, what is hidden.

Each task goes through a file from a place on and reports piece by piece, so that it can be stopped and taken
up again. The same code runs in a child process for much, and in the asker's for little.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ainf_tui.adapters.logs.file import CHUNK
from ainf_tui.adapters.logs.grave import grave_records
from ainf_tui.adapters.logs.matches import Matches, sifted_texts, texts_of
from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.scan_marks import marks
from ainf_tui.adapters.logs.scan_reports import Report, by_groups
from ainf_tui.adapters.logs.search import Needle, needle_of
from ainf_tui.domain.log_documents import LogFilter
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.filters import Sieve, pattern_of, sieve_of
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.patience import Pattern
from ainf_tui.domain.logs.records import Record


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
        also: Pattern | None = None
        if self.kind == "search":
            also = pattern_of(self.pattern, regex=self.regex, ignore_case=self.ignore_case)
        return sieve_of(self.filters, clock, also=also)


def dumped(report: Report) -> str:
    """One line."""
    # `asdict` would copy every number of it.
    return json.dumps({name: getattr(report, name) for name in Report.__slots__}, separators=(",", ":"))


def task_of(data: Mapping[str, Any]) -> Task:
    filters = tuple(LogFilter(**one) for one in data["filters"])
    return Task(**{**data, "filters": filters})


def run(task: Task, file: str, pieces: Pieces, start: int) -> Iterator[Report]:
    """From `start` on to where nothing is being written any more."""
    if task.kind == "lines":
        return _lines(file, pieces, start)
    if task.kind == "marks":
        return marks(file, pieces, start)
    return _chosen(task.sieve(), file, pieces, start)


def _chosen(sieve: Sieve, file: str, pieces: Pieces, start: int) -> Iterator[Report]:
    needles = tuple(tuple(needle_of(one) for one in group) for group in sieve.needles)
    sifted = None if sieve.timed else sifted_texts(pieces, start, texts_of(needles))
    if sifted is None:
        yield from by_groups(file, pieces, start, _Chosen(sieve, needles, Matches(pieces, needles)))
        return
    with closing(sifted):
        yield from by_groups(file, pieces, start, _Chosen(sieve, needles, Matches(pieces, needles, sifted)))


def _lines(file: str, pieces: Pieces, start: int) -> Iterator[Report]:
    while start < pieces.size:
        data = pieces.log.read(start, min(pieces.size, start + CHUNK))
        if not data:
            return
        start += len(data)
        yield Report(file, start, data.count(b"\n"))


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What a search finds, or what filters let through."""

    sieve: Sieve
    needles: Sequence[Sequence[Needle]]
    matches: Matches

    def __call__(self, file: str, pieces: Pieces, numbers: range, start: int, stop: int) -> Report:
        found, lines = list[int](), 0
        for record in self._records(pieces, numbers):
            if start <= record.start < stop and self.sieve.keeps(record):
                found.append(record.start)
                lines += len(record.lines)
        return Report(file, stop, found=tuple(found), kept_lines=lines)

    def _records(self, pieces: Pieces, numbers: range) -> Iterator[Record]:
        level = self.sieve.level
        if self.needles and not self.sieve.timed:
            yield from self.matches.records(numbers[0], numbers[-1] + 1)
            return
        if self.needles and not pieces.may_hold(numbers[0], numbers[-1] + 1, self.needles):
            return
        if level is not None and level >= Level.WARNING and not self.sieve.timed:
            yield from grave_records(pieces, numbers[0], numbers[-1] + 1, level)
            return
        for number in numbers:
            if not self.needles or pieces.may_hold(number, number + 1, self.needles):
                yield from pieces.get(number).records
