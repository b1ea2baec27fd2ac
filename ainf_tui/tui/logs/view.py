"""The rows that are seen, drawn line by line, and the strip beside them; only what differs is painted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from ainf_tui.domain.log_documents import LogRow
from ainf_tui.tui.lines import Line, Span, changed, cut_line
from ainf_tui.tui.logs.rows import Mark, Shape, height, narrowed, row_lines
from ainf_tui.tui.logs.window import Window
from ainf_tui.tui.widgets.listkeys import ListKeys
from ainf_tui.tui.widgets.painted import Painter

WHEEL = 3
"""Rows that a notch of the mouse's wheel moves."""


class LogView(ListKeys, Painter, can_focus=True):
    """Shows a `Window` as it stands; keys move in what is held, and whoever owns the window is told."""

    DEFAULT_CSS = "LogView { width: 1fr; }"

    class Moved(Message):
        """The cursor was moved, or what is seen."""

    class EndWanted(Message):
        """The first or the last line of all."""

        def __init__(self, *, last: bool) -> None:
            super().__init__()
            self.last = last

    class Opened(Message):
        """The row under the cursor was clicked."""

    class Shifted(Message):
        """The text was scrolled sideways: more of the lines may be needed."""

    def __init__(self, window: Window, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self.window = window
        self.shape = Shape(80)
        self.mark_of: Callable[[LogRow], Mark] = lambda _row: Mark()
        self.empty: tuple[Line, ...] = ()
        """What stands here while there is nothing to show."""
        self._shown: list[tuple[Line, str]] = []
        self._owners: list[int] = []
        """The row of each line that is seen; -1: of none."""

    # -- what changes -------------------------------------------------------------------------
    def update(self, shape: Shape | None = None) -> None:
        """The window has changed, or how its rows are written."""
        if shape is not None:
            self.shape = shape
        if self.size.width:
            self.shape = narrowed(self.shape, self.size.width)
        self.window.into_sight(self.page, self.height_of)
        self.paint()

    def height_of(self, row: LogRow) -> int:
        """Lines that the row takes here."""
        if not self.shape.wrap:
            return 1
        return min(height(row, self.shape), max(1, self.page - 1))

    def paint(self) -> None:
        """Paints the lines that differ from what is on the screen."""
        before, lines = self._shown, self._visible()
        self._shown = lines
        if len(before) != len(lines):
            self.refresh()
            return
        width = self.size.width
        pairs = enumerate(zip(before, lines, strict=True))
        regions = [_unlike(y, old, new, width) for y, (old, new) in pairs if old != new]
        if regions:
            self.refresh(*regions)

    def _visible(self) -> list[tuple[Line, str]]:
        lines: list[tuple[Line, str]] = []
        size, window, self._owners = self.size, self.window, []
        cursor = "cursor" if self.has_focus else "cursor-muted"
        index = window.first
        while 0 <= index < len(window.rows) and len(lines) < size.height:
            row = window.rows[index]
            before = window.rows[index - 1] if index else None
            ground = cursor if index == window.cursor else ""
            for line in row_lines(row, before, self.shape, self.mark_of(row))[: self.height_of(row)]:
                lines.append((line, ground))
                self._owners.append(index)
            index += 1
        if not window.rows:
            lines = [((), ""), *((cut_line(line, size.width), "") for line in self.empty)]
        del lines[size.height :]
        return lines + [((), "")] * (size.height - len(lines))

    def render_line(self, y: int) -> Strip:
        line, ground = self._shown[y] if y < len(self._shown) else ((), "")
        return self.strip(line, self.across, ground).crop(0, self.across)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        # They look different, and say the same: without them nothing would stand here until the next key.
        self.refresh()

    def on_resize(self) -> None:
        self._shown = []
        self.update()
        # More rows are seen: more are wanted around them.
        self.post_message(self.Moved())

    def on_focus(self) -> None:
        self.paint()

    def on_blur(self) -> None:
        self.paint()

    # -- moving -------------------------------------------------------------------------------
    def step(self, lines: int) -> None:
        self.window.move(lines)
        self._moved()

    def to_end(self, *, last: bool) -> None:
        if last:
            self.window.resume()
        else:
            self.window.pause()
            self.window.move_to(0)
        self._moved()
        self.post_message(self.EndWanted(last=last))

    def go(self, index: int) -> None:
        """Puts the cursor on the row of that index."""
        if index < self.window.cursor:
            self.window.pause()
        self.window.move_to(index)
        self._moved()

    def centre(self) -> None:
        """The cursor's row in the middle."""
        self.window.centre(self.page, self.height_of)
        self.paint()

    def _moved(self) -> None:
        self.window.into_sight(self.page, self.height_of)
        self.paint()
        # A message, not a call: the cursor is painted first, what follows it in the frame after.
        self.post_message(self.Moved())

    def action_left(self) -> None:
        self._shift(-max(8, self.size.width // 3))

    def action_right(self) -> None:
        self._shift(max(8, self.size.width // 3))

    def _shift(self, cells: int) -> None:
        """Sideways, as far as a line that is seen goes on."""
        if self.shape.wrap:
            return
        seen = self.window.rows[max(0, self.window.first) :][: self.page]
        longest = max((len(row.text) + row.cut for row in seen), default=0)
        shift = max(0, min(self.shape.shift + cells, max(self.shape.shift, longest - 8)))
        if shift != self.shape.shift:
            self.shape = replace(self.shape, shift=shift)
            self.paint()
            self.post_message(self.Shifted())

    # -- mouse --------------------------------------------------------------------------------
    def on_click(self, event: events.Click) -> None:
        if not 0 <= event.y < len(self._owners):
            return
        if self._owners[event.y] == self.window.cursor:
            self.post_message(self.Opened())
        else:
            self.go(self._owners[event.y])

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.step(-WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.step(WHEEL)


def _unlike(y: int, before: tuple[Line, str], after: tuple[Line, str], cells: int) -> Region:
    """Of a line that was changed the cells from the first to the last that differ."""
    if before[1] != after[1]:
        return Region(0, y, cells, 1)
    found = changed(before[0], after[0], cells) or [(0, 0)]
    return Region(found[0][0], y, found[-1][1] - found[0][0], 1)


class LevelStrip(Painter):
    """A cell a line: what lies at that height of the whole log. Says `Wanted` when it is clicked."""

    DEFAULT_CSS = "LevelStrip { width: 1; }"

    class Wanted(Message):
        """That place of the log, 0..1."""

        def __init__(self, fraction: float) -> None:
            super().__init__()
            self.fraction = fraction

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as above
        super().__init__(id=id)
        self.cells: tuple[Span, ...] = ()

    def show(self, cells: tuple[Span, ...]) -> None:
        """Shows the cells; paints those that differ."""
        before, self.cells = self.cells, cells
        for y in range(self.size.height):
            if before[y : y + 1] != cells[y : y + 1]:
                self.refresh(Region(0, y, 1, 1))

    def render_line(self, y: int) -> Strip:
        return self.strip((self.cells[y],) if y < len(self.cells) else (), 1)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Wanted(event.y / max(1, self.size.height - 1)))
