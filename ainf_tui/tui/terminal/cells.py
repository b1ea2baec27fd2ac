"""Only the cells that have changed are made, and go out.

Textual's own update renders every widget of the screen that a change might concern, cuts all its lines at the
edges of all others, and begins to write at the left end of the widget ("TODO: crop to x extents"). That took
half of the time in which a key was answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter

from rich.console import Console
from textual._compositor import ChopsUpdate, Compositor, CompositorMap, ReflowResult
from textual.geometry import Offset, Region, Size
from textual.strip import Strip
from textual.widget import Widget

Span = tuple[int, int, int]
"""A row, its first cell and the one behind the last."""
Piece = tuple[int, int, Strip]
"""Row, first cell, and what is to stand there."""


class CellsUpdate(ChopsUpdate):
    """Some cells of the screen."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        super().__init__([], [], [])  # Textual's own way to keep and write it is not used
        self.pieces = pieces

    def render_segments(self, console: Console) -> str:
        return "".join(f"\x1b[{y + 1};{x + 1}H{strip.render(console)}" for y, x, strip in self.pieces)


class CellsCompositor(Compositor):
    """Textual's, with such updates, and for which no change of size gets lost."""

    _laid: CompositorMap | None = None
    """Where which widget was when they were told so last."""

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Whoever asks for a place between a change of styles and this has the new one worked out: Textual
        then takes it for the old one, and tells nobody that its size is another.
        """
        if self._laid is not None:
            self._full_map = self._laid
        result = super().reflow(parent, size)
        self._laid = self._full_map
        self._full_map_invalidated = False
        return result

    def clear(self) -> None:
        super().clear()
        self._laid = None

    def render_partial_update(self) -> CellsUpdate | None:
        dirty, whole = self._dirty_regions.copy(), self.size.region
        self._dirty_regions.clear()
        spans = list(self._regions_to_spans(seen for region in dirty if (seen := region.intersection(whole))))
        if not spans:
            return None
        return CellsUpdate(sorted(self._pieces(spans), key=itemgetter(0, 1)))

    def _pieces(self, spans: Sequence[Span]) -> Iterator[Piece]:
        """What stands there: of widgets that overlap, the one that lies above."""
        for widget, (region, clip) in self.visible_widgets.items():
            seen = region.intersection(clip)
            own, spans = _divided(spans, seen)
            if own:
                yield from _rendered(widget, seen.translate(-region.offset), seen.offset, own)
            if not spans:
                return


def _divided(spans: Sequence[Span], region: Region) -> tuple[list[Span], list[Span]]:
    """What of the spans lies in the region, and what does not."""
    left, top, right, bottom = region.corners
    inside: list[Span] = []
    outside: list[Span] = []
    for span in spans:
        y, first, last = span
        if not top <= y < bottom or first >= right or last <= left:
            outside.append(span)
            continue
        inside.append((y, max(first, left), min(last, right)))
        if first < left:
            outside.append((y, first, left))
        if last > right:
            outside.append((y, right, last))
    return inside, outside


def _rendered(widget: Widget, seen: Region, at: Offset, spans: Sequence[Span]) -> Iterator[Piece]:
    """Those cells of the widget. `seen`: of it what is seen; `at`: where that begins on the screen."""
    for begin, end in _runs(sorted({y for y, _, _ in spans})):
        strips = widget.render_lines(Region(seen.x, seen.y + begin - at.y, seen.width, end - begin))
        for y, first, last in spans:
            if begin <= y < end:
                yield y, first, strips[y - begin].crop(first - at.x, last - at.x)


def _runs(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Rows that follow each other: the first and the one behind the last."""
    begin = 0
    for index, row in enumerate(rows):
        if index + 1 == len(rows) or rows[index + 1] != row + 1:
            yield rows[begin], row + 1
            begin = index + 1
