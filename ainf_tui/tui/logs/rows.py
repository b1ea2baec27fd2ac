"""A row of a log as lines: time, source, level, and the text in the colours that its writer gave it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from itertools import pairwise

from ainf_tui.display.format import here
from ainf_tui.domain.log_documents import LogRow
from ainf_tui.frozen import frozen
from ainf_tui.tui.lines import Line, Span, cut, cut_line, line_width, pad, safe, width
from ainf_tui.tui.looks import SGR
from ainf_tui.tui.signs import Signs

TIMES = ("absolute", "relative", "none")
"""What the time column shows: the time of day, the time since the row before, nothing."""
SOURCE_CELLS = 14
"""Cells of the source column at most."""
WIDEST = 48
"""Cells that what stands beside the text takes at most: time, source, level, number of lines."""
INDENT = 2
"""Cells by which further lines of a wrapped row stand to the right of its text."""
MOST_LINES = 30
"""Lines of a wrapped row; the record view has the whole."""
ENDING = 1_000
"""Characters of what a traceback ends with that are shown."""
GRAVE = {"warning": "warning", "error": "error", "critical": "error"}
_COLOURS = ("36", "35", "34", "96", "95", "94")
"""Of sources: those of a terminal that mean no state."""


@frozen
class Shape:
    """How rows are written. `cells`: room of a line."""

    cells: int
    signs: Signs = field(default_factory=Signs)
    times: str = TIMES[0]
    wrap: bool = False
    shift: int = 0
    """Cells of the text that are scrolled out at the left."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """The source column: name to style; of one source alone there is none."""
    short: bool = False
    """Little room: no parts of seconds, sources cut shorter."""

    @property
    def source_cells(self) -> int:
        widest = max((width(safe(name, 60)) for name in self.sources), default=0)
        return min(widest, SOURCE_CELLS // 2 if self.short else SOURCE_CELLS)

    @property
    def time_cells(self) -> int:
        return 0 if self.times == "none" else 8 if self.short else 12


def styles_of(names: Sequence[str]) -> dict[str, str]:
    """A colour for each source; none where there is only one."""
    if len(set(names)) < 2:
        return {}
    return {name: f"{SGR}{_COLOURS[n % len(_COLOURS)]}" for n, name in enumerate(dict.fromkeys(names))}


@frozen
class Mark:
    """What else there is to a row: `lead` is the first cell's sign and its style."""

    lead: Span = (" ", "")


def row_lines(row: LogRow, before: LogRow | None, shape: Shape, mark: Mark) -> list[Line]:
    """One line, or several where it is wrapped. `before`: the row above it."""
    head = _head(row, before, shape, mark)
    base = _base(row)
    tail = _tail(row)
    room = shape.cells - line_width(head) - (line_width(tail) + 1 if tail else 0)
    if not shape.wrap:
        text = _taken(_pieces(row, shape, base), shape.shift, max(0, room))
        gap = max(0, room - line_width(text)) + 1
        end: Line = ((" " * gap, ""), *tail) if tail else ()
        return [cut_line((*head, *text, *end), shape.cells)]
    lines = _wrapped(_pieces(row, shape, base), max(4, room), max(2, shape.cells - line_width(head) - INDENT))
    first = (*head, *lines[0])
    if tail:
        first = (*first, (" " * max(1, shape.cells - line_width(first) - line_width(tail)), ""), *tail)
    indent = " " * min(line_width(head) + INDENT, max(0, shape.cells - 2))
    return [cut_line(line, shape.cells) for line in (first, *(((indent, ""), *more) for more in lines[1:]))]


def height(row: LogRow, shape: Shape) -> int:
    """Lines that `row_lines` makes of it."""
    plain = row.text.isascii() and row.text.isprintable() and not row.ending
    if not shape.wrap or (plain and len(row.text) < shape.cells - WIDEST):
        return 1
    return len(row_lines(row, None, shape, Mark()))


def _head(row: LogRow, before: LogRow | None, shape: Shape, mark: Mark) -> Line:
    spans: list[Span] = [mark.lead]
    if shape.time_cells:
        spans.append((pad(_time(row, before, shape), shape.time_cells) + " ", "muted"))
    if shape.sources:
        name = pad(cut(safe(row.source, 60), shape.source_cells), shape.source_cells)
        spans.append((f"{name} ", "muted" if row.context else shape.sources.get(row.source, "muted")))
    sign = GRAVE.get(row.level)
    spans.append((f"{shape.signs.of(sign)} ", sign) if sign else ("  ", ""))
    return tuple(spans)


def _time(row: LogRow, before: LogRow | None, shape: Shape) -> str:
    same = before is not None and before.at == row.at
    if row.at is None or (row.inherited and same and shape.times == "absolute"):
        return ""
    if shape.times == "absolute":
        return clock(row.at, parts=not shape.short)
    if before is None or before.at is None:
        return ""
    return _gap((row.at - before.at).total_seconds(), short=shape.short)


def clock(at: datetime, *, parts: bool = True) -> str:
    """The time of day on the reader's clock."""
    found = here(at)
    return f"{found:%H:%M:%S}.{found.microsecond // 1000:03d}" if parts else f"{found:%H:%M:%S}"


def _gap(seconds: float, *, short: bool) -> str:
    sign, seconds = "-" if seconds < 0 else "+", abs(seconds)
    if seconds < 60:
        return f"{sign}{seconds:.1f}s" if short else f"{sign}{seconds:.3f}s"
    if seconds < 3600:
        return f"{sign}{int(seconds // 60)}m {int(seconds % 60)}s"
    hours = int(seconds // 3600)
    return f"{sign}{hours}h {int(seconds % 3600 // 60)}m" if hours < 100 else f"{sign}{hours // 24}d"


def _base(row: LogRow) -> str:
    if row.context or row.level == "debug":
        return "muted"
    return GRAVE.get(row.level, "")


def _tail(row: LogRow) -> Line:
    """`12 …`: what is folded away, or cut off."""
    if row.lines > 1:
        return ((f"{row.lines:,} …", "muted"),)
    return ((f"+{row.cut:,} …", "muted"),) if row.cut else ()


def _pieces(row: LogRow, shape: Shape, base: str) -> Iterator[Span]:
    """The text in pieces of one style each, made safe. Without its own time where that stands beside it."""
    begin = row.time_end if shape.times == "absolute" and not row.inherited and row.at is not None else 0
    begin = begin if 0 < begin < len(row.text) else 0
    if begin:
        # Nor what parts the time from the rest: `2026-11-26 14:03:05,123 - root - INFO - loaded`.
        begin = len(row.text) - len(row.text[begin:].lstrip(" ").removeprefix("- ").lstrip(" "))
    # Every character that is not combined with another takes a cell at least: what is far off is not made.
    end = min(len(row.text), begin + (shape.shift + shape.cells) * (MOST_LINES if shape.wrap else 4))
    bounds = {begin, end}
    for start, stop in ((s.start, s.end) for s in row.spans):
        bounds |= {start, stop}
    for start, stop in row.matches:
        bounds |= {start, stop}
    places = sorted(place for place in bounds if begin <= place <= end)
    for start, stop in pairwise(places):
        yield safe(row.text[start:stop], 8 * (stop - start)), _style(row, start, base)
    if row.ending and end == len(row.text):
        yield f" {safe(row.ending, ENDING)}", base


def _style(row: LogRow, at: int, base: str) -> str:
    own = next((f"{SGR}{s.style}" for s in row.spans if s.start <= at < s.end and s.style), "")
    names = [base if not own or row.context else "", "" if row.context else own]
    if any(start <= at < stop for start, stop in row.matches):
        names.append("match")
    return "+".join(name for name in names if name)


def _taken(pieces: Iterator[Span], skip: int, room: int) -> Line:
    """The cells from `skip` on, at most `room`; what is cut off at either side is marked."""
    out: list[Span] = []
    used = 0
    for text, style in pieces:
        if skip >= width(text):
            skip -= width(text)
            continue
        if skip:
            text, skip = _without(text, skip), 0  # noqa: PLW2901 - the piece that is left of it
        out.append((text, style))
        used += width(text)
        if used > room:
            break
    return cut_line(tuple(out), room)


def _without(text: str, cells: int) -> str:
    """The text behind so many cells; half of a wide glyph is a blank."""
    if text.isascii():
        return text[cells:]
    for index, char in enumerate(text):
        if cells <= 0:
            return " " * -cells + text[index:]
        cells -= width(char)
    return ""


def _wrapped(pieces: Iterator[Span], first: int, further: int) -> list[Line]:
    """At most MOST_LINES lines: of a log every character counts, so lines are broken where they are full."""
    lines: list[list[Span]] = [[]]
    room = first
    for text, style in pieces:
        rest = text
        while rest:
            head = rest[:room] if rest.isascii() else _fitting(rest, room)
            if not head:
                if len(lines) == MOST_LINES:
                    lines[-1].append(("…", "muted"))
                    return [tuple(line) for line in lines]
                lines.append([])
                room = further
                continue
            lines[-1].append((head, style))
            room -= width(head)
            rest = rest[len(head) :]
    return [tuple(line) for line in lines]


def _fitting(text: str, cells: int) -> str:
    """As much of the beginning as takes so many cells at most."""
    for index, char in enumerate(text):
        cells -= width(char)
        if cells < 0:
            return text[:index]
    return text


def narrowed(shape: Shape, cells: int) -> Shape:
    """The shape for that room."""
    return replace(shape, cells=cells, short=cells < 100)
