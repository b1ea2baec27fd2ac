"""Whether a piece of a log can hold what is looked for, told without making records of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.heads import read_head
from ainf_tui.domain.logs.shown import plain

_ESCAPED = re.compile(r"\\([^A-Za-z0-9])")
"""An ordinary character that would be a special one."""
_TWINS = ("\u0130".encode(), "\u0131".encode(), "\u017f".encode(), "\u212a".encode())
"""What is taken for an i, s or k where case does not matter."""
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

    pattern: re.Pattern[str]
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


def needle_of(pattern: re.Pattern[str]) -> Needle:
    needle = _needle(pattern)
    if needle.literal or needle.folded:
        return needle
    part = required(pattern.pattern)
    if len(part) < _SHORTEST:
        return needle
    return replace(needle, part=_needle(re.compile(re.escape(part), pattern.flags)))


def _needle(pattern: re.Pattern[str]) -> Needle:
    text = _ESCAPED.sub("", pattern.pattern)
    simple = pattern.pattern.isprintable() and not _SPECIAL.search(text)
    literal = _ESCAPED.sub(r"\1", pattern.pattern) if simple else ""
    beyond = _beyond().search(text) is not None
    if not literal:
        return Needle(pattern, b"", beyond)
    controls = _controls_of(literal)
    if not pattern.flags & re.IGNORECASE:
        return Needle(pattern, literal.encode(), beyond, controls=controls)
    return Needle(pattern, b"", beyond, literal.lower().encode() if literal.isascii() else b"", controls)


def _controls_of(text: str) -> frozenset[int]:
    """A colour may part a text; a tab is shown as spaces, and what was overwritten has spaces beside it."""
    if _PICTURES.search(text):
        return _CONTROLS
    return frozenset({0x1B, 0x09, 0x0D} if " " in text else {0x1B})


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
    text = needle.literal or needle.folded
    if text:
        return text in (data if needle.literal else data.lower()) or _hidden_literal(data, needle)
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


def _hidden_literal(data: bytes, needle: Needle) -> bool:
    """Whether a text that does not stand there may be shown all the same."""
    if b"\\" in data and _in_messages(data, needle):
        return True
    if data.isascii():
        return _in_lines(_controlled(data, needle.controls), needle)
    return any(_in_odd(part, needle) for part in _beyond_ascii(data)) or _in_lines(
        _controlled(data, needle.controls), needle
    )


def _beyond_ascii(data: bytes) -> Iterator[bytes]:
    """The lines with other characters, those side by side as one."""
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
        yield data[data.rfind(b"\n", 0, place) + 1 : end]
        place = end


def _in_odd(data: bytes, needle: Needle) -> bool:
    beyond = data.translate(None, _ASCII)
    # What is no UTF-8 is shown as letters and digits.
    odd = _faulty(data) or _twins(beyond, needle)
    if odd and needle.pattern.search(data.decode("utf-8", "backslashreplace")):
        return True
    return _pictured(beyond) and _in_lines(data.split(b"\n"), needle)


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


def _twins(beyond: bytes, needle: Needle) -> bool:
    return bool(needle.folded) and any(twin in beyond for twin in _TWINS)


def _in_pictures(data: bytes, beyond: bytes, needle: Needle) -> bool:
    """Whether it matches where a character is not shown as it stands. `beyond`: what is not ASCII."""
    if _pictured(beyond):
        return _in_lines(data.split(b"\n"), needle)
    return _in_lines(_controlled(data, needle.controls), needle)


def _in_lines(lines: Iterable[bytes], needle: Needle) -> bool:
    return any(needle.pattern.search(plain(line)) for line in lines)


def _in_messages(data: bytes, needle: Needle) -> bool:
    """Whether the message of a JSON line may match where the line as a whole does not."""
    anchored = needle.by_lines or "^" in needle.pattern.pattern or "$" in needle.pattern.pattern
    for line in _json_lines(data):
        if anchored or b"\\" in line:
            head = read_head(plain(line), _NO_CLOCK)
            if head is not None and needle.pattern.search(head.message):
                return True
    return False


def _json_lines(data: bytes) -> Iterator[bytes]:
    place = 0 if data.startswith(b"{") else data.find(b"\n{") + 1
    while data[place : place + 1] == b"{":
        end = data.find(b"\n", place)
        end = end if end >= 0 else len(data)
        yield data[place:end]
        place = data.find(b"\n{", end) + 1
        if not place:
            return


def _controlled(data: bytes, controls: frozenset[int]) -> Iterator[bytes]:
    """The lines with one of these control characters: it is not shown as it stands."""
    for code in controls:
        place = data.find(code)
        while place >= 0:
            end = data.find(b"\n", place)
            end = end if end >= 0 else len(data)
            yield data[data.rfind(b"\n", 0, place) + 1 : end]
            place = data.find(code, end)
