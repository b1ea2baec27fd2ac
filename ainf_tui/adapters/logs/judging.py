"""How grave the records around some lines are, without making each of them anew.

Logs repeat themselves but for their numbers. What lies between two firm beginnings is judged once for each
shape: the bytes with every digit a nought. Where numbers say the level (JSON, syslog) or carriage returns
stand, each is judged by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ainf_tui.adapters.logs.colours import without_colours
from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.records import LOOKED_AT, NEAR
from ainf_tui.domain.logs.levels import Level

_SHAPE = bytes.maketrans(b"123456789", b"000000000")
_LONGEST = 4096
"""Bytes of a shape that is kept."""
_SHAPES = 4096


class TooFarError(Exception):
    """No firm beginning is near: where records begin there depends on the pieces."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A record of at least the level that is looked for."""

    start: int
    level: Level
    lines: int


class Judge:
    """Of one file."""

    def __init__(self, pieces: Pieces, level: Level) -> None:
        self._pieces = pieces
        self._level = level
        self._firm: dict[bytes, bool] = {}
        self._known: dict[bytes, tuple[Judged, ...]] = {}

    def judged(self, data: bytes, base: int, lines: Sequence[int]) -> Iterator[Judged]:
        """The records that hold lines which begin there in `data`, which stands at `base` of the file, begins
        with a record and ends with one. TooFarError.
        """
        place = 0
        for line in lines:
            if line < place:
                continue
            first, end = self._region(data, line, place)
            place = end
            for one in self._of(data, first, end, base):
                yield Judged(base + first + one.start, one.level, one.lines)

    def _region(self, data: bytes, line: int, floor: int) -> tuple[int, int]:
        """From a firm beginning to the next."""
        first, end = line, _line_end(data, line)
        stop = end
        while first > floor and not self._is_firm(data, first, stop):
            first, stop = data.rfind(b"\n", 0, first - 1) + 1, first
        size = len(data)
        while end < size:
            stop = _line_end(data, end)
            if self._is_firm(data, end, stop):
                break
            end = stop
            if end - first > NEAR:
                raise TooFarError
        return max(first, floor), end

    def _is_firm(self, data: bytes, start: int, stop: int) -> bool:
        line = data[start : min(stop, start + LOOKED_AT)]
        key = line.translate(_SHAPE)
        found = self._firm.get(key)
        if found is not None:
            return found
        found = self._pieces.firm(line)
        if _has_shape(line):
            if len(self._firm) > _SHAPES:
                self._firm.clear()
            self._firm[key] = found
        return found

    def _of(self, data: bytes, first: int, end: int, base: int) -> tuple[Judged, ...]:
        """Where they begin counts from `first`."""
        key = data[first:end].translate(_SHAPE)
        found = self._known.get(key)
        if found is not None:
            return found
        found = self._fold(base + first, end - first)
        if _has_shape(data[first:end]):
            if len(self._known) > _SHAPES:
                self._known.clear()
            self._known[key] = found
        return found

    def _fold(self, start: int, size: int) -> tuple[Judged, ...]:
        return tuple(
            Judged(record.start - start, record.level, len(record.lines))
            for record in self._pieces.fold(start, start + size)
            if record.level >= self._level
        )


def _has_shape(data: bytes) -> bool:
    if len(data) > _LONGEST or b"\r" in data:
        return False
    return (without_colours(data) if b"\x1b" in data else data)[:1] not in b"{<"


def _line_end(data: bytes, start: int) -> int:
    return data.find(b"\n", start) + 1 or len(data)
