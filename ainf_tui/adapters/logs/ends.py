"""The end of a file that grows: of its last piece only the records from a place on.

What is appended changes the last piece. To make all of its records anew, a thousand of them, for each look
at what has come would cost more than the looks may.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.frozen import frozen

USUAL = 144
"""Bytes that are expected of a record; where they are longer, more is read."""
_NEAR = 512
MOST = 200
"""Records from the end that are worth a shorter way."""


@frozen
class Reads:
    """What is asked of the file's lines."""

    firm: Callable[[bytes], bool]
    """Whether the line begins a record whatever stands before it."""
    said: Callable[[bytes], datetime | None]
    """The time that the line says."""


class End:
    """Where records begin near the end, and which time they inherit there."""

    def __init__(self, log: LogFile, reads: Reads) -> None:
        self._log = log
        self._reads = reads
        self._known: tuple[int, datetime | None] = (0, None)
        """Where records were made from the last time, and the time that the first of them could inherit."""

    def begin(self, offset: int, low: int) -> int:
        """The beginning of a record at or before `offset`; `low` is one, and the lowest."""
        end, size = offset, _NEAR
        while end > low:
            start = max(low, end - size)
            data = self._log.read(start, end)
            # Behind the first line feed a line begins; what is before it may be the rest of one.
            found = self._last_firm(data, start, offset if end == offset else -1)
            if found >= 0:
                return found
            first = data.find(b"\n")
            end = start + first + 1 if 0 <= first < len(data) - 1 else start
            size *= 4
        return low

    def _last_firm(self, data: bytes, start: int, offset: int) -> int:
        """Where the last line of these bytes that is firm begins; -1: there is none. `offset`: where they
        end, if a line may begin right there.
        """
        if offset >= 0 and data.endswith(b"\n") and self._firm_at(offset):
            return offset
        place = len(data)
        while (feed := data.rfind(b"\n", 0, place)) >= 0:
            line = start + feed + 1
            if feed + 1 < len(data) and self._firm_at(line):
                return line
            place = feed
        return -1

    def _firm_at(self, place: int) -> bool:
        data = self._log.read(place, place + 4096)
        feed = data.find(b"\n")
        return self._reads.firm(data[: feed if feed >= 0 else len(data)])

    def time_before(self, start: int, low: int, before_low: Callable[[], datetime | None]) -> datetime | None:
        """The time that a record which begins at `start` may inherit; `before_low` tells it of `low`."""
        place, known = self._known
        near = low <= place <= start
        floor = place if near else low
        lines = self._log.read(floor, start).split(b"\n")[:-1]
        found = next((at for line in reversed(lines) if (at := self._reads.said(line))), None)
        if found is None:
            found = known if near else before_low()
        self._known = (start, found)
        return found
