"""Whether a piece of a log can hold what is looked for, told without making records of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.heads import read_head
from ainf_tui.domain.logs.shown import CARRIAGE, plain

_ESCAPED = re.compile(r"\\([^A-Za-z0-9])")
"""An ordinary character that would be a special one."""
_TWINS = ("\u0130".encode(), "\u0131".encode(), "\u017f".encode(), "\u212a".encode())
"""What is taken for an i, s or k where case does not matter."""
_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")
_NO_CLOCK = Clock(datetime(2000, 1, 1, tzinfo=UTC), UTC)
_CONTROLS = frozenset({*range(0x20), 0x7F}) - {0x0A}
"""A line feed counts as none."""
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


def needle_of(pattern: re.Pattern[str]) -> Needle:
    text = _ESCAPED.sub("", pattern.pattern)
    simple = pattern.pattern.isprintable() and not _SPECIAL.search(text)
    literal = _ESCAPED.sub(r"\1", pattern.pattern) if simple else ""
    beyond = _beyond().search(text) is not None
    if not pattern.flags & re.IGNORECASE:
        return Needle(pattern, literal.encode(), beyond)
    return Needle(pattern, b"", beyond, literal.lower().encode() if literal.isascii() else b"")


@cache
def _beyond() -> re.Pattern[str]:
    """Looking ahead and behind, text boundaries, and parts that give nothing back."""
    return re.compile(r"\(\?[<=!>(]|\\[AZ]|[*+?}]\+")


def may_hold(data: bytes, needle: Needle) -> bool:
    """False only if no line of the data, as it is shown, has a match."""
    if needle.literal:
        return needle.literal in data or _hidden_literal(data, needle)
    if needle.folded:
        return needle.folded in data.lower() or _hidden_literal(data, needle)
    if b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
    if _in_messages(data, needle):
        return True
    if needle.by_lines:
        return _in_lines(data.split(b"\n"), needle)
    text = data.decode("utf-8", "backslashreplace")
    if needle.pattern.search(text):
        return True
    return _in_pictures(data, data.translate(None, _ASCII), needle, set())


def _hidden_literal(data: bytes, needle: Needle) -> bool:
    """Whether a text that does not stand there may be shown all the same."""
    if b"\\" in data and _in_messages(data, needle):
        return True
    beyond = b"" if data.isascii() else data.translate(None, _ASCII)
    # What is no UTF-8 is shown as letters and digits.
    odd = bool(beyond) and (_faulty(data) or _twins(beyond, needle))
    if odd and needle.pattern.search(data.decode("utf-8", "backslashreplace")):
        return True
    # Carriage returns part a line, and what a text is found in is one of the parts.
    parted = CARRIAGE.encode() not in (needle.literal or needle.folded)
    return _in_pictures(data, beyond, needle, {0x0D} if parted else set())


def _faulty(data: bytes) -> bool:
    """Whether a part of it is no UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


def _twins(beyond: bytes, needle: Needle) -> bool:
    return bool(needle.folded) and any(twin in beyond for twin in _TWINS)


def _in_pictures(data: bytes, beyond: bytes, needle: Needle, but: set[int]) -> bool:
    """Whether it matches where a character is not shown as it stands. `beyond`: what is not ASCII."""
    if any(not char.isprintable() for char in set(beyond.decode("utf-8", "backslashreplace"))):
        return _in_lines(data.split(b"\n"), needle)
    return _in_lines(_controlled(data, but), needle)


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


def _controlled(data: bytes, but: set[int]) -> Iterator[bytes]:
    """The lines with a control character other than `but`: it is not shown as it stands."""
    for code in _CONTROLS - but:
        place = data.find(code)
        while place >= 0:
            end = data.find(b"\n", place)
            end = end if end >= 0 else len(data)
            yield data[data.rfind(b"\n", 0, place) + 1 : end]
            place = data.find(code, end)
