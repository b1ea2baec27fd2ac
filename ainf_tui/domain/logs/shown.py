r"""A line of a log as it may be shown: colours are spans, all else that a terminal obeys is made visible.

What is no UTF-8 stands as `\xNN`, control characters as their pictures, tabs as four spaces. Progress that
overwrites itself with carriage returns is folded to its last state; other text before one stays.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from ainf_tui.frozen import frozen

TAB = "    "
KEPT_SEGMENTS = 50
"""Texts between carriage returns of one line that are kept; of more, the last ones."""
CARRIAGE = "\N{SYMBOL FOR CARRIAGE RETURN}"

_SGR = re.compile(r"\x1b\[([0-9;:]{0,64})m")
_DIGITS = re.compile(r"\d+")
_PROGRESS = re.compile(r"\d%\||\d+/\d+ ?\[|\d{1,3}(?:\.\d+)?%|\d(?:it/s|s/it)|[━█▏▎▍▌▋▊▉]{2}")
_KNOWN_CHARACTERS = 8192
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"


@frozen
class Span:
    """Characters `start` to `end` of the shown text have a colour: `sgr` stands between `ESC[` and `m`."""

    start: int
    end: int
    sgr: str


@frozen
class Shown:
    """One line without its end."""

    text: str
    spans: tuple[Span, ...] = ()
    updates: int = 0
    """States of a progress bar that were overwritten and are not shown."""
    left_out: int = 0
    """Characters behind the limit."""


def shown(data: bytes, limit: int | None = None) -> Shown:
    """The line of these bytes, with or without its end, cut to `limit` characters. Never raises."""
    text = data.decode("utf-8", "backslashreplace").rstrip("\n")
    text = text.rstrip("\r") if text.endswith("\r") else text
    left_out = 0
    if limit is not None and len(text) > 16 * limit and "\r" not in text:
        # Nobody reads on; making megabytes visible to throw them away would cost seconds.
        left_out, text = len(text) - 16 * limit, text[: 16 * limit]
    if text.isascii() and text.isprintable():
        return _cut(Shown(text), limit, left_out)
    text, updates = _collapsed(text) if "\r" in text else (text, 0)
    plain, spans = _coloured(text) if "\x1b" in text else (pictured(text), ())
    return _cut(Shown(plain, spans, updates), limit, left_out)


def plain(data: bytes) -> str:
    """The text that is shown and searched, whole."""
    return shown(data).text


def _cut(line: Shown, limit: int | None, left_out: int) -> Shown:
    if limit is None or len(line.text) <= limit:
        return line if not left_out else Shown(line.text, line.spans, line.updates, left_out)
    spans = tuple(Span(s.start, min(s.end, limit), s.sgr) for s in line.spans if s.start < limit)
    return Shown(line.text[:limit], spans, line.updates, left_out + len(line.text) - limit)


def pictured(text: str) -> str:
    """The text with every character that a terminal would obey made visible. Linear, for megabytes too."""
    if text.isprintable():
        return text
    pictures = _pictures()
    if len(pictures) > _KNOWN_CHARACTERS:
        pictures.clear()
    return text.translate(pictures)


class _Pictures(dict[int, str]):
    """Code point -> what is shown; learned by use."""

    def __missing__(self, code: int) -> str:
        picture = self[code] = _picture(chr(code))
        return picture


@cache
def _pictures() -> _Pictures:
    return _Pictures()


def _picture(char: str) -> str:
    code = ord(char)
    if char.isprintable() or char in _JOINERS or unicodedata.category(char) == "Zs":
        return char
    if char == "\t":
        return TAB
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


# -- carriage returns ------------------------------------------------------------------------------
def _collapsed(text: str) -> tuple[str, int]:
    """The text without the states that a later one overwrote, and how many those were."""
    parts = [part for part in text.split("\r") if part and not part.isspace()]
    if not parts:
        return "", 0
    kept: list[str] = []
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if last or not _overwritten(part, parts[index + 1]):
            kept.append(part)
    return f" {CARRIAGE} ".join(kept[-KEPT_SEGMENTS:]), len(parts) - len(kept[-KEPT_SEGMENTS:])


def _overwritten(part: str, follower: str) -> bool:
    """Whether the next text is a newer state of the same thing, or this one is a progress bar anyway."""
    if _PROGRESS.search(part[:400]):
        return True
    return _DIGITS.sub("0", part[:200]) == _DIGITS.sub("0", follower[:200])


# -- colours ---------------------------------------------------------------------------------------
def _coloured(text: str) -> tuple[str, tuple[Span, ...]]:
    out: list[str] = []
    spans: list[Span] = []
    style: dict[str, str] = {}
    place = size = 0
    for found in _SGR.finditer(text):
        size += _append(out, spans, size, pictured(text[place : found.start()]), style)
        style = _styled(style, found.group(1))
        place = found.end()
    _append(out, spans, size, pictured(text[place:]), style)
    return "".join(out), tuple(spans)


def _append(out: list[str], spans: list[Span], size: int, piece: str, style: dict[str, str]) -> int:
    if piece:
        out.append(piece)
        if style:
            spans.append(Span(size, size + len(piece), ";".join(style.values())))
    return len(piece)


# Off codes end a group. Concealed and blinking text (5, 6, 8) is left out: a log may not hide or flash.
_ON = {"1": "weight", "2": "weight", "3": "italic", "4": "line", "7": "reverse", "9": "strike"}
_OFF = {"22": "weight", "23": "italic", "24": "line", "27": "reverse", "29": "strike", "39": "fg", "49": "bg"}


def _styled(style: dict[str, str], codes: str) -> dict[str, str]:
    """The style after these codes; it is a new one."""
    changed = dict(style)
    parts = codes.replace(":", ";").split(";")
    while parts:
        code = parts.pop(0).lstrip("0") or "0"
        if code == "0":
            changed.clear()
        elif code in _ON:
            changed[_ON[code]] = code
        elif code in _OFF:
            changed.pop(_OFF[code], None)
        elif code in {"38", "48"}:
            _palette(changed, "fg" if code == "38" else "bg", code, parts)
        elif group := _basic(code):
            changed[group] = code
    return changed


def _basic(code: str) -> str:
    number = int(code) if len(code) <= 3 else 0
    if 30 <= number <= 37 or 90 <= number <= 97:
        return "fg"
    return "bg" if 40 <= number <= 47 or 100 <= number <= 107 else ""


def _palette(style: dict[str, str], group: str, code: str, parts: list[str]) -> None:
    """`38;5;N` and `38;2;R;G;B`: takes their numbers from `parts`."""
    count = {"5": 2, "2": 4}.get(parts[0] if parts else "", 0)
    taken = parts[:count]
    del parts[: count or 1]
    if count and len(taken) == count and all(part.isdigit() and int(part) <= 255 for part in taken):
        style[group] = ";".join((code, *(str(int(part)) for part in taken)))
