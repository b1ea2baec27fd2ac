"""The Dashboard's panels: tables and lines under a dim title, which is bright where the focus is."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from ainf_tui.tui.lines import Line, cut_line, pad, width
from ainf_tui.tui.widgets.painted import LineView
from ainf_tui.tui.widgets.table import Table


class ListPanel(Table):
    """A table whose cursor is seen only while it has the focus."""

    def _line(self, y: int) -> tuple[Line, str]:
        line, ground = super()._line(y)
        if y == 0:
            return self._titled(line), ""
        if not len(self.source):
            told = self.empty[y - 1] if y <= len(self.empty) else ()
            return cut_line(((" " * self.LEAD, ""), *told), self.cells), ""
        if not self.has_focus and self.scroll_offset.y + y <= len(self.source):
            # What is not looked at keeps its cursor to itself.
            return ((" " * self.LEAD, ""), *line[1:]), ""
        return line, ground

    def _titled(self, head: Line) -> Line:
        """The title stands over the signs, where the other panels have theirs."""
        if len(head) < 3:
            return head
        lead, sign, title, *columns = head
        text = pad(title[0].strip(), width(sign[0] + title[0]))
        return (lead, (text, "accent" if self.has_focus else "title"), *columns)


class ErrorPanel(ListPanel):
    """The errors' panel: its title goes on with how many there are."""

    headline: Line = ()

    def _titled(self, head: Line) -> Line:
        titled = super()._titled(head)
        if len(titled) < 2:
            return titled
        lead, title, *_ = titled
        return cut_line((lead, (f"{title[0].strip()}   ", title[1]), *self.headline), self.cells)


class LinePanel(LineView):
    """Lines, of which the first is the title."""

    DEFAULT_CSS = "LinePanel { scrollbar-size-vertical: 0; overflow-y: hidden; }"

    class Opened(Message):
        """It was clicked while it had the focus."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._dim: tuple[Line, ...] = ()

    def show(self, lines: Sequence[Line]) -> None:
        self._dim = tuple(lines)
        shown = [bright(line) if self.has_focus and y == 0 else line for y, line in enumerate(lines)]
        super().show(shown)

    def on_focus(self) -> None:
        self.show(self._dim)

    def on_blur(self) -> None:
        self.show(self._dim)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if self.has_focus:
            self.post_message(self.Opened())


def bright(line: Line) -> Line:
    """The title's own words in the colour of the focus."""
    return tuple((text, "accent" if look == "title" else look) for text, look in line)
