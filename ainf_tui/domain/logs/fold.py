"""Lines become records: a traceback is one, indented lines belong to what stands above, times are inherited.

A fold is fed lines in the order of the file. A line whose format is recognised begins a record; `is_firm`
says which lines do so whatever went before, so that a reader can begin in the middle of a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cache

from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.head import Head
from ainf_tui.domain.logs.heads import TRACEBACK, read_head
from ainf_tui.domain.logs.levels import Level, inferred
from ainf_tui.domain.logs.records import RawLine, Record
from ainf_tui.domain.logs.shown import Shown, shown

MAX_LINES = 1000
"""Lines of one record; what follows becomes another one, so that no file makes a record without an end."""


class _Place(Enum):
    OUTSIDE = 0
    FRAMES = 1
    """Within a traceback, before the line that names the exception."""
    AFTER = 2
    """Behind that line: its message may go on, and another traceback may follow."""


@dataclass(slots=True)
class _Open:
    """The record that is being read."""

    start: int
    end: int
    head: Head
    level: Level
    stated: bool
    at: datetime | None
    inherited: bool
    lines: list[Shown] = field(default_factory=list)
    traceback: bool = False


class Folder:
    """The fold of one source. `at` is the time that its first line inherits; `noted` what is known beside the
    log of when the byte at an offset was written, at the earliest.
    """

    def __init__(
        self,
        source: str,
        clock: Clock,
        *,
        limit: int | None = None,
        at: datetime | None = None,
        file: str = "",
        noted: Callable[[int], datetime | None] | None = None,
    ) -> None:
        self._source = source
        self._file = file
        self._clock = clock
        self._noted = noted
        self._limit = limit
        self._open: _Open | None = None
        self._place = _Place.OUTSIDE
        self._blank: list[tuple[RawLine, Shown]] = []
        self._at = at
        self._last_level = Level.INFO

    @property
    def opened(self) -> int | None:
        """Where that begins which no record was given of yet; None: nothing is open."""
        if self._open is not None:
            return self._open.start
        return self._blank[0][0].start if self._blank else None

    def feed(self, line: RawLine) -> Iterator[Record]:
        """Takes the next line; gives records that are complete now."""
        text = shown(line.data, self._limit)
        if not text.text.strip():
            yield from self._empty(line, text)
            return
        goes_on, head = self._belongs(text.text)
        if goes_on and self._open is not None:
            self._take_blank()
            yield from self._add(line, text)
            return
        yield from self.flush()
        self._begin(line, text, head, orphan=goes_on)

    def flush(self) -> Iterator[Record]:
        """Gives what is open. A traceback that goes on afterwards is known as its rest."""
        blank, self._blank = self._blank, []
        opened, self._open = self._open, None
        if opened is not None:
            # Empty lines behind it belong to it in bytes, so that no byte is without a record.
            end = blank[-1][0].end if blank else opened.end
            self._last_level = opened.level
            yield self._record(opened, end)
        elif blank:
            yield self._only_empty(blank)

    def drop(self, start: int) -> bool:
        """Forgets the record that the line there has begun, if it is the only one and tells no error so far.

        False: it does, or another record goes on there.
        """
        opened = self._open
        if opened is None or opened.start != start or self._place is not _Place.OUTSIDE:
            return False
        if opened.level >= Level.ERROR:
            return False
        self._open = None
        return True

    # -- which lines belong together -----------------------------------------------------------------
    def _belongs(self, text: str) -> tuple[bool, Head | None]:
        """Whether the line goes on with the record before it, and its head if it has one."""
        if self._place is not _Place.OUTSIDE and _is_frame(text):
            return True, None
        head = read_head(text, self._clock)
        if head is not None:
            return self._joins(head), head
        if self._place is _Place.FRAMES:
            return True, None
        if self._place is _Place.AFTER:
            return _goes_on(text, bool(self._blank)), None
        if text.startswith(TRACEBACK):
            return self._awaits_traceback(), None
        return text[0].isspace() or self._in_complaint(text), None

    def _joins(self, head: Head) -> bool:
        opened = self._open
        if opened is None:
            return False
        if head.goes_on:
            return opened.head.format == head.format
        return head.message.startswith(TRACEBACK) and self._awaits_traceback()

    def _awaits_traceback(self) -> bool:
        """A traceback behind an error that has none yet is its own; one in an exception's train is, too."""
        opened = self._open
        if opened is None or self._blank:
            return self._place is _Place.AFTER and bool(opened)
        return not opened.traceback and opened.level >= Level.ERROR

    def _in_complaint(self, text: str) -> bool:
        """ComfyUI's list of what is wrong with a prompt."""
        opened = self._open
        if opened is None or not opened.head.message.startswith("Failed to validate prompt"):
            return False
        return text.startswith(("* ", "Output will be ignored"))

    # -- building --------------------------------------------------------------------------------------
    def _begin(self, line: RawLine, text: Shown, head: Head | None, *, orphan: bool) -> None:
        level = self._last_level if orphan and self._place is not _Place.OUTSIDE else Level.INFO
        if head is None:
            head = Head("plain", text.text, level=inferred(text.text))
        inherited = head.at is None
        self._at = self._inherited(line.start) if head.at is None else head.at
        self._open = _Open(
            line.start, line.end, head, head.level or level, head.stated, self._at, inherited, [text]
        )
        if not orphan:
            self._place = _Place.OUTSIDE
        if TRACEBACK in head.message[:200]:
            self._trace(self._open)

    def _inherited(self, start: int) -> datetime | None:
        """The time of a line that says none: that of the line before, if nothing later is known."""
        noted = None if self._noted is None else self._noted(start)
        if noted is None or self._at is None:
            return noted or self._at
        return max(noted, self._at)

    def _add(self, line: RawLine, text: Shown) -> Iterator[Record]:
        opened = self._open
        if opened is None:
            raise RuntimeError("there is no record to add to")
        if len(opened.lines) >= MAX_LINES:
            yield from self.flush()
            self._begin(line, text, None, orphan=True)
            return
        opened.lines.append(text)
        opened.end = line.end
        if TRACEBACK in text.text[:200]:
            self._trace(opened)
        elif self._place is _Place.FRAMES and not _is_frame(text.text):
            self._place = _Place.AFTER

    def _trace(self, opened: _Open) -> None:
        opened.traceback = True
        self._place = _Place.FRAMES
        if not opened.stated:
            opened.level = max(opened.level, Level.ERROR)

    def _empty(self, line: RawLine, text: Shown) -> Iterator[Record]:
        if len(self._blank) >= MAX_LINES:
            yield from self.flush()
        self._blank.append((line, text))

    def _take_blank(self) -> None:
        if self._open is not None:
            self._open.lines.extend(text for _, text in self._blank)
        self._blank = []

    def _only_empty(self, blank: list[tuple[RawLine, Shown]]) -> Record:
        """Empty lines with nothing before them."""
        start, end = blank[0][0].start, blank[-1][0].end
        lines = tuple(text for _, text in blank)
        return Record(
            self._source, start, end, lines, Level.INFO, "plain", "", self._at, True, file=self._file
        )

    def _record(self, opened: _Open, end: int) -> Record:
        head = opened.head
        return Record(
            self._source,
            opened.start,
            end,
            tuple(opened.lines),
            opened.level,
            head.format,
            head.message,
            opened.at,
            opened.inherited,
            opened.stated,
            head.name,
            head.fields,
            opened.traceback,
            self._file,
        )


def fold(lines: Iterable[RawLine], source: str, clock: Clock, limit: int | None = None) -> Iterator[Record]:
    """All records of these lines, in their order. Lines are cut to `limit` characters if there is one."""
    folder = Folder(source, clock, limit=limit)
    for line in lines:
        yield from folder.feed(line)
    yield from folder.flush()


def is_firm(text: str, clock: Clock) -> bool:
    """Whether a shown line begins a record whatever stands before it."""
    if not text or text[0].isspace():
        return False
    head = read_head(text, clock)
    return head is not None and not head.goes_on and TRACEBACK not in head.message[:200]


# -- tracebacks --------------------------------------------------------------------------------------
_CHAINS = (
    "During handling of the above exception",
    "The above exception was the direct cause",
    TRACEBACK,
)


def _is_frame(text: str) -> bool:
    """A line of a traceback between its first and its last: indented, or an exception group's frame."""
    return text[0].isspace() or text.startswith(("+ ", "| ", "+-"))


def _goes_on(text: str, after_blank: bool) -> bool:
    """Whether a line behind the exception's own belongs to it; behind an empty line only a chain does."""
    if text.startswith(_CHAINS):
        return True
    return not after_blank and _message_goes_on().match(text) is not None


@cache
def _message_goes_on() -> re.Pattern[str]:
    """How the messages of PyTorch, safetensors and pip go on in lines of their own."""
    return re.compile(
        r"CUDA kernel errors might be|For debugging consider passing|Compile with `|Device-side assert"
        r"|Currently allocated|Requested  |Requested :|Device limit|Free \(according|PyTorch limit"
        r"|This error means you ran out|Search for `cuda|Exception raised from|frame #\d"
        r"|C\+\+ CapturedTraceback"
        r"|See documentation for Memory|Please check|If you|To fix|Original error|Hint:|note: "
    )
