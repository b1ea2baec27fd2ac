"""Widgets that show lines (`tui.lines`) and repaint only those that differ."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual import getters
from textual.app import App
from textual.geometry import Region, Size
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from ainf_tui.tui.lines import Line, changed, cut_line, line_width
from ainf_tui.tui.looks import Looks
from ainf_tui.tui.signs import Signs
from ainf_tui.tui.widgets.listkeys import ListKeys

_ASCII = str.maketrans("…▸◆×–·█░│", "~>+x-.#.|")  # noqa: RUF001 - our own signs, a cell each
"""For terminals that cannot show them; the states' glyphs are chosen by `signs`."""


class Looking(App[None]):
    """An app that knows how spans look, and its terminal."""

    looks: Looks
    signs: var[Signs]

    def write_raw(self, sequence: str) -> None:
        """A sequence for the terminal itself, made by `tui.terminal` or `tui.pictures`."""
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()


class Painter(Widget):
    """Turns lines into strips in the looks of the app's theme."""

    app = getters.app(Looking)

    _ground: Style | None = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """As Textual's own. The widget's style is put together once, not for each line: it asks all
        ancestors, which takes longer than to make the line.
        """
        self._ground = self.rich_style
        try:
            return super().render_lines(crop)
        finally:
            self._ground = None

    def strip(self, line: Line, cells: int, base: str = "") -> Strip:
        """The line on `cells` cells. `base`: the style below all spans (the cursor's)."""
        looks = self.app.looks
        if not self.app.signs.unicode:
            line = tuple((text.translate(_ASCII), name) for text, name in line)
        own = self._ground if self._ground is not None else self.rich_style
        ground = own + looks[base] if base else own
        # Neighbours of one look are one segment: each costs the line a pair of escape sequences.
        merged: list[tuple[str, str]] = []
        for text, name in (*line, (" " * (cells - line_width(line)), "")):
            if merged and merged[-1][1] == name:
                merged[-1] = (merged[-1][0] + text, name)
            elif text:
                merged.append((text, name))
        segments = [Segment(text, ground + looks[name] if name else ground) for text, name in merged]
        return Strip(segments, max(cells, line_width(line)))

    def repaint(self, y: int, before: Line, after: Line, cells: int) -> None:
        """Has those cells of the widget's line `y` painted in which the two differ: of progress a few."""
        regions = [Region(first, y, last - first, 1) for first, last in changed(before, after, cells)]
        if regions:
            self.refresh(*regions)


class Bar(Painter):
    """Some lines of fixed height: header, tabs, titles, footer."""

    DEFAULT_CSS = "Bar { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._lines: tuple[Line, ...] = ()

    def show(self, *lines: Line) -> None:
        """Shows the lines; nothing is painted if they are those of before."""
        if lines == self._lines:
            return
        before, self._lines, cells = self._lines, lines, self.size.width
        for y in range(self.size.height):
            self.repaint(y, cut_line(_at(before, y), cells), cut_line(_at(lines, y), cells), cells)

    @property
    def plain(self) -> str:
        """The text that is shown, for tests and for copying."""
        return "\n".join("".join(text for text, _ in line) for line in self._lines)

    def render_line(self, y: int) -> Strip:
        return self.strip(cut_line(_at(self._lines, y), self.size.width), self.size.width)


class Lengthy(ScrollView):
    """A view whose content may grow without its place on the screen changing."""

    def set_length(self, size: Size) -> None:
        """As setting `virtual_size`, which lays out and paints the whole screen anew: 27 kB for a line more.
        That is needed only where the content decides how large the widget is.
        """
        if self.styles.auto_dimensions:
            self.virtual_size = size
        elif size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)


class LineView(ListKeys, Painter, Lengthy, can_focus=True):
    """Any number of lines, scrolled; wrapping is done by who makes them."""

    DEFAULT_CSS = "LineView { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self.lines: tuple[Line, ...] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Shows the lines at the same scroll position; paints those that differ."""
        before, self.lines = self.lines, tuple(lines)
        if before == self.lines:
            return
        if len(before) != len(self.lines):
            self.set_length(Size(self.cells, len(self.lines)))
        top, cells = self.scroll_offset.y, self.cells
        for y in range(self.size.height):
            old, new = _at(before, top + y), _at(self.lines, top + y)
            if old != new:
                self.repaint(y, cut_line(old, cells), cut_line(new, cells), cells)

    @property
    def cells(self) -> int:
        """Width of a line; the scrollbar stands beside it."""
        return self.scrollable_content_region.width

    @property
    def plain(self) -> str:
        """All text, for tests and for copying."""
        return "\n".join("".join(text for text, _ in line) for line in self.lines)

    def step(self, lines: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False, immediate=True)

    def to_end(self, *, last: bool) -> None:
        self.scroll_to(y=self.max_scroll_y if last else 0, animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        line = _at(self.lines, self.scroll_offset.y + y)
        return self.strip(cut_line(line, self.cells), self.cells)


def _at(lines: Sequence[Line], y: int) -> Line:
    return lines[y] if 0 <= y < len(lines) else ()
