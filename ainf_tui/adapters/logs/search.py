"""Whether a piece of a log can hold what is looked for, told without making records of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ainf_tui.domain.logs.shown import plain

_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")
_CONTROLS = bytes(code for code in (*range(0x20), 0x7F) if code != 0x0A)


@dataclass(frozen=True, slots=True)
class Needle:
    """A pattern, and how it may be looked for in many lines at once."""

    pattern: re.Pattern[str]
    literal: bytes
    """Set where the pattern is nothing but a text, which is found faster."""
    by_lines: bool
    """It looks beyond what it matches, so a line must stand alone."""


def needle_of(pattern: re.Pattern[str]) -> Needle:
    text = pattern.pattern
    simple = not pattern.flags & re.IGNORECASE and text.isprintable() and not _SPECIAL.search(text)
    return Needle(pattern, text.encode() if simple else b"", _beyond().search(text) is not None)


@cache
def _beyond() -> re.Pattern[str]:
    """Looking ahead and behind, text boundaries, and parts that give nothing back."""
    return re.compile(r"\(\?[<=!>(]|\\[AZ]|[*+?}]\+")


def may_hold(data: bytes, needle: Needle) -> bool:
    """False only if no line of the data, as it is shown, has a match."""
    if data.startswith(b"{") or b"\n{" in data:
        return True  # What is looked for may stand behind the escapes of JSON.
    if b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
    text = None if needle.by_lines else _as_shown(data)
    if text is None:
        return any(needle.pattern.search(plain(line)) for line in data.split(b"\n"))
    if needle.literal:
        return needle.literal in data
    return needle.pattern.search(text) is not None


def _as_shown(data: bytes) -> str | None:
    """The text; None where some of it is not shown as it stands in the file."""
    if len(data.translate(None, _CONTROLS)) != len(data):
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isascii() or text.replace("\n", "").isprintable() else None
