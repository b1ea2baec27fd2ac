"""Lines of styled text as plain values: what a screen shows, before anything is drawn.

A span is text with the name of a style (`widgets.painted.STYLES`); a line is a tuple of spans. Lines are
compared to find what has to be painted anew. Outside text enters through `safe`, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from rich.cells import cell_len, chop_cells, set_cell_size

from ainf_tui.domain.text import visible

Span = tuple[str, str]
Line = tuple[Span, ...]

ELLIPSIS = "…"
BLANK: Line = ()


_JOINING = dict.fromkeys((0x200C, 0x200D, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
"""Joiners and variation selectors. They make one glyph of several characters on some terminals and not on
others, and one that ends a text takes in what stands beside it: without them widths add up everywhere.
"""


def safe(text: object, limit: int = 4000) -> str:
    """Outside text as one line that no terminal acts upon; None is empty."""
    return "" if text is None else _apart(visible(str(text), limit))


def safe_lines(text: object, limit: int = 20_000) -> list[str]:
    """The same for text of several lines."""
    return [] if text is None else _apart(visible(str(text), limit, lines=True)).split("\n")


def _apart(text: str) -> str:
    return text if text.isascii() else text.translate(_JOINING)


def width(text: str) -> int:
    """Cells that the text takes."""
    return len(text) if text.isascii() else cell_len(text)


def line_width(line: Line) -> int:
    return sum(width(text) for text, _ in line)


def cut(text: str, cells: int, ellipsis: str = ELLIPSIS) -> str:
    """At most `cells` cells; a cut is marked."""
    if width(text) <= cells:
        return text
    if cells <= len(ellipsis):
        return ellipsis[: max(0, cells)]
    room = cells - len(ellipsis)
    kept = text[:room] if text.isascii() else set_cell_size(text, room).rstrip(" ")
    return kept + ellipsis


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """Exactly `cells` cells, cut or filled; `right` aligns to the right."""
    text = cut(text, cells)
    gap = " " * max(0, cells - width(text))
    return gap + text if right else text + gap


def cut_line(line: Line, cells: int) -> Line:
    """At most `cells` cells of a line; a cut is marked."""
    if line_width(line) <= cells:
        return line
    out: list[Span] = []
    for text, style in line:
        taken = width(text)
        if taken >= cells:
            # The mark stands in the last cell even where this span would just fit: more follows.
            out.append((cut(text + " ", cells), style))
            break
        out.append((text, style))
        cells -= taken
    return tuple(out)


APART = 12
"""Cells that are the same between two changes, from which on each is painted for itself: to go there and to
name the colours again costs about as much.
"""


def changed(before: Line, after: Line, cells: int) -> list[tuple[int, int]]:
    """Where the two differ: first cells and those behind the last, in order.

    Both lines stand on `cells` cells, blank behind their ends. Within a span of plain ASCII it is exact;
    other spans differ as a whole, because what takes which cells there is not ours to say.
    """
    if before == after:
        return []
    if _joins(before) or _joins(after):
        return [(0, cells)]
    widths = [width(text) for text, _ in after]
    if widths != [width(text) for text, _ in before]:
        found = [_between(before, after, cells)]
    else:
        starts = accumulate(widths, initial=0)
        pairs = zip(starts, before, after, strict=False)
        found = [_within(start, old, new) for start, old, new in pairs if old != new]
    return _merged((first, min(last, cells)) for first, last in found if first < min(last, cells))


def _between(before: Line, after: Line, cells: int) -> tuple[int, int]:
    """From where they begin to differ to where they end."""
    first = 0
    for old, new in zip(before, after, strict=False):
        if old != new:
            first = _within(first, old, new)[0]
            break
        first += width(new[0])
    return first, min(cells, max(line_width(before), line_width(after)))


def _within(start: int, old: Span, new: Span) -> tuple[int, int]:
    """Where two spans differ that begin at the same cell."""
    end = start + max(width(old[0]), width(new[0]))
    if old[1] != new[1] or not (old[0].isascii() and new[0].isascii()):
        return start, end
    same = _alike(old[0], new[0])
    if len(old[0]) != len(new[0]):
        return start + same, end
    return start + same, max(start + same, end - _alike(old[0][::-1], new[0][::-1]))


def _alike(old: str, new: str) -> int:
    """How many characters at the beginning are the same: halved, for a slice is compared at once."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _merged(found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in found:
        if merged and first - merged[-1][1] < APART:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return merged


def _joins(line: Line) -> bool:
    """Whether a span's first character may belong into the cell before it."""
    return any(not text.isascii() and not width(text[0]) for text, _ in line if text)


def spread(left: Line, right: Line, cells: int) -> Line:
    """`left` at the left edge, `right` at the right one; the left gives way."""
    room = max(0, cells - line_width(right))
    left = cut_line(left, max(0, room - 1)) if right else cut_line(left, cells)
    gap = cells - line_width(left) - line_width(right)
    if gap < 0:
        return cut_line(right, cells)
    return (*left, (" " * gap, ""), *right)


def fit(parts: Iterable[tuple[int, Line]], cells: int, gap: int = 3) -> Line:
    """As many parts side by side as there is room for; those with the highest number go first.

    `parts`: (importance, line), importance 0 always stays.
    """
    kept = [(number, line) for number, line in parts if line]
    while len(kept) > 1 and sum(line_width(line) for _, line in kept) + gap * (len(kept) - 1) > cells:
        worst = max(number for number, _ in kept)
        if worst == 0:
            break
        last = max(index for index, (number, _) in enumerate(kept) if number == worst)
        del kept[last]
    out: list[Span] = []
    for _, line in kept:
        if out:
            out.append((" " * gap, ""))
        out.extend(line)
    return cut_line(tuple(out), cells)


def wrap(text: str, cells: int, indent: int = 0) -> list[str]:
    """Text of one line broken at spaces into lines of at most `cells` cells; later ones indented."""
    cells = max(2, cells)  # a wide glyph takes two
    indent = min(indent, cells - 2)
    lines: list[str] = []
    current: str | None = None
    for word in text.split(" "):
        room = cells - (indent if lines else 0)
        if current is not None and width(current) + 1 + width(word) <= room:
            current = f"{current} {word}"
            continue
        if current is not None:
            lines.append(current)
        pieces = (
            [word] if width(word) <= cells - (indent if lines else 0) else chop_cells(word, cells - indent)
        )
        lines += pieces[:-1]
        current = pieces[-1]
    lines.append(current or "")
    return [lines[0], *(" " * indent + line for line in lines[1:])]
