"""Records of a file that are wanted: all of them, or the last ones. Blocking; reads no more than it must."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ainf_tui.adapters.logs.file import BLOCK, CHUNK, LogFile
from ainf_tui.adapters.logs.search import Needle, may_hold, needle_of
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.fold import Folder, is_firm
from ainf_tui.domain.logs.heads import read_head
from ainf_tui.domain.logs.query import Query
from ainf_tui.domain.logs.records import Record
from ainf_tui.domain.logs.shown import plain

STEP = 262_144
"""Bytes that are read at a time on the way back."""
NEAR = 131_072
"""Bytes that are looked through for the beginning of a record."""
FAR = 1_048_576
"""Bytes that are looked through for a time to inherit."""
LOOKED_AT = 4096
_SAMPLE = 16
DISORDER = timedelta(minutes=5)
"""By so much a time may go backwards within a file without a record in range being missed."""


class LogRecords:
    """The records of one file."""

    def __init__(self, log: LogFile, source: str, clock: Clock) -> None:
        self.log = log
        self.source = source
        self._clock = clock
        self._undated = False
        """Far back from some place no line says a time."""
        self._timeless = 0
        """Up to here none does from the top on."""
        self.dated = log.notes.known
        """There are times: noted beside the log, or said by a record that was read."""

    def chosen(self, query: Query, end: int | None = None) -> Iterator[Record]:
        """Those that are wanted, in the order of the file, up to `end` (as it is now)."""
        needle = None if query.pattern is None else needle_of(query.pattern)
        start, stop = self._range(query, end)
        at = self.time_before(start)
        while start < stop:
            piece_end = self._piece_end(start, stop)
            if needle is None or self._may_hold(start, piece_end, needle):
                for record in self.fold(start, piece_end, at):
                    at = record.at
                    if query.keeps(record):
                        yield record
            else:
                at = self.time_before(piece_end) or at
            start = piece_end

    def newest(self, query: Query, count: int, end: int | None = None) -> list[Record]:
        """The last `count` of those that are wanted, in the order of the file."""
        needle = None if query.pattern is None else needle_of(query.pattern)
        start, place = self._range(query, end)
        found: list[Record] = []
        while place > start and len(found) < count:
            begin = max(start, self.record_start(max(0, place - STEP)))
            if needle is None or self._may_hold(begin, place, needle):
                wanted = [record for record in self.fold(begin, place) if query.keeps(record)]
                found.extend(reversed(wanted))
            place = begin
        return found[:count][::-1]

    def _range(self, query: Query, end: int | None) -> tuple[int, int]:
        stop = self.log.size if end is None else end
        if query.until is not None:
            stop = self.end_of(query.until, stop)
        return (0 if query.since is None else min(stop, self.start_of(query.since))), stop

    def _piece_end(self, start: int, stop: int) -> int:
        """Where a piece from `start` ends, so that no record is cut."""
        size = CHUNK
        while start + size < stop:
            end = self.record_start(start + size)
            if end > start:
                return end
            size *= 2
        return stop

    def _may_hold(self, start: int, end: int, needle: Needle) -> bool:
        return may_hold(self.log.read(start, end), needle)

    def fold(
        self, start: int, end: int, at: datetime | None = None, *, inherit: bool = True
    ) -> Iterator[Record]:
        """The records from `start`, which begins one, to `end`. `at` is the time that the first may inherit;
        without it, and with `inherit`, it is looked for.
        """
        at = self.time_before(start) if at is None and inherit else at
        noted = self.log.notes.before
        folder = Folder(self.source, self._clock, at=at, file=str(self.log.path), noted=noted)
        for line in self.log.lines(start, end):
            yield from self._seen(folder.feed(line))
        yield from self._seen(folder.flush())

    def _seen(self, records: Iterator[Record]) -> Iterator[Record]:
        for record in records:
            self.dated = self.dated or (record.at is not None and not record.inherited)
            yield record

    def record_start(self, place: int) -> int:
        """The beginning of a record at or before `place`; a line's, where none is found near."""
        return self.record_start_of(self.log.line_start(place))

    def record_start_of(self, begin: int) -> int:
        """The same of a line that begins there."""
        if self._firm(begin, self.log.read(begin, begin + LOOKED_AT)):
            return begin  # As most lines are.
        start, floor = begin, max(0, begin - NEAR)
        data = self.log.read(floor, begin + LOOKED_AT)
        while start > 0:
            feed = data.find(b"\n", start - floor)
            line = data[start - floor : feed if feed >= 0 else len(data)]
            if is_firm(plain(line[:LOOKED_AT]), self._clock):
                return start
            feed = data.rfind(b"\n", 0, max(0, start - floor - 1))
            if feed < 0 < floor:
                return begin
            start = floor + feed + 1
        return start

    def _firm(self, start: int, data: bytes) -> bool:
        return start == 0 or is_firm(plain(data.partition(b"\n")[0]), self._clock)

    def start_of(self, since: datetime) -> int:
        """A place before which nothing is as new as `since`, as far as times go backwards by minutes at most.

        Looks at a few lines of each piece of the file from its end, and stops where all are older.
        """
        end, older = self.log.size, 0
        while end > 0 and older < 2:
            end = self.log.line_start(max(0, end - STEP))
            times = self._times(end)
            older = older + 1 if times and max(times) < since - DISORDER else 0
        return self.record_start(end)

    def end_of(self, until: datetime, end: int) -> int:
        """A place behind which nothing is older than `until`, as far as the same holds."""
        place, kept = end, (end, end)
        while place > 0:
            place = self.log.line_start(max(0, place - STEP))
            times = self._times(place)
            if times and min(times) < until + DISORDER:
                break
            kept = (kept[1], place) if times else kept
        return self.record_start(kept[0]) if kept[0] < end else end

    def _times(self, start: int) -> list[datetime]:
        found = []
        data = self.log.read(start, start + STEP // 4)
        for line in data.split(b"\n")[:_SAMPLE]:
            head = read_head(plain(line[:LOOKED_AT]), self._clock)
            if head is not None and head.at is not None:
                found.append(head.at)
        if not found and (noted := self.log.notes.before(start)) is not None:
            found.append(noted)
        return found

    def time_before(self, start: int) -> datetime | None:
        """The time that a line without one inherits from what stands before `start`, or that was noted."""
        said, noted = self._said_before(start), self.log.notes.before(start)
        return (said or noted) if said is None or noted is None else max(said, noted)

    def _said_before(self, start: int) -> datetime | None:
        if start <= self._timeless or self._undated:
            return None
        floor, end = max(self._timeless, start - FAR), start
        while end > floor:
            begin = self.log.line_start(max(floor, end - BLOCK))
            for line in reversed(self.log.read(begin, end).split(b"\n")[:-1]):
                head = read_head(plain(line[:LOOKED_AT]), self._clock)
                if head is not None and head.at is not None:
                    return head.at
            end = begin
        if floor > self._timeless:
            self._undated = True
        else:
            self._timeless = start
        return None
