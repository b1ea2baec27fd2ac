"""Colours in the bytes of a log: where lines are looked for that hold a text, they must not part it.

Only those that `domain.logs.shown` takes out count; all else that begins with an escape is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

WOVEN = "(\x1b[[][0-9;:]*m)*"
"""Any colours, as grep reads it; a few more than are taken out."""


@cache
def _colour() -> re.Pattern[bytes]:
    return re.compile(rb"\x1b\[[0-9;:]{0,64}m")


@cache
def _colour_of_text() -> re.Pattern[str]:
    return re.compile(r"\x1b\[[0-9;:]{0,64}m")


def without_colours(data: bytes) -> bytes:
    """The same lines; each byte that remains stands in the same line."""
    return _colour().sub(b"", data)


def shown_without_colours(text: str) -> str:
    """The same of decoded text."""
    return _colour_of_text().sub("", text) if "\x1b" in text else text


def woven(text: str) -> str:
    """An expression for grep that finds the text with colours anywhere in it."""
    return weave([_quoted(char) for char in text])


def weave(atoms: Sequence[str]) -> str:
    """Expressions one behind the other, with colours between them."""
    return WOVEN.join(atoms)


def lines_of(bare: bytes, places: Iterable[int], data: bytes) -> list[int]:
    """Where the lines of `data` begin that hold these places of it without its colours."""
    found: list[int] = []
    begin = place = 0
    for wanted in sorted(places):
        for _ in range(bare.count(b"\n", place, wanted)):
            begin = data.find(b"\n", begin) + 1
        place = wanted
        if not found or found[-1] != begin:
            found.append(begin)
    return found


def _quoted(char: str) -> str:
    """A character as grep takes for itself; a circumflex may not stand in brackets alone."""
    if char == "^":
        return r"\^"
    return f"[{char}]" if char in r".$*+?{}[]\|()" else char
