"""A file as pieces that hold whole records: the same ones, from wherever it is read.

Where a record begins depends on what stands before it. So that pages which meet in the middle of a file
neither lose nor double one, records are made piece by piece, and where a piece begins is told by the bytes
around each 64 KiB of the file alone. What has been appended changes nothing but the last piece.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from ainf_tui.adapters.logs.ends import MOST, USUAL, End, Reads
from ainf_tui.adapters.logs.file import MAX_LINE, LogFile
from ainf_tui.adapters.logs.records import FAR, LOOKED_AT, LogRecords
from ainf_tui.adapters.logs.search import Needle, may_hold
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.fold import is_firm
from ainf_tui.domain.logs.heads import read_head
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.records import Record
from ainf_tui.domain.logs.shown import plain
from ainf_tui.frozen import frozen

PIECE = 65_536
GROUP = 16
"""Pieces that are looked through at once for what is searched."""
QUIET = 0.2
"""Seconds without another byte after which the last record counts as whole."""
_KEPT = 12
"""Pieces of a file whose records are kept, as long as they are of usual size."""
_KEPT_BYTES = 2 * 1_048_576
_SAMPLE = 64
"""Lines at the beginning of a piece that are looked at for its time."""
_KNOWN = 65_536


@frozen
class Piece:
    """`keys[i]` is the time at which `records[i]` stands among other logs."""

    start: int
    end: int
    records: tuple[Record, ...]
    keys: tuple[datetime, ...]


class Pieces:
    """The pieces of an open file, as long as it was at the last `refresh`. Blocking."""

    def __init__(self, log: LogFile, source: str, clock: Clock) -> None:
        self.log = log
        self.source = source
        self._clock = clock
        self._reader = LogRecords(log, source, clock)
        self._bounds: dict[int, int] = {0: 0}
        self._times: dict[int, datetime | None] = {}
        self._last_times: dict[int, datetime | None] = {}
        self._cache: OrderedDict[int, Piece] = OrderedDict()
        self._end = End(log, Reads(self.firm, self._said))
        self._newest: Piece | None = None
        """A part of the last piece, up to the end."""
        self._unbroken = (0, 0)
        """From a line's beginning to a place before which it does not end."""
        self.size = 0
        self.modified = log.modified
        self.quiet = True
        """Nothing has been appended for a while."""
        self.refresh()

    def refresh(self, upto: int | None = None) -> None:
        """Takes in what has been appended, or no more of it than up to there."""
        size, self.modified = self.log.size if upto is None else upto, self.log.modified
        self.quiet = (datetime.now(UTC) - self.modified).total_seconds() > QUIET
        if size != self.size:
            self.log.notes.look()
            self._cache.pop(self.last, None)
            self._newest = None
            self.size = size

    @property
    def last(self) -> int:
        """Number of the last piece. It is longer than the others, so that every bound lies well within what
        can be read.
        """
        return max(0, self.size // PIECE - 1)

    def bound(self, number: int) -> int:
        """Where piece `number` begins; of the one behind the last: the end."""
        if number > self.last:
            return self.size
        found = self._bounds.get(number)
        if found is None:
            if len(self._bounds) > _KNOWN:
                self._bounds = {0: 0}
            found = self._bounds[number] = self._begin(number * PIECE)
        return found

    def number_at(self, offset: int) -> int:
        """The piece that holds the byte at `offset`; of the end: the last one."""
        number = min(self.last, max(0, offset) // PIECE)
        while number < self.last and self.bound(number + 1) <= offset:
            number += 1
        return number

    def get(self, number: int) -> Piece:
        """Its records."""
        found = self._cache.get(number)
        if found is not None:
            self._cache.move_to_end(number)
            return found
        start, end = self.bound(number), self.bound(number + 1)
        at = self._time_before(number)
        records = tuple(self._reader.fold(start, end, at, inherit=False))
        found = Piece(start, end, records, tuple(self._keys(records, at)))
        self._keep(number, found)
        return found

    def since(self, offset: int) -> Piece:
        """Records of the last piece from the one on that holds the byte at `offset`, or from one before."""
        found = self._cache.get(self.last) or self._newest
        if found is not None and found.start <= offset:
            return found
        low = self.bound(self.last)
        start = self._end.begin(offset, low)
        if start == low:
            return self.get(self.last)
        at = self._end.time_before(start, low, lambda: self._time_before(self.last))
        records = tuple(self._reader.fold(start, self.size, at, inherit=False))
        self._newest = Piece(start, self.size, records, tuple(self._keys(records, at)))
        return self._newest

    def newest(self, count: int) -> Piece:
        """The last records of the last piece: so many at least, or all of it."""
        size = (count + 1) * USUAL
        while count <= MOST and size < self.size - self.bound(self.last):
            found = self.since(self.size - size)
            if len(found.records) >= count:
                return found
            size *= 2
        return self.get(self.last)

    def may_hold(self, first: int, end: int, needles: Sequence[Sequence[Needle]]) -> bool:
        """False only if no record of these pieces holds one of each group."""
        data = self.log.read(self.bound(first), self.bound(end))
        return all(any(may_hold(data, needle) for needle in group) for group in needles)

    def key_at(self, number: int) -> datetime:
        """The time at which a piece stands, from its first lines or from what is before it."""
        return self._time_before(number) or self.time_of(number) or self.modified

    def dated(self, number: int) -> bool:
        """Whether `key_at` is a time that the file says."""
        return (self._time_before(number) or self.time_of(number)) is not None

    def newlines(self, start: int, end: int) -> int:
        return self.log.read(start, end).count(b"\n")

    def time_of(self, number: int) -> datetime | None:
        """The first time that a line near the piece's beginning says; None: none does."""
        if number not in self._times or number >= self.last:
            if len(self._times) > _KNOWN:
                self._times.clear()
            self._times[number] = self._first_time(number)
        return self._times[number]

    def open_record(self) -> int:
        """Where the last record begins if it may well go on in a moment: a half line, an error that its
        traceback follows. Else the end.
        """
        if self.quiet or not self.size or not (records := self.newest(1).records):
            return self.size
        record = records[-1]
        whole = self.log.read(self.size - 1, self.size) == b"\n"
        return self.size if whole and record.level < Level.ERROR else record.start

    def record_at(self, start: int) -> Record | None:
        """The record that begins there."""
        if not 0 <= start < self.size:
            return None
        piece = self.get(self.number_at(start))
        index = bisect_right([record.start for record in piece.records], start) - 1
        if index < 0 or piece.records[index].start != start:
            return None
        return piece.records[index]

    def record_around(self, offset: int) -> int:
        """Where the record begins that holds the byte at `offset`; of the end: the end."""
        if offset >= self.size:
            return self.size
        piece = self.get(self.number_at(offset))
        starts = [record.start for record in piece.records]
        return starts[max(0, bisect_right(starts, offset) - 1)] if starts else piece.start

    def firm(self, line: bytes) -> bool:
        """Whether the line begins a record whatever stands before it."""
        return is_firm(plain(line), self._clock)

    def fold(self, start: int, end: int) -> Iterator[Record]:
        """The records of a part of a piece that begins with one; they inherit no time from what is before."""
        return self._reader.fold(start, end, None, inherit=False)

    # -- how it is done ------------------------------------------------------------------------------
    def _time_before(self, number: int) -> datetime | None:
        """The time that a line without one inherits from the pieces before this one, or that was noted."""
        said, noted = self._said_before(number), self.log.notes.before(self.bound(number))
        return (said or noted) if said is None or noted is None else max(said, noted)

    def _said_before(self, number: int) -> datetime | None:
        for before in range(number - 1, max(-1, number - 1 - FAR // PIECE), -1):
            if before not in self._last_times:
                if len(self._last_times) > _KNOWN:
                    self._last_times.clear()
                self._last_times[before] = self._last_time(before)
            if (found := self._last_times[before]) is not None:
                return found
        return None

    def _last_time(self, number: int) -> datetime | None:
        end = self.bound(number + 1)
        data = self.log.read(max(self.bound(number), end - 2 * PIECE), end)
        return next((at for line in reversed(data.split(b"\n")) if (at := self._said(line))), None)

    def _said(self, line: bytes) -> datetime | None:
        head = read_head(plain(line[:LOOKED_AT]), self._clock)
        return None if head is None else head.at

    def _first_time(self, number: int) -> datetime | None:
        start = self.bound(number)
        data = self.log.read(start, min(start + PIECE, self.bound(number + 1)))
        lines = data.split(b"\n", _SAMPLE)[:_SAMPLE]
        said = next((at for line in lines if (at := self._said(line))), None)
        return said or self.log.notes.before(start)

    def _keys(self, records: Sequence[Record], at: datetime | None) -> list[datetime]:
        """A time that goes backwards does not: the record keeps its place behind the one before it."""
        keys, latest = [], at
        for record in records:
            if record.at is not None:
                latest = record.at if latest is None else max(latest, record.at)
            keys.append(latest or self.modified)
        return keys

    def _keep(self, number: int, piece: Piece) -> None:
        self._cache[number] = piece
        size = sum(one.end - one.start for one in self._cache.values())
        while len(self._cache) > 1 and (len(self._cache) > _KEPT or size > _KEPT_BYTES):
            _, gone = self._cache.popitem(last=False)
            size -= gone.end - gone.start

    def _begin(self, place: int) -> int:
        """The beginning of a record at or before `place`; a line's, where none is found near.

        A line that is longer than may be read at once is cut where that is full.
        """
        line = self._line_start(place)
        if line < 0:
            return place // MAX_LINE * MAX_LINE
        return self._reader.record_start_of(line)

    def _line_start(self, place: int) -> int:
        """Where the line of that byte begins; -1: too far away."""
        floor, end = max(0, place - MAX_LINE), place
        known_start, known_end = self._unbroken
        while end > floor:
            if known_start < end <= known_end:
                found = known_start
                break
            begin = max(floor, end - PIECE)
            feed = self.log.read(begin, end).rfind(b"\n")
            if feed >= 0:
                found = begin + feed + 1
                break
            end = begin
        else:
            return 0 if floor == 0 else -1
        self._unbroken = (found, place)
        return found if found > floor or found == 0 else -1
