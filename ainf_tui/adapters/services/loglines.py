"""Whether a line of a growing log matches: read once, from where the last look ended. Blocking."""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from dataclasses import dataclass

MAX_READ = 16 << 20
"""Bytes that one look reads; the next goes on from there."""
_CHUNK = 1 << 20
_MAX_LINE = 64 << 10
"""Bytes of a line that are looked at."""
_HEAD = 256
"""Bytes of the file's beginning by which its rotation is seen."""
_LOGS = 256
_ENDS = re.compile(rb"[\r\n]+")
"""A progress bar's carriage return ends a line as well."""


@dataclass(slots=True)
class _Place:
    position: int
    head: bytes = b""
    begun: bytes = b""
    """A line that is not finished."""
    found: bool = False


class LogLines:
    """Remembers how far each log was read, of the 256 asked for last."""

    def __init__(self, max_read: int = MAX_READ) -> None:
        self._max_read = max_read
        self._places: OrderedDict[tuple[str, int, str], _Place] = OrderedDict()

    def look(self, path: str, since: int, pattern: str) -> tuple[bool, str]:
        """Whether a whole line from `since` on has matched, now or earlier; and what stands in the way.

        A log that was rotated meanwhile is followed: what was not read yet is at the end of PATH.1.
        """
        try:
            expression = re.compile(pattern)
        except re.error as error:
            return False, f"{pattern!r} is no regular expression: {error}"
        place = self._places.setdefault((path, since, pattern), _Place(since))
        self._places.move_to_end((path, since, pattern))
        if len(self._places) > _LOGS:
            self._places.popitem(last=False)
        try:
            place.found = place.found or self._read(path, place, expression)
        except OSError as error:
            return place.found, f"its log cannot be read: {error.strerror}"
        return place.found, ""

    def _read(self, path: str, place: _Place, expression: re.Pattern[str]) -> bool:
        log = os.open(path, os.O_RDONLY)
        try:
            head = os.pread(log, _HEAD, 0)
            rotated = os.fstat(log).st_size < place.position or not head.startswith(place.head)
            if rotated and _found_in_old(f"{path}.1", place, expression):
                return True
            place.head = head
            return _scan(log, place, expression, self._max_read)
        finally:
            os.close(log)


def _found_in_old(path: str, place: _Place, expression: re.Pattern[str]) -> bool:
    """Reads the part of a rotated log that had not been read; the place is then one in the new log.

    All of the old one was cut off the front, so what had been read beyond it was read of the new one.
    """
    try:
        old = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        place.position = 0
        return False
    try:
        size, reached = os.fstat(old).st_size, place.position
        found = _scan(old, place, expression, size)
        place.position = max(0, reached - size)
        return found
    finally:
        os.close(old)


def _scan(log: int, place: _Place, expression: re.Pattern[str], most: int) -> bool:
    end = place.position + most
    while place.position < end and (data := os.pread(log, min(_CHUNK, end - place.position), place.position)):
        place.position += len(data)
        *lines, rest = _ENDS.split(place.begun + data)
        place.begun = rest[:_MAX_LINE]
        if any(expression.search(line[:_MAX_LINE].decode(errors="replace")) for line in lines):
            return True
    return False
