"""Whether a piece of a log can hold what is looked for, told without making records of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial

from ainf_tui.adapters.logs.colours import lines_of, shown_without_colours, without_colours
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.heads import read_head
from ainf_tui.domain.logs.patience import Pattern, caseless
from ainf_tui.domain.logs.shown import plain

_ESCAPED = re.compile(r"\\([^A-Za-z0-9])")
"""An ordinary character that would be a special one."""
_TWINS = {"i": ("\u0130", "\u0131"), "s": ("\u017f",), "k": ("\u212a",)}
"""What is taken for an i, s or k where case does not matter."""
_SMALL = 65_536
_SKIPS = 5
"""Letters of a text from which on `regex` looks at few of the bytes."""
_CODES = frozenset("0123456789abcdefuxABCDEFUX")
"""What a byte that is no UTF-8 is shown as ends with these, and begins with a backslash."""
_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")
_NO_CLOCK = Clock(datetime(2000, 1, 1, tzinfo=UTC), UTC)
_CONTROLS = frozenset({*range(0x20), 0x7F}) - {0x0A}
"""A line feed counts as none."""
_PICTURES = re.compile("[\u2400-\u2426]")
_BLOCK = 4096
"""Bytes that are looked at for being ASCII."""
_SHORTEST = 3
"""Characters of a text that is worth looking for before an expression is."""
_ASCII = bytes(range(0x80))
"""Taken out before single characters are looked at: that costs a twentieth."""


@dataclass(frozen=True, slots=True)
class Needle:
    """A pattern, and how it may be looked for in many lines at once."""

    pattern: Pattern
    literal: bytes
    """Set where the pattern is nothing but a text, which is found faster."""
    by_lines: bool
    """It looks beyond what it matches, so a line must stand alone."""
    folded: bytes = b""
    """The same of a text whose case does not matter, in small letters; ASCII only."""
    controls: frozenset[int] = _CONTROLS
    """Control characters that may stand where the text is shown, or within it."""
    part: Needle | None = None
    """A text without which the pattern has no match."""
    twins: tuple[bytes, ...] = ()
    """Characters beyond ASCII that one of the text may be."""
    coded: bool = False
    """It may be found in what is shown for a character that cannot be."""

    @property
    def text(self) -> bytes:
        """What stands in most lines with a match; empty: nothing certain."""
        return self.literal or self.folded

    def stands_in(self, data: bytes) -> bool:
        return self._finder(data)(0) >= 0

    def places(self, data: bytes) -> Iterator[int]:
        """Where the text stands, once for each line."""
        find = self._finder(data)
        place = find(0)
        while place >= 0:
            yield place
            end = data.find(b"\n", place)
            place = find(end) if end >= 0 else -1

    def _finder(self, data: bytes) -> Callable[[int], int]:
        """Where it stands from a place on; -1: nowhere."""
        if self.literal:
            return partial(data.find, self.literal)
        if len(self.folded) < _SKIPS:
            return partial(_find_small, data, self.folded)
        return partial(caseless(self.folded), data)


def _find_small(data: bytes, text: bytes, place: int) -> int:
    """In small letters. Little at a time: memory for much would be new each time."""
    for begin in range(place, len(data), _SMALL):
        found = data[begin : begin + _SMALL + len(text) - 1].lower().find(text)
        if found >= 0:
            return begin + found
    return -1


def needle_of(pattern: Pattern) -> Needle:
    needle = _needle(pattern)
    if needle.text:
        return needle
    part = required(pattern.pattern)
    if len(part) < _SHORTEST:
        return needle
    return replace(needle, part=_needle(re.compile(re.escape(part), pattern.flags)))


def _needle(pattern: Pattern) -> Needle:
    text = _ESCAPED.sub("", pattern.pattern)
    simple = pattern.pattern.isprintable() and not _SPECIAL.search(text)
    literal = _ESCAPED.sub(r"\1", pattern.pattern) if simple else ""
    beyond = _beyond().search(text) is not None
    caseless = bool(pattern.flags & re.IGNORECASE)
    if not literal or (caseless and not literal.isascii()):
        return Needle(pattern, b"", beyond)
    coded = "\\" in literal or literal[0] in _CODES
    needle = Needle(pattern, literal.encode(), beyond, controls=_controls_of(literal), coded=coded)
    if not caseless:
        return needle
    small = literal.lower()
    twins = tuple(twin.encode() for char, twins in _TWINS.items() if char in small for twin in twins)
    return replace(needle, literal=b"", folded=small.encode(), twins=twins)


def _controls_of(text: str) -> frozenset[int]:
    """A tab is shown as four spaces, and what was overwritten has spaces beside it. Colours are none here."""
    if _PICTURES.search(text):
        return _CONTROLS
    edge = text[0] == " " or text[-1] == " "
    found = {0x09} if edge or "    " in text else set()
    return frozenset(found | ({0x0D} if edge else set()))


def required(pattern: str) -> str:
    """The longest text that certainly stands in whatever the expression matches; empty: none is certain."""
    if "|" in pattern or "(?" in pattern or not pattern.isascii():
        return ""
    runs, place, depth = [""], 0, 0
    while place < len(pattern):
        found = _piece().match(pattern, place)
        if found is None:
            return ""
        piece, place = found.group(), found.end()
        depth += (piece == "(") - (piece == ")")
        char = _ordinary(piece)
        if piece[0] in "*?{" and runs[-1]:
            runs[-1] = runs[-1][:-1]  # What may be there any number of times may be there none.
        if char and not depth:
            runs[-1] += char
        else:
            runs.append("")
    return max(runs, key=len)


def _ordinary(piece: str) -> str:
    """The character that the piece stands for; empty: it is another thing."""
    if len(piece) == 2 and piece[0] == "\\":
        return "" if piece[1].isalnum() else piece[1]
    return piece if len(piece) == 1 and piece.isprintable() and piece not in ".^$*+?{}()[]\\" else ""


@cache
def _piece() -> re.Pattern[str]:
    return re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[*+?][?+]?|\{[^{}]*\}[?+]?|[^\\\[{]", re.DOTALL)


@cache
def _beyond() -> re.Pattern[str]:
    """Looking ahead and behind, text boundaries, and parts that give nothing back."""
    return re.compile(r"\(\?[<=!>(]|\\[AZ]|[*+?}]\+")


def may_hold(data: bytes, needle: Needle) -> bool:
    """False only if no line of the data, as it is shown, has a match."""
    if needle.text:
        return needle.stands_in(data) or any(True for _ in hidden_lines(data, needle))
    if needle.part is not None and not may_hold(data, needle.part):
        return False
    if b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
    if _in_messages(data, needle):
        return True
    if needle.by_lines:
        return _in_lines(data.split(b"\n"), needle)
    return needle.pattern.search(data.decode("utf-8", "backslashreplace")) is not None or _in_pictures(
        data, data.translate(None, _ASCII), needle
    )


def lines_with(data: bytes, needle: Needle) -> list[int]:
    """Where the lines begin that are shown with the needle's text, or may be."""
    found = {data.rfind(b"\n", 0, place) + 1 for place in needle.places(data)}
    found.update(hidden_lines(data, needle))
    return sorted(found)


def hidden_lines(data: bytes, needle: Needle, *, coloured: bool = True) -> Iterator[int]:
    """Where the lines begin that may be shown with the needle's text though it does not stand there.

    Not `coloured`: those are known where colours alone part it.
    """
    bare = without_colours(data) if coloured and b"\x1b" in data else data
    if bare is not data:
        yield from lines_of(bare, needle.places(bare), data)
    if b"\\" in bare:
        yield from lines_of(bare, _messages(bare, needle), data)
    if not data.isascii() and (needle.coded or any(twin in data for twin in needle.twins)):
        for first, part in _beyond_ascii(data):
            yield from (first + line for line in _odd(part, needle))
    for first, line in _controlled(data, needle.controls):
        if needle.pattern.search(plain(line)):
            yield first


def _beyond_ascii(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines with other characters, those side by side as one, and where they begin."""
    place = 0
    while place < len(data):
        end = place + _BLOCK
        if data[place:end].isascii():
            place = end
            continue
        while end < len(data) and not data[end : end + _BLOCK].isascii():
            end += _BLOCK
        feed = data.find(b"\n", end)
        end = feed if feed >= 0 else len(data)
        first = data.rfind(b"\n", 0, place) + 1
        yield first, data[first:end]
        place = end


def _odd(data: bytes, needle: Needle) -> Iterator[int]:
    """Lines in which characters beyond ASCII are shown as something with the text."""
    beyond = data.translate(None, _ASCII)
    doubtful = _pictured(beyond)
    if not doubtful and (_faulty(data) or any(twin in beyond for twin in needle.twins)):
        # What is no UTF-8 is shown as letters and digits.
        text = shown_without_colours(data.decode("utf-8", "backslashreplace"))
        doubtful = needle.pattern.search(text) is not None
    first = 0
    for line in data.split(b"\n") if doubtful else ():
        if not line.isascii() and needle.pattern.search(plain(line)):
            yield first
        first += len(line) + 1


def _pictured(beyond: bytes) -> bool:
    """Whether a character beyond ASCII is not shown as it stands."""
    return any(not char.isprintable() for char in set(beyond.decode("utf-8", "backslashreplace")))


def _faulty(data: bytes) -> bool:
    """Whether a part of it is no UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


def _in_pictures(data: bytes, beyond: bytes, needle: Needle) -> bool:
    """Whether it matches where a character is not shown as it stands. `beyond`: what is not ASCII."""
    if _pictured(beyond):
        return _in_lines(data.split(b"\n"), needle)
    return _in_lines((line for _, line in _controlled(data, needle.controls)), needle)


def _in_lines(lines: Iterable[bytes], needle: Needle) -> bool:
    return any(needle.pattern.search(plain(line)) for line in lines)


def _in_messages(data: bytes, needle: Needle) -> bool:
    return any(True for _ in _messages(data, needle))


def _messages(data: bytes, needle: Needle) -> Iterator[int]:
    """JSON lines whose message may match where the line as a whole does not."""
    anchored = needle.by_lines or "^" in needle.pattern.pattern or "$" in needle.pattern.pattern
    for first, line in _json_lines(data):
        if anchored or b"\\" in line:
            head = read_head(plain(line), _NO_CLOCK)
            if head is not None and needle.pattern.search(head.message):
                yield first


def _json_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0 if data.startswith(b"{") else data.find(b"\n{") + 1
    while data[place : place + 1] == b"{":
        end = data.find(b"\n", place)
        end = end if end >= 0 else len(data)
        yield place, data[place:end]
        place = data.find(b"\n{", end) + 1
        if not place:
            return


def _controlled(data: bytes, controls: frozenset[int]) -> Iterator[tuple[int, bytes]]:
    """The lines with one of these control characters: it is not shown as it stands."""
    for code in controls:
        place = data.find(code)
        while place >= 0:
            end = data.find(b"\n", place)
            end = end if end >= 0 else len(data)
            first = data.rfind(b"\n", 0, place) + 1
            yield first, data[first:end]
            place = data.find(code, end)
