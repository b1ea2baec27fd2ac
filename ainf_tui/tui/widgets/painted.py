"""Widgets that show lines (`tui.lines`) and repaint only those that differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
from ainf_tui.tui.looks import KEPT, Looks
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


class _Inks(dict[tuple[str, str], Style]):
    """How a span of that look is drawn over that base, by the app's filters: put together once, not for each
    span. `bare`: nothing is around the widget's lines but spaces.
    """

    def __init__(self, widget: Widget, looks: Looks, *, bare: bool) -> None:
        super().__init__()
        self.bare = bare
        self._looks = looks
        self._own = widget.rich_style
        self._background = widget.background_colors[1]
        # Of a widget that is drawn Textual's way they come later.
        self._filters = widget.get_line_filters() if bare else ()

    def __missing__(self, key: tuple[str, str]) -> Style:
        base, look = key
        style = self._own + self._looks[base] if base else self._own
        style = style + self._looks[look] if look else style
        for line_filter in self._filters:
            style = line_filter.apply([Segment(" ", style)], self._background)[0].style or style
        if len(self) > KEPT:
            self.clear()
        self[key] = style
        return style


class Painter(Widget):
    """Turns lines into strips in the looks of the app's theme."""

    app = getters.app(Looking)

    _known: tuple[tuple[object, ...], _Inks] | None = None
    _painting: tuple[_Inks, int] | None = None
    """While lines are made: their inks and width, the same for all."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """As Textual does, which for each line asks for borders, titles and tints that few widgets have."""
        inks = self._inks()
        self._painting = inks, self.scrollable_content_region.width
        try:
            return self._bare_lines(crop, inks["", ""]) if inks.bare else super().render_lines(crop)
        finally:
            self._painting = None

    def _inks(self) -> _Inks:
        """Others once a style of the widget's or of an ancestor's has changed, or the theme."""
        looks, ancestors = self.app.looks, self.ancestors_with_self
        changes = [node.styles._cache_key for node in ancestors]  # noqa: SLF001 - Textual's own caches go by it
        key = (id(looks), *self.get_line_filters(), *changes)
        if self._known is None or self._known[0] != key:
            styles = self.styles
            around = (
                any(edge for edge, _ in (*styles.border, *styles.outline))
                or styles.tint.a
                or (styles.has_rule("hatch") and styles.hatch != "none")
                or styles.text_opacity != 1.0
                or any(node.styles.opacity != 1.0 for node in ancestors)
            )
            self._known = key, _Inks(self, looks, bare=not around)
        return self._known[1]

    def _bare_lines(self, crop: Region, blank: Style) -> list[Strip]:
        """Lines with nothing around them but spaces."""
        size = self.size
        top, _, _, left = self.styles.padding
        right = self.outer_size.width - left - size.width
        lines: list[Strip] = []
        for y in crop.line_range:
            inside = 0 <= y - top < size.height
            strip = self.render_line(y - top) if inside else Strip.blank(size.width, blank)
            lines.append(strip.crop_pad(size.width, left, right, blank).crop(crop.x, crop.right))
        return lines

    @property
    def across(self) -> int:
        """Cells of a line; a scrollbar stands beside it."""
        return self._painting[1] if self._painting is not None else self.scrollable_content_region.width

    def strip(self, line: Line, cells: int, base: str = "") -> Strip:
        """The line on `cells` cells. `base`: the style below all spans (the cursor's)."""
        if not self.app.signs.unicode:
            line = tuple((text.translate(_ASCII), name) for text, name in line)
        inks = self._painting[0] if self._painting is not None else self._inks()
        taken = line_width(line)
        # Neighbours of one look are one segment: each costs the line a pair of escape sequences.
        merged: list[tuple[str, str]] = []
        for text, name in (*line, (" " * (cells - taken), "")):
            if merged and merged[-1][1] == name:
                merged[-1] = (merged[-1][0] + text, name)
            elif text:
                merged.append((text, name))
        return Strip([Segment(text, inks[base, name]) for text, name in merged], max(cells, taken))

    def repaint(self, lines: Iterable[tuple[int, Line, Line]], cells: int) -> None:
        """Has the cells painted in which lines differ: of progress a few. `lines`: height, before, after."""
        regions = [
            Region(first, y, last - first, 1)
            for y, before, after in lines
            for first, last in changed(before, after, cells)
        ]
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
        before, self._lines, (cells, height) = self._lines, lines, self.size
        self.repaint(_pairs(before, lines, range(height), cells), cells)

    @property
    def plain(self) -> str:
        """The text that is shown, for tests and for copying."""
        return "\n".join("".join(text for text, _ in line) for line in self._lines)

    def render_line(self, y: int) -> Strip:
        return self.strip(cut_line(_at(self._lines, y), self.across), self.across)


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
        self.repaint(_pairs(before, self.lines, range(self.size.height), cells, top), cells)

    @property
    def cells(self) -> int:
        """Width of a line; the scrollbar stands beside it."""
        return self.across

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


def _pairs(
    before: Sequence[Line], after: Sequence[Line], heights: Iterable[int], cells: int, top: int = 0
) -> Iterable[tuple[int, Line, Line]]:
    """Of two lists of lines, scrolled by `top`, those that are not the same."""
    for y in heights:
        old, new = _at(before, top + y), _at(after, top + y)
        if old != new:
            yield y, cut_line(old, cells), cut_line(new, cells)


def _at(lines: Sequence[Line], y: int) -> Line:
    return lines[y] if 0 <= y < len(lines) else ()
