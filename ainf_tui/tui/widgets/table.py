"""A table of any length, drawn line by line: only what is seen is made, only what differs is painted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from ainf_tui.frozen import frozen
from ainf_tui.tui.lines import Line, Span, cut_line, pad
from ainf_tui.tui.widgets.listkeys import ListKeys
from ainf_tui.tui.widgets.painted import Lengthy, Painter

GAP = 1


@frozen
class Column:
    """`width`: cells; of a flexible one the least. `drop`: 0 stays, else the highest goes first."""

    name: str
    width: int
    right: bool = False
    flexible: bool = False
    drop: int = 0
    title: str | None = None


class Source(Protocol):
    """Where a table's rows come from."""

    def __len__(self) -> int: ...
    def id_at(self, index: int) -> str: ...
    def index_of(self, row_id: str) -> int | None: ...
    def cells(self, index: int) -> Mapping[str, Span]:
        """Text (safe, one line) and style by column name; a column that is missing stays empty."""
        ...


def layout(columns: Sequence[Column], cells: int) -> tuple[tuple[Column, int], ...]:
    """The columns that there is room for with their widths; flexible ones share what is left."""
    kept = list(columns)
    while len(kept) > 1 and sum(c.width + GAP for c in kept) - GAP > cells:
        worst = max(kept, key=lambda column: column.drop)
        if worst.drop == 0:
            break
        kept.remove(worst)
    spare = max(0, cells - sum(c.width + GAP for c in kept) + GAP)
    flexible = [c for c in kept if c.flexible]
    widths = {c.name: c.width for c in kept}
    for index, column in enumerate(flexible):
        share = spare // (len(flexible) - index)
        widths[column.name] += share
        spare -= share
    return tuple((c, widths[c.name]) for c in kept)


class Table(ListKeys, Painter, Lengthy, can_focus=True):
    """Rows of a Source under a head of one line; a cursor that stays with its row, and marks."""

    DEFAULT_CSS = "Table { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }"
    LEAD = 2
    """Cells before the first column: cursor and mark."""

    class Moved(Message):
        """The cursor stands on another row (or on none: the table is empty)."""

        def __init__(self, row_id: str | None, index: int) -> None:
            super().__init__()
            self.row_id = row_id
            self.index = index

    class AtEnd(Message):
        """The user went to the last row that is here; there may be more."""

    class Opened(Message):
        """A row was clicked while the cursor stood on it."""

    def __init__(self, columns: Sequence[Column], source: Source, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.source = source
        self.marks: set[str] = set()
        self.cursor = 0
        self.cursor_id: str | None = None
        self.pointer = "▸"
        self.mark_sign = "◆"
        self.pinned = False
        """The cursor was moved by somebody, and stays with its row; before, it stays at the top."""
        self._empty: tuple[Line, ...] = ()
        self._layout: tuple[tuple[Column, int], ...] = ()
        self._head: Line = ()
        self._shown: list[tuple[Line, str]] = []
        self._told: tuple[str | None, int] = (None, -1)

    @property
    def empty(self) -> tuple[Line, ...]:
        """What stands here while there are no rows: what this place is for, and which key fills it."""
        return self._empty

    @empty.setter
    def empty(self, lines: tuple[Line, ...]) -> None:
        if lines != self._empty:
            self._empty = lines
            self.paint()

    # -- what changes -------------------------------------------------------------------------
    def update(self) -> None:
        """The source has changed: the cursor follows its row, what differs is painted."""
        count = len(self.source)
        self.set_length(Size(self.size.width, count + 1))
        index = self.source.index_of(self.cursor_id) if self.cursor_id else None
        if not self.pinned and count:
            self._place(0, scroll=False)
        elif index is None:
            # Its row is gone: the cursor stays where it stood on the screen.
            self._place(min(self.cursor, count - 1), scroll=False)
        elif index != self.cursor:
            self._follow(index)
        if count and self.cursor_id is None:
            self._place(0, scroll=False)
        self._tell()
        self.paint()

    def _follow(self, index: int) -> None:
        """The cursor's row has moved: it keeps its height on the screen if it can."""
        offset = self.cursor - self.scroll_offset.y
        self.cursor = index
        if 0 <= offset < self.page:
            self.scroll_to(y=max(0, index - offset), animate=False, immediate=True)

    def paint(self) -> None:
        """Paints the lines that differ from what is on the screen."""
        if len(self._shown) == self.size.height:
            self._paint(range(self.size.height))
        else:
            self._shown = self._visible()
            self.refresh()

    def _paint(self, heights: Iterable[int]) -> None:
        """The same for some lines only, by their height on the widget."""
        cells, lines = self.cells, list[tuple[int, Line, Line]]()
        for y in heights:
            if not 0 <= y < len(self._shown):
                continue
            line = self._line(y)
            before, self._shown[y] = self._shown[y], line
            if before[1] == line[1]:
                lines.append((y, before[0], line[0]))
            else:
                self.refresh(Region(0, y, cells, 1))
        self.repaint(lines, cells)

    def set_columns(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self._measure()
        self.refresh()

    def move_to(self, index: int) -> None:
        """Puts the cursor on the row, in sight. On the first it stays there, whatever comes."""
        self.pinned = index > 0
        before = self.cursor
        self._place(max(0, min(index, len(self.source) - 1)))
        self._tell()
        top = self.scroll_offset.y
        self._paint((before - top + 1, self.cursor - top + 1))

    def move_to_id(self, row_id: str) -> bool:
        """Puts the cursor on the row of that id; False if there is none."""
        index = self.source.index_of(row_id)
        if index is not None:
            self.move_to(index)
        return index is not None

    def _place(self, index: int, *, scroll: bool = True) -> None:
        self.cursor = max(0, index)
        self.cursor_id = self.source.id_at(index) if 0 <= index < len(self.source) else None
        if scroll:
            self._into_sight()

    def _into_sight(self) -> None:
        top = self.scroll_offset.y
        if self.cursor < top:
            top = self.cursor
        elif self.cursor >= top + self.page:
            top = self.cursor - self.page + 1
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, immediate=True)

    def _tell(self) -> None:
        if self._told != (self.cursor_id, self.cursor):
            self._told = (self.cursor_id, self.cursor)
            # A message, not a call: the cursor is painted first, what follows it in the frame after.
            self.post_message(self.Moved(self.cursor_id, self.cursor))

    @property
    def cells(self) -> int:
        """Width of a line; the scrollbar stands beside it."""
        return self.across

    @property
    def page(self) -> int:
        """Rows that are seen at once."""
        return max(1, self.size.height - 1)

    # -- drawing ------------------------------------------------------------------------------
    def on_resize(self, event: events.Resize) -> None:
        del event
        self._measure()
        self.set_length(Size(self.size.width, len(self.source) + 1))
        self._into_sight()
        self._shown = []
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._shown = self._visible()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._shown = []

    def _measure(self) -> None:
        self._layout = layout(self.columns, self.cells - self.LEAD)
        spans: list[Span] = [(" " * self.LEAD, "title")]
        for column, cells in self._layout:
            name = column.name if column.title is None else column.title
            spans.append((pad(name, cells, right=column.right) + " " * GAP, "title"))
        self._head = tuple(spans)

    def _visible(self) -> list[tuple[Line, str]]:
        return [self._line(y) for y in range(self.size.height)]

    def _line(self, y: int) -> tuple[Line, str]:
        """The line at this height of the widget, and the style below it."""
        if y == 0:
            return self._head, ""
        index = self.scroll_offset.y + y - 1
        if index >= len(self.source):
            told = self._empty[y - 2] if not len(self.source) and 2 <= y < len(self._empty) + 2 else ()
            return cut_line(((" " * self.LEAD, ""), *told), self.cells) if told else (), ""
        here = index == self.cursor
        row_id = self.source.id_at(index)
        marked = row_id in self.marks
        lead = (self.pointer if here else " ") + (self.mark_sign if marked else " ")
        spans: list[Span] = [(lead, "mark" if marked else "accent")]
        cells = self.source.cells(index)
        for column, width in self._layout:
            text, style = cells.get(column.name, ("", ""))
            spans.append((pad(text, width, right=column.right) + " " * GAP, style))
        ground = ("cursor" if self.has_focus else "cursor-muted") if here else ""
        return tuple(spans), ground

    def render_line(self, y: int) -> Strip:
        line, ground = self._shown[y] if y < len(self._shown) else self._line(y)
        return self.strip(line, self.cells, ground).crop(0, self.cells)

    def step(self, lines: int) -> None:
        self.move_to(self.cursor + lines)

    def to_end(self, *, last: bool) -> None:
        self.move_to(len(self.source) - 1 if last else 0)
        if last:
            self.post_message(self.AtEnd())

    # -- mouse --------------------------------------------------------------------------------
    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            return
        index = self.scroll_offset.y + event.y - 1
        if index >= len(self.source):
            return
        if index == self.cursor:
            self.post_message(self.Opened())
        else:
            self.move_to(index)

    def on_focus(self) -> None:
        self.paint()

    def on_blur(self) -> None:
        self.paint()
