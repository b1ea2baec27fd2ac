"""What the terminal says about itself, asked once with the first bytes of the app.

Nothing waits for the answers: they come through the driver's input. The last question is one that every
terminal answers (primary device attributes), so its answer ends the probe; else a deadline does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace

from ainf_tui.frozen import frozen

# Ambiguous in East Asian width (UAX 11), or missing in fonts: some terminals give them two cells.
GLYPHS = "●◐○✓▲✖–◌·█░▁"  # noqa: RUF001 -- the dash is the glyph
_ROW = 2
"""The row on which widths are tried. Not 1: `CSI 1;2R` is also shift+F3."""

STATUS = "\x1b[5n"
STATUS_ANSWER = b"\x1b[0n"
DEVICE = "\x1b[c"
DEVICE_ANSWERED = re.compile(rb"\x1b\[\?[\d;]*c")

_CURSOR = re.compile(rb"\x1b\[(\d+);(\d+)R")
_ATTRIBUTES = re.compile(rb"\x1b\[\?([\d;]*)c")
_CELL = re.compile(rb"\x1b\[6;(\d+);(\d+)t")
_MODE = re.compile(rb"\x1b\[\?(\d+);(\d)\$y")
_NAME = re.compile(rb"\x1bP>\|([^\x1b\x07]*)")
_KITTY = re.compile(rb"\x1b_Gi=31;([^\x1b]*)")
_BACKGROUND = re.compile(rb"\x1b\]11;rgba?:([0-9a-fA-F]+)/([0-9a-fA-F]+)/([0-9a-fA-F]+)")


@frozen
class Probe:
    """What is known so far. None: not answered."""

    widths: Mapping[str, int] = field(default_factory=dict)
    """Glyph -> cells, for those whose answer came."""
    sixel: bool | None = None
    kitty: bool | None = None
    """Whether kitty's graphics protocol was acknowledged."""
    cell: tuple[int, int] | None = None
    """Width and height of a cell in pixels."""
    background: tuple[float, float, float] | None = None
    """Red, green, blue, 0..1."""
    synchronized: bool | None = None
    status: bool = False
    """Whether status requests are answered: then it is known how far behind the terminal is."""
    name: str = ""
    """Name and version as the terminal gives them (XTVERSION). Text from outside."""
    complete: bool = False

    @property
    def dark(self) -> bool | None:
        """Whether the background is dark (luma by Rec. 601)."""
        if self.background is None:
            return None
        red, green, blue = self.background
        return 0.299 * red + 0.587 * green + 0.114 * blue < 0.5


def questions(environ: Mapping[str, str], rows: int) -> str:
    """The probe as bytes for the terminal: about 250. What it writes on the screen it hides and erases."""
    row = min(_ROW, rows)
    parts = [f"\x1b[8m\x1b[{row};1H", STATUS]
    if row > 1:
        parts += [f"\r{glyph}\x1b[6n" for glyph in GLYPHS]
    parts.append("\r\x1b[2K\x1b[m")
    if environ.get("TERM", "") != "linux":  # its console prints what it does not know
        parts.append("\x1b[>0q\x1b]11;?\x1b\\\x1b[16t")
        if "TMUX" not in environ and "STY" not in environ:
            parts.append("\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\")
        if environ.get("TERM_PROGRAM") != "Apple_Terminal":  # prints the p; Textual leaves it out, too
            parts.append("\x1b[?2026$p")
    return "".join(parts) + DEVICE


def taken(probe: Probe, answer: bytes) -> Probe:
    """The probe with one more answer. What is none of its answers changes nothing."""
    for pattern, read in _READERS:
        if match := pattern.match(answer):
            return read(probe, match)
    return replace(probe, status=True) if answer == STATUS_ANSWER else probe


def _width(probe: Probe, match: re.Match[bytes]) -> Probe:
    if len(probe.widths) == len(GLYPHS) or int(match[1]) != _ROW:
        return probe
    # One answer a glyph, in the order of the questions.
    glyph = GLYPHS[len(probe.widths)]
    return replace(probe, widths={**probe.widths, glyph: int(match[2]) - 1})


def _attributes(probe: Probe, match: re.Match[bytes]) -> Probe:
    sixel = b"4" in match[1].split(b";")[1:]
    return replace(probe, sixel=sixel, kitty=bool(probe.kitty), complete=True)


def _cell(probe: Probe, match: re.Match[bytes]) -> Probe:
    height, width = int(match[1]), int(match[2])
    return replace(probe, cell=(width, height)) if 0 < width < 1000 and 0 < height < 1000 else probe


def _mode(probe: Probe, match: re.Match[bytes]) -> Probe:
    return replace(probe, synchronized=match[2] != b"0") if match[1] == b"2026" else probe


def _name(probe: Probe, match: re.Match[bytes]) -> Probe:
    return replace(probe, name=match[1].decode("utf-8", "replace")[:80])


def _kitty(probe: Probe, match: re.Match[bytes]) -> Probe:
    return replace(probe, kitty=match[1] == b"OK")


def _background(probe: Probe, match: re.Match[bytes]) -> Probe:
    red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in match.groups())
    return replace(probe, background=(red, green, blue))


_READERS = (
    (_CURSOR, _width),
    (_ATTRIBUTES, _attributes),
    (_CELL, _cell),
    (_MODE, _mode),
    (_NAME, _name),
    (_KITTY, _kitty),
    (_BACKGROUND, _background),
)
