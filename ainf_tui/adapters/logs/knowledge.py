"""What is known of the whole view by now, from the reports of what reads it behind."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ainf_tui.adapters.logs.pieces import PIECE, Pieces
from ainf_tui.adapters.logs.scan_reports import Counts, Report
from ainf_tui.domain.log_documents import LogBucket, LogHistogramDocument

SHOWN = 400
"""Places that are told of marks and of what was found."""
PLACES = 1_000_000
"""Records that a search found whose places are kept; of more, the count alone."""
_MOMENTS = 4096
"""Stretches of time whose levels are counted, of a file."""


@dataclass(slots=True)
class Moments:
    """Levels over time, in stretches that double when there are too many of them."""

    step: int = 1
    counts: dict[int, Counts] = field(default_factory=dict)

    def add(self, second: int, counts: Counts) -> None:
        place = self.counts.setdefault(second // self.step, [0, 0, 0, 0])
        for index, count in enumerate(counts):
            place[index] += count
        if len(self.counts) > _MOMENTS:
            old, self.counts, self.step = self.counts, {}, self.step * 2
            for key, value in old.items():
                mine = self.counts.setdefault(key // 2, [0, 0, 0, 0])
                for index, count in enumerate(value):
                    mine[index] += count


@dataclass(slots=True)
class OfFile:
    """What the reports say of one file."""

    places: array[int] = field(default_factory=lambda: array("Q", [0]))
    """Where lines were counted up to, and `lines` how many there were."""
    lines: array[int] = field(default_factory=lambda: array("Q", [0]))
    errors: int = 0
    warnings: int = 0
    marks: dict[int, str] = field(default_factory=dict)
    """By 64 KiB: the gravest there."""
    times: list[int] = field(default_factory=list)
    """Seconds that never go back, and `offsets` where they are reached."""
    offsets: list[int] = field(default_factory=list)
    moments: Moments = field(default_factory=Moments)

    def take_lines(self, report: Report) -> None:
        self.places.append(report.upto)
        self.lines.append(self.lines[-1] + report.lines)

    def take_marks(self, report: Report, start: int) -> None:
        self.errors += len(report.errors)
        self.warnings += len(report.warnings)
        for offset in report.warnings:
            self.marks.setdefault(offset // PIECE, "warning")
        self.marks |= {offset // PIECE: "error" for offset in report.errors}
        if report.at is not None:
            self.times.append(max(report.at, self.times[-1] if self.times else report.at))
            self.offsets.append(start)
        for second, counts in report.seconds.items():
            self.moments.add(int(second), counts)

    def line_at(self, offset: int, pieces: Pieces) -> int | None:
        """Number of the line that begins there; None: not counted so far."""
        if offset > self.places[-1]:
            return None
        index = bisect_right(self.places, offset) - 1
        return self.lines[index] + pieces.newlines(self.places[index], offset) + 1

    def block_of(self, line: int) -> tuple[int, int]:
        """A place near before the line, and the number of the line that holds the byte there."""
        index = max(0, bisect_left(self.lines, line) - 1)
        return self.places[index], self.lines[index] + 1

    def before(self, second: int, size: int) -> int:
        """About how many bytes of the file stand before that moment."""
        index = bisect_right(self.times, second)
        if not index:
            return 0
        if index == len(self.times):
            return size
        first, last = self.times[index - 1], self.times[index]
        share = (second - first) / (last - first) if last > first else 1.0
        return int(self.offsets[index - 1] + share * (self.offsets[index] - self.offsets[index - 1]))

    def second_at(self, offset: int) -> int | None:
        index = bisect_right(self.offsets, offset) - 1
        return self.times[index] if index >= 0 else None


@dataclass(slots=True)
class Found:
    """Places of what a search found, by file, and what filters let through."""

    places: dict[str, array[int]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def take(self, report: Report) -> None:
        file = report.file
        self.counts[file] = self.counts.get(file, 0) + len(report.found)
        self.lines[file] = self.lines.get(file, 0) + report.kept_lines
        if sum(map(len, self.places.values())) < PLACES:
            self.places.setdefault(file, array("Q")).extend(report.found)

    def nearest(self, file: str, offset: int, *, back: bool) -> int | None:
        """Where the record begins that was found next from that place on, or before it."""
        places = self.places.get(file, array("Q"))
        index = bisect_left(places, offset) - (1 if back else 0)
        return places[index] if 0 <= index < len(places) else None

    @property
    def complete(self) -> bool:
        """Every place is kept."""
        return sum(map(len, self.places.values())) == sum(self.counts.values())

    def number(self, offsets: Mapping[str, int]) -> int:
        """How many were found before that place."""
        return sum(
            bisect_left(self.places[file], offset) for file, offset in offsets.items() if file in self.places
        )


class Shares:
    """Where in the view something lies, 0..1: of one file by bytes, of several by time and bytes."""

    def __init__(self, files: Mapping[str, Pieces], known: Mapping[str, OfFile]) -> None:
        self._files = files
        self._known = known
        self._size = sum(pieces.size for pieces in files.values())

    def of(self, file: str, offset: int) -> float:
        if not self._size:
            return 0.0
        second = self._known[file].second_at(offset) if len(self._files) > 1 else None
        before = offset
        for other, pieces in self._files.items():
            if other != file:
                at = int(self._files[file].modified.timestamp()) if second is None else second
                before += self._known[other].before(at, pieces.size)
        return min(1.0, before / self._size)


def marks_of(files: Mapping[str, Pieces], known: Mapping[str, OfFile]) -> tuple[tuple[float, str], ...]:
    """At most `SHOWN`; of those at one place the gravest."""
    shares = Shares(files, known)
    slots: dict[int, tuple[float, str]] = {}
    for file in files:
        for block, level in known[file].marks.items():
            share = shares.of(file, block * PIECE)
            slot = min(SHOWN - 1, int(share * SHOWN))
            if level == "error" or slot not in slots:
                slots[slot] = (share, level)
    return tuple(slots[slot] for slot in sorted(slots))


def found_at(files: Mapping[str, Pieces], known: Mapping[str, OfFile], found: Found) -> tuple[float, ...]:
    """At most `SHOWN`, each in another part of the view."""
    shares = Shares(files, known)
    slots: dict[int, float] = {}
    for file, pieces in files.items():
        places, step = found.places.get(file, array("Q")), max(1, pieces.size // SHOWN)
        index = 0
        while index < len(places):
            share = shares.of(file, places[index])
            slots.setdefault(min(SHOWN - 1, int(share * SHOWN)), share)
            index = max(index + 1, bisect_left(places, (places[index] // step + 1) * step))
    return tuple(slots[slot] for slot in sorted(slots))


def histogram(known: Mapping[str, OfFile], buckets: int, *, exact: bool) -> LogHistogramDocument:
    """All files together."""
    moments = [
        (one.step * key, counts)
        for of in known.values()
        for one in (of.moments,)
        for key, counts in one.counts.items()
    ]
    if not moments:
        return LogHistogramDocument((), 0.0, exact)
    first = min(second for second, _ in moments)
    last = max(second for second, _ in moments)
    length = max(1.0, (last + 1 - first) / max(1, buckets))
    sums: dict[int, Counts] = {}
    for second, counts in moments:
        mine = sums.setdefault(int((second - first) / length), [0, 0, 0, 0])
        for index, count in enumerate(counts):
            mine[index] += count
    count = int((last - first) / length) + 1
    return LogHistogramDocument(
        tuple(
            LogBucket(datetime.fromtimestamp(first + number * length, UTC), *sums.get(number, (0, 0, 0, 0)))
            for number in range(count)
        ),
        length,
        exact,
    )
