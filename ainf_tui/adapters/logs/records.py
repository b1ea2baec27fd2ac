"""Records of a file: forwards, backwards from its end, and around a place. Blocking."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.fold import Folder, is_firm
from ainf_tui.domain.logs.heads import read_head
from ainf_tui.domain.logs.records import Record
from ainf_tui.domain.logs.shown import plain

STEP = 262_144
"""Bytes that are read at a time on the way back."""
FAR = 1_048_576
"""Bytes that are looked through for the beginning of a record, and for a time to inherit."""
_LOOKED_AT = 4096
_SAMPLE = 16
DISORDER = timedelta(hours=1)
"""By so much a time may go backwards within a file without a record in range being missed."""


class LogRecords:
    """The records of one source. `limit` cuts lines that are shown."""

    def __init__(self, log: LogFile, source: str, clock: Clock, *, limit: int | None = None) -> None:
        self.log = log
        self.source = source
        self._clock = clock
        self._limit = limit
        self._undated = False

    def forward(self, start: int = 0, end: int | None = None) -> Iterator[Record]:
        """From `start`, which begins a record, to `end`."""
        folder = Folder(self.source, self._clock, limit=self._limit, at=self._time_before(start))
        for line in self.log.lines(start, end):
            yield from folder.feed(line)
        yield from folder.flush()

    def backward(self, end: int | None = None) -> Iterator[Record]:
        """From `end` to the beginning, the newest first."""
        end = self.log.size if end is None else end
        while end > 0:
            start = self.record_start(max(0, end - STEP))
            yield from reversed(list(self.forward(start, end)))
            end = start

    def around(self, place: int, end: int | None = None) -> Iterator[Record]:
        """From the record that holds the byte at `place` on."""
        start = self.record_start(place)
        for record in self.forward(start, end):
            if record.end > place:
                yield record

    def record_start(self, place: int) -> int:
        """The beginning of a record at or before `place`; a line's, where none is found in a megabyte."""
        begin = start = self.log.line_start(place)
        while start > 0 and begin - start < FAR:
            if self._firm(start):
                return start
            start = self.log.line_start(start - 1)
        return start if start == 0 else begin

    def start_of(self, since: datetime) -> int:
        """A place before which nothing is as new as `since`, as far as times go backwards by an hour at most.

        Looks at a few lines of each piece of the file from its end, and stops where all are older.
        """
        end, older = self.log.size, 0
        while end > 0 and older < 2:
            end = self.log.line_start(max(0, end - STEP))
            times = self._times(end)
            older = older + 1 if times and max(times) < since - DISORDER else 0
        return self.record_start(end)

    def _times(self, start: int) -> list[datetime]:
        found = []
        data = self.log.read(start, start + STEP // 4)
        for line in data.split(b"\n")[:_SAMPLE]:
            head = read_head(plain(line[:_LOOKED_AT]), self._clock)
            if head is not None and head.at is not None:
                found.append(head.at)
        return found

    def _firm(self, start: int) -> bool:
        data = self.log.read(start, start + _LOOKED_AT)
        feed = data.find(b"\n")
        return is_firm(plain(data if feed < 0 else data[:feed]), self._clock)

    def _time_before(self, start: int) -> datetime | None:
        """The time that a line without one inherits from what stands before `start`."""
        if start == 0 or self._undated:
            return None
        begin = max(0, start - FAR)
        for line in reversed(self.log.read(begin, start).split(b"\n")[:-1]):
            head = read_head(plain(line[:_LOOKED_AT]), self._clock)
            if head is not None and head.at is not None:
                return head.at
        self._undated = True
        return None
