"""Where warnings and errors lie in a file, and the levels over time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

from ainf_tui.adapters.logs.grave import candidates
from ainf_tui.adapters.logs.judging import Judge, Judged, TooFarError
from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.scan_reports import Counts, Report, by_groups
from ainf_tui.adapters.logs.sifting import Sifted, can_sift, expression
from ainf_tui.domain.logs.levels import Level

EXACT = 8 * 1_048_576
"""Bytes of a file up to which every record of it is read for the levels over time."""
GROWN = 1_048_576
"""Bytes by which it may have grown for that; what a flood brings is looked through as a large file is."""
_PARTS = 16
"""Of a stretch between two known times: lines are told to one of them."""


@dataclass(slots=True)
class _Found:
    graves: list[tuple[int, Level]] = field(default_factory=list)
    """Where they begin."""
    seconds: dict[str, Counts] = field(default_factory=dict)


def marks(file: str, pieces: Pieces, start: int) -> Iterator[Report]:
    """From `start` on to where nothing is being written any more."""
    if pieces.size <= EXACT and (not start or pieces.size - start <= GROWN):
        return by_groups(file, pieces, start, _exact)
    return _large(file, pieces, start)


def _exact(file: str, pieces: Pieces, numbers: range, start: int, stop: int) -> Report:
    base = pieces.key_at(numbers[0]) if pieces.dated(numbers[0]) else None
    found = _Found()
    for record in (record for number in numbers for record in pieces.get(number).records):
        if start <= record.start < stop:
            if record.level >= Level.WARNING:
                found.graves.append((record.start, record.level))
            _count(found.seconds, record.at or base, record.level)
    return _report(file, stop, base, found)


def _large(file: str, pieces: Pieces, start: int) -> Iterator[Report]:
    sifted = _sifted(pieces, start)
    if sifted is None:
        yield from by_groups(file, pieces, start, _Large(pieces, None))
        return
    with closing(sifted):
        yield from by_groups(file, pieces, start, _Large(pieces, sifted))


def _sifted(pieces: Pieces, start: int) -> Sifted | None:
    if not can_sift():
        return None
    try:
        return Sifted(pieces.log, start, expression(Level.WARNING))
    except OSError:
        return None  # Without it all is found, too.


class _Large:
    """Only what may be a warning or an error is looked at; what is below is counted by the line."""

    def __init__(self, pieces: Pieces, sifted: Sifted | None) -> None:
        self._pieces = pieces
        self._judge = Judge(pieces, Level.WARNING)
        self._sifted = sifted

    def __call__(self, file: str, pieces: Pieces, numbers: range, start: int, stop: int) -> Report:
        begin = pieces.bound(numbers[0])
        data = pieces.log.read(begin, stop)
        judged = [one for one in self._judged(pieces, numbers, data, begin) if start <= one.start < stop]
        base = pieces.key_at(numbers[0]) if pieces.dated(numbers[0]) else None
        found = _Found([(one.start, one.level) for one in judged])
        if base is not None:
            length = (_time_behind(pieces, numbers, base) - base).total_seconds()
            share = length / max(1, stop - start)
            for one in judged:
                place = 3 if one.level >= Level.ERROR else 2
                _add(found.seconds, int(base.timestamp() + (one.start - start) * share), place, 1)
            lines = data.count(b"\n", start - begin) - sum(one.lines for one in judged)
            _spread(found.seconds, base.timestamp(), length, lines)
        return _report(file, stop, base, found)

    def _judged(self, pieces: Pieces, numbers: range, data: bytes, begin: int) -> list[Judged]:
        lines = self._lines(data, begin)
        try:
            return list(self._judge.judged(data, begin, lines))
        except TooFarError:
            return [
                Judged(record.start, record.level, len(record.lines))
                for number in numbers
                for record in pieces.get(number).records
                if record.level >= Level.WARNING
            ]

    def _lines(self, data: bytes, begin: int) -> list[int]:
        """Where lines begin that may be of such a level."""
        if self._sifted is not None:
            found = [max(0, line - begin) for line in self._sifted.until(begin + len(data))]
            if not self._sifted.failed and self._begins_line(begin):
                return found
        if self._sifted is not None and self._sifted.failed:
            self._sifted = None
        return candidates(data, Level.WARNING)

    def _begins_line(self, place: int) -> bool:
        """Else a line was cut there, and its parts may have levels of their own."""
        return not place or self._pieces.log.read(place - 1, place) == b"\n"


def _report(file: str, stop: int, base: datetime | None, found: _Found) -> Report:
    errors = tuple(start for start, level in found.graves if level >= Level.ERROR)
    warnings = tuple(start for start, level in found.graves if level < Level.ERROR)
    at = None if base is None else int(base.timestamp())
    return Report(file, stop, errors=errors, warnings=warnings, at=at, seconds=found.seconds)


def _time_behind(pieces: Pieces, numbers: range, base: datetime) -> datetime:
    behind = numbers[-1] + 1
    return max(base, pieces.key_at(min(behind, pieces.last)) if pieces.dated(pieces.last) else base)


def _count(seconds: dict[str, Counts], at: datetime | None, level: Level) -> None:
    if at is not None:
        place = 0 if level < Level.INFO else 1 if level < Level.WARNING else 2 if level < Level.ERROR else 3
        _add(seconds, int(at.timestamp()), place, 1)


def _add(seconds: dict[str, Counts], second: int, place: int, count: int) -> None:
    seconds.setdefault(str(second), [0, 0, 0, 0])[place] += count


def _spread(seconds: dict[str, Counts], first: float, length: float, lines: int) -> None:
    """Lines that were not looked at one by one, evenly over the time of their stretch."""
    lines = max(0, lines)
    for part in range(_PARTS):
        count = lines * (part + 1) // _PARTS - lines * part // _PARTS
        if count:
            _add(seconds, int(first + length * part / _PARTS), 1, count)
