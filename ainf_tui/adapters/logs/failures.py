"""Lines of one log to its failures, in their order. Most lines are passed over by a look at their bytes:
only what stands around one that may tell of a failure becomes records.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate

from ainf_tui.adapters.logs.grave import candidates, lines_with
from ainf_tui.domain.errors.joining import CONTEXT, LINE, Finding, Joiner
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.fold import MAX_LINES, Folder
from ainf_tui.domain.logs.heads import read_head
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.records import RawLine, Record
from ainf_tui.domain.logs.shown import shown

_SKIPPED = b" module for custom nodes due to "
"""What says why ComfyUI will tell of an import that failed, some lines below."""
_LONGEST = 65_536
"""Bytes of a line that was passed over, as far as it is kept for what may follow."""


class Failures:
    """`generation` may be raised where offsets begin anew."""

    def __init__(self, source: str, file: str) -> None:
        self._clock = Clock(datetime.now(UTC))
        self._folder = Folder(source, self._clock, limit=LINE * 2, file=file)
        self._joiner = Joiner()
        self._quiet = True
        """What is open is a record that is none of a failure so far; its lines have been passed over."""
        self._passed: list[RawLine] = []
        self._before: deque[bytes] = deque(maxlen=2 * CONTEXT)
        self.generation = 0
        self._opened_in = self._held_in = self._told_in = 0
        """Of which generation that is which is open, held, or told at last."""

    @property
    def open(self) -> tuple[int, int] | None:
        """Generation and offset of the first thing that was not told yet."""
        if (held := self._joiner.held) is not None:
            return self._held_in, held.start
        opened = self._passed[0].start if self._passed else self._folder.opened
        return None if opened is None else (self._opened_in, opened)

    @property
    def here(self) -> bool:
        """What was told last began since the offsets last began anew."""
        return self._told_in == self.generation

    def remember(self, lines: Iterable[bytes]) -> None:
        """Lines that stand before the first one."""
        self._before.extend(lines)

    def feed(self, lines: Sequence[RawLine]) -> Iterator[Finding]:
        """Takes the next lines, some hundred at a time; gives what failed once no more can belong to it."""
        sizes = [len(line.data) for line in lines]
        places = list(accumulate(sizes, initial=0))
        data = b"".join([line.data for line in lines])
        found = {*candidates(data, Level.ERROR), *lines_with(data, _SKIPPED)}
        telling = [bisect_left(places, place) for place in sorted(found)]
        telling.append(len(lines))
        number, following = 0, iter(telling)
        tells = next(following)
        while number < len(lines):
            if self._quiet and number < tells:
                self._pass(lines[number:tells])
                number = tells
                continue
            yield from self._read_on(lines[number], harmless=number < tells)
            if number == tells:
                tells = next(following)
            number += 1

    def _pass(self, lines: Sequence[RawLine]) -> None:
        """Takes lines that tell nothing, as long as nothing before them does."""
        last = next((n for n in range(len(lines) - 1, -1, -1) if self._begins(lines[n].data)), -1)
        if last < 0 and self._passed:
            self._passed += map(_clipped, lines)
            lines = self._passed
            last = max(0, len(lines) - MAX_LINES)
        else:
            last = max(0, last)
            self._let_go()
            self._opened_in = self.generation
        self._before.extend(line.data[:_LONGEST] for line in lines[max(0, last - 2 * CONTEXT) : last])
        self._passed = [_clipped(line) for line in lines[last:]]

    def _read_on(self, line: RawLine, *, harmless: bool) -> Iterator[Finding]:
        """Makes records."""
        if self._quiet:
            yield from self._look_closer()
        yield from self._read(line)
        if harmless and not self._joiner.waits and self._folder.drop(line.start):
            yield from self._tell_held()
            self._quiet = True
            self._passed.append(_clipped(line))

    def flush(self) -> Iterator[Finding]:
        """Nothing more belongs to what is open."""
        self._let_go()
        opened_in = self._opened_in
        for record in self._folder.flush():
            yield from self._take(record, opened_in)
        yield from self._tell_held()

    def _look_closer(self) -> Iterator[Finding]:
        """Reads what was passed over of the record that is open."""
        self._joiner.remember(
            [text for data in self._before if (text := shown(data, LINE).text) and not text.isspace()]
        )
        self._before.clear()
        passed, self._passed = self._passed, []
        self._quiet = False
        opened_in = self._opened_in
        for line in passed:
            yield from self._read(line)
        if passed:
            self._opened_in = opened_in

    def _begins(self, data: bytes) -> bool:
        """Whether a line that tells of no failure begins a record, outside of a traceback."""
        if 0x21 <= data[0] <= 0x7E and not any(word in data for word in _GOES_ON):
            return True
        # A space, a colour, or letters of which Unicode says what they are.
        text = shown(data, LINE).text
        if not text.strip() or text[0].isspace():
            return False
        head = read_head(text, self._clock)
        return head is None or not head.goes_on

    def _let_go(self) -> None:
        """The record that was passed over is complete: what is known of it is what stands before the next."""
        self._before.extend(line.data for line in self._passed[-2 * CONTEXT :])
        self._passed = []

    def _read(self, line: RawLine) -> Iterator[Finding]:
        opened_in = self._opened_in
        for record in self._folder.feed(line):
            yield from self._take(record, opened_in)
        if self._folder.opened == line.start:
            self._opened_in = self.generation

    def _tell_held(self) -> Iterator[Finding]:
        self._told_in = self._held_in
        return self._joiner.flush()

    def _take(self, record: Record, began_in: int) -> Iterator[Finding]:
        for found in self._joiner.feed(record):
            self._told_in = began_in if found.start == record.start else self._held_in
            yield found
        held = self._joiner.held
        if held is not None and held.start == record.start:
            self._held_in = began_in


_GOES_ON = (b"DETAIL:", b"HINT:", b"STATEMENT:", b"CONTEXT:", b"QUERY:", b"LOCATION:")
"""What a line holds whose head goes on with the record before; see `domain.logs.heads`."""


def _clipped(line: RawLine) -> RawLine:
    """Megabytes of a line that nobody reads on do not wait in memory."""
    if len(line.data) <= _LONGEST:
        return line
    return RawLine(line.start, line.end, line.data[:_LONGEST])
