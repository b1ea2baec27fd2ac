"""Where to go in a view: to what is next, to a time, a share, a line, a record. Blocking, within its time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ainf_tui.adapters.logs.file import CHUNK
from ainf_tui.adapters.logs.pages import Leg, Pages
from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.times import offset_of
from ainf_tui.adapters.logs.walk import Budget, Choice
from ainf_tui.domain.log_documents import LogFindRequest, LogFoundDocument, LogPlace
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.filters import sieve_of
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.patience import Pattern
from ainf_tui.domain.logs.query import moment
from ainf_tui.domain.logs.rows import Look, row_of
from ainf_tui.domain.text import visible
from ainf_tui.errors import UsageError

WHAT = ("match", "error", "warning", "time", "fraction", "line", "record", "top", "bottom")
_HALVINGS = 24


@dataclass(frozen=True, slots=True)
class Finder:
    """`search`: what is searched in the view."""

    pages: Pages
    clock: Clock
    search: Pattern | None = None
    block_of: Callable[[str, int], tuple[int, int]] = lambda _file, _line: (0, 1)
    """A place at or before a line of a file, and the number of the line that holds it."""
    known: Callable[[LogFindRequest, Mapping[str, int]], Mapping[str, int] | None] = lambda _ask, _at: None
    """Where a search that has come through found the next of each file; None: not known."""

    def find(self, request: LogFindRequest) -> LogFoundDocument:
        """UsageError `logs.bad_filter`, `logs.bad_time`, `logs.bad_pattern`."""
        if request.what in {"match", "error", "warning"}:
            return self._next(request)
        offsets, partial = self._offsets(request)
        if offsets is None:
            return LogFoundDocument(None, partial=partial)
        leg = self.pages.onward(offsets, 1, self._choice(request), self.pages.budget())
        return self._found(leg, partial=partial)

    def _choice(self, request: LogFindRequest) -> Choice:
        if request.what == "match":
            return Choice.of(sieve_of(request.filters, self.clock, also=self.search))
        if request.what == "error":
            return Choice.of(sieve_of(request.filters, self.clock, level=Level.ERROR))
        exact = Level.WARNING if request.what == "warning" else None
        return Choice.of(sieve_of(request.filters, self.clock, exact=exact))

    # -- what is next ------------------------------------------------------------------------------------
    def _next(self, request: LogFindRequest) -> LogFoundDocument:
        if request.what == "match" and self.search is None:
            return LogFoundDocument(None)
        budget, choice = self.pages.budget(), self._choice(request)
        offsets = self.pages.offsets(request.place)
        go = self.pages.back if request.back else self.pages.onward
        if request.what == "match" and (known := self.known(request, offsets)):
            return self._nearest(known, back=request.back)
        leg = go(offsets, 1, choice, budget)
        if leg.passed or not leg.ended:
            return self._found(leg)
        # Around the other end. What lies between there and the place is found; nothing beyond it.
        ends = self.pages.ends
        around = go(ends if request.back else dict.fromkeys(ends, 0), 1, choice, budget)
        return self._found(around, wrapped=True)

    def _nearest(self, known: Mapping[str, int], *, back: bool) -> LogFoundDocument:
        """Of what is next in each file the next in time."""
        keyed = [(self._key(file, start), number, file) for number, (file, start) in enumerate(known.items())]
        key, _, file = max(keyed) if back else min(keyed)
        record = self.pages.files[file].record_at(known[file])
        if record is None:
            return LogFoundDocument(None)
        row = row_of(record, file, Look(search=self.search))
        return LogFoundDocument(LogPlace({**self._at(key), file: record.start}), row)

    def _key(self, file: str, start: int) -> datetime:
        """The time at which the record there stands among other logs."""
        pieces = self.pages.files[file]
        piece = pieces.get(pieces.number_at(start))
        index = bisect_left([record.start for record in piece.records], start)
        return piece.keys[min(index, len(piece.keys) - 1)] if piece.keys else pieces.modified

    def _found(self, leg: Leg, *, wrapped: bool = False, partial: bool = False) -> LogFoundDocument:
        if leg.passed:
            passed = leg.passed[0]
            # A walk may be late in the other files, where it passed over much at once.
            place = {**self._at(passed.step.key), passed.file: passed.step.start}
            row = self.pages.row(passed, Look(search=self.search))
            return LogFoundDocument(LogPlace(place), row, wrapped, partial=partial)
        if leg.partial:
            return LogFoundDocument(LogPlace(leg.offsets), wrapped=wrapped, partial=True)
        return LogFoundDocument(None, wrapped=wrapped)

    # -- where something is ------------------------------------------------------------------------------
    def _offsets(self, request: LogFindRequest) -> tuple[dict[str, int] | None, bool]:
        if request.what == "top":
            return dict.fromkeys(self.pages.files, 0), False
        if request.what == "bottom":
            return self.pages.ends, False
        if request.what == "time":
            return self._at(moment(request.value, self.clock)), False
        if request.what == "fraction":
            return self._share(_number(request)), False
        if request.what == "line":
            return self._line(int(_number(request)))
        if request.what == "record":
            return self._record(request), False
        raise UsageError(
            "logs.bad_filter", f"there is no {request.what!r} to go to", hint=f"One of: {', '.join(WHAT)}."
        )

    def _at(self, when: datetime) -> dict[str, int]:
        return {file: offset_of(pieces, when) for file, pieces in self.pages.files.items()}

    def _record(self, request: LogFindRequest) -> dict[str, int] | None:
        file, _, start = request.value.rpartition(":")
        pieces = self.pages.files.get(file)
        record = pieces.record_at(int(start)) if pieces is not None and start.isdecimal() else None
        if pieces is None or record is None:
            return None
        return {**self._at(self._key(file, record.start)), file: record.start}

    def _share(self, share: float) -> dict[str, int]:
        """The place before which this share of all bytes stands."""
        files = self.pages.files
        wanted = int(min(1.0, max(0.0, share)) * sum(self.pages.ends.values()))
        if share >= 1:
            return self.pages.ends
        if len(files) == 1:
            return {file: pieces.record_around(wanted) for file, pieces in files.items()}
        low, high = self._range()
        if low is None or high is None:
            return self._rest(dict.fromkeys(files, 0), wanted)
        best = dict.fromkeys(files, 0)
        for _ in range(_HALVINGS):
            middle = low + (high - low) / 2
            offsets = self._at(middle)
            if sum(offsets.values()) <= wanted:
                low, best = middle, offsets
            else:
                high = middle
        return self._rest(best, wanted - sum(best.values()))

    def _rest(self, offsets: dict[str, int], wanted: int) -> dict[str, int]:
        """Further on by so many bytes: logs without times stand in one piece at one moment."""
        for file, pieces in self.pages.files.items():
            more = min(wanted, pieces.size - offsets[file])
            if more > 0 and pieces.time_of(0) is None:
                offsets[file] = pieces.record_around(offsets[file] + more)
                wanted -= more
        return offsets

    def _range(self) -> tuple[datetime | None, datetime | None]:
        keys = [
            (pieces.key_at(0), pieces.key_at(pieces.last))
            for pieces in self.pages.files.values()
            if pieces.size
        ]
        if not keys:
            return None, None
        ends = [pieces.modified for pieces in self.pages.files.values() if pieces.size]
        return min(first for first, _ in keys), max(*(last for _, last in keys), *ends)

    def _line(self, number: int) -> tuple[dict[str, int] | None, bool]:
        """Counted from the top: of one file only."""
        if len(self.pages.files) != 1:
            return None, False
        (file, pieces), budget = next(iter(self.pages.files.items())), self.pages.budget()
        offset, partial = line_offset(pieces, number, budget, *self.block_of(file, number))
        return {file: pieces.record_around(offset)}, partial


def line_offset(
    pieces: Pieces, number: int, budget: Budget, start: int = 0, first: int = 1
) -> tuple[int, bool]:
    """Where line `number` begins (the end, if there are fewer), counted from `start`, which lies in line
    `first`; and whether the time was over before.
    """
    left = max(0, number - first)
    while left and start < pieces.size:
        if budget.over:
            return start, True
        data = pieces.log.read(start, min(pieces.size, start + CHUNK))
        count = data.count(b"\n")
        if count >= left:
            place = -1
            for _ in range(left):
                place = data.find(b"\n", place + 1)
            return start + place + 1, False
        left -= count
        start += len(data)
    return start, False


def _number(request: LogFindRequest) -> float:
    try:
        found = float(request.value)
    except ValueError:
        found = float("nan")
    if not abs(found) < 1e18:
        raise UsageError(
            "logs.bad_filter",
            f"{visible(request.value, 60)!r} is no number",
            hint="For example 0.5, or 120000.",
        )
    return found
