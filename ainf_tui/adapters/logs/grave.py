"""Warnings and errors of a log without making records of all of it.

Every record of such a level has a line that one of the tests here does not pass over; only what stands
between the firm beginnings around such lines becomes records. A property test holds that none is missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ainf_tui.adapters.logs.colours import lines_of, without_colours
from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.records import LOOKED_AT
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.records import Record

_ERRORS = (
    *(b"err", b"crit", b"fatal", b"panic", b"alert", b"emerg", b"severe", b"exception", b"traceback"),
    *(b"segmentation fault", b"import failed", b"cannot import", b"failed to validate", b"invalid prompt"),
    *(b"nvrm: xid", b"kill"),
)
"""What says `error` or worse holds one of these, in letters of any size; see `domain.logs.levels`."""
_WARNINGS = (b"warn", b"could not", b"failed to")


def words_of(level: Level) -> tuple[bytes, ...]:
    """What a record of at least this level holds, in small letters, unless a number says its level."""
    return _ERRORS if level >= Level.ERROR else (*_ERRORS, *_WARNINGS)


def candidates(data: bytes, level: Level) -> list[int]:
    """Where the lines begin that a record of at least this level may hold; `data` begins a line."""
    if b"\x1b" not in data:
        return sorted(_bare_candidates(data, level))
    # Colours may part a word: they are taken out first, of all lines at once.
    bare = without_colours(data)
    return lines_of(bare, _bare_candidates(bare, level), data)


def _bare_candidates(data: bytes, level: Level) -> set[int]:
    small = data.lower()
    found: set[int] = set()
    for word in words_of(level):
        found.update(lines_with(small, word))
    # Numbers say levels in JSON and syslog, a mark in Redis's lines, letters in PyTorch's.
    found.update(start for start in lines_with(data, b"#") if data[start : start + 1].isdigit())
    found.update(_numbered(data))
    found.update(_lettered(data))
    if b"\r" in data:
        found.update(data.rfind(b"\n", 0, match.start()) + 1 for match in _returned().finditer(data))
    return found


def grave_records(pieces: Pieces, first: int, end: int, level: Level) -> Iterator[Record]:
    """The records of at least this level in the pieces `first` to `end` (which is not one of them)."""
    start, stop = pieces.bound(first), pieces.bound(end)
    lines = candidates(pieces.log.read(start, stop), level)
    for number in range(first, end):
        begin, stop = pieces.bound(number), pieces.bound(number + 1)
        mine = [start + line for line in lines if begin <= start + line < stop]
        if mine:
            yield from (record for record in records_around(pieces, number, mine) if record.level >= level)


def records_around(pieces: Pieces, number: int, lines: list[int]) -> Iterator[Record]:
    """The records that hold these lines, and some beside them."""
    begin, end = pieces.bound(number), pieces.bound(number + 1)
    data = pieces.log.read(begin, end)
    place = begin
    for line in lines:
        if line < place:
            continue
        first = line
        while first > place and not pieces.firm(_line(data, first - begin)):
            first = begin + data.rfind(b"\n", 0, first - begin - 1) + 1
        first = max(first, place)
        place = begin + _line_end(data, line - begin)
        while place < end and not pieces.firm(_line(data, place - begin)):
            place = begin + _line_end(data, place - begin)
        yield from pieces.fold(first, place)


def _line(data: bytes, start: int) -> bytes:
    return data[start : min(_line_end(data, start), start + LOOKED_AT)]


def _line_end(data: bytes, start: int) -> int:
    feed = data.find(b"\n", start)
    return feed + 1 if feed >= 0 else len(data)


def lines_with(data: bytes, word: bytes) -> Iterator[int]:
    """Where the lines begin that hold the word."""
    place = data.find(word)
    while place >= 0:
        yield data.rfind(b"\n", 0, place) + 1
        place = data.find(word, _line_end(data, place))


def _numbered(data: bytes) -> Iterator[int]:
    """Lines whose level is a number, or is spelt with escapes."""
    if data.startswith((b"{", b"<")) or b"\n{" in data or b"\n<" in data:
        for match in _numbers().finditer(data):
            yield match.start()


@cache
def _numbers() -> re.Pattern[bytes]:
    return re.compile(
        rb"^(?:<\d|\{(?=[^\n]*(?:\\u|\"(?:level|severity|levelname|lvl)\"\s*:\s*[-\d.]))[^\n]*)", re.MULTILINE
    )


@cache
def _returned() -> re.Pattern[bytes]:
    """The same behind a carriage return: what stands before it may not be shown."""
    return re.compile(rb"\r(?:<\d|\{|\[(?:rank|RANK)|\[?[WEF][01]\d[0-3]\d|\d[^\r\n]* #)")


_BEGINNINGS = tuple(b"\n" + beginning for beginning in (b"W", b"E", b"F", b"[W", b"[E", b"[F", b"[rank"))


def _lettered(data: bytes) -> Iterator[int]:
    """Lines whose level is a letter, as PyTorch's: `W1126 08:11:02.123 ...`."""
    if _letters().match(data):
        yield 0
    for beginning in _BEGINNINGS:
        place = data.find(beginning)
        while place >= 0:
            if _letters().match(data, place + 1):
                yield place + 1
            place = data.find(beginning, place + 1)


@cache
def _letters() -> re.Pattern[bytes]:
    return re.compile(rb"(?:\[(?:rank|RANK) ?\d{1,6}\]:)?\[?[WEF][01]\d[0-3]\d +\d\d:")
